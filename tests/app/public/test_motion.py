"""What a :class:`mixpose.Motion` holds, writes and reads again."""

from __future__ import annotations

import csv
import json
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.export.registry import FORMATS
from app.motion.data import Event
from app.public import ExportError, MixposeWarning, Motion, RecordingError, load
from models.skeleton import FOOT_JOINT_NAMES, JOINT, JOINT_NAMES
from tests.support.motion import motion
from tests.support.recordings import record


def made_up(frames: int = 12) -> Motion:
    return Motion(replace(motion(frames), events=(Event(0.2, "jump, twice"),)))


def test_names_shapes_and_units(jump: Motion) -> None:
    assert len(jump) == 40
    assert list(jump.joints) == list(jump.confidence) == [*JOINT_NAMES, *FOOT_JOINT_NAMES]
    assert [jump.parents[joint] for joint in (17, 20)] == [
        JOINT["left_ankle"],
        JOINT["right_ankle"],
    ]
    feet = np.linalg.norm(jump.joints["left_toe"] - jump.joints["left_heel"], axis=1)
    assert 0.15 < np.nanmedian(feet) < 0.35, "metres"
    assert jump.joints["left_wrist"].shape == (40, 3)
    assert jump.confidence["left_wrist"].shape == jump.angles["left_knee_flexion"].shape == (40,)
    head, ankle = jump.joints["head"], jump.joints["right_ankle"]
    assert 1.2 < np.linalg.norm(head - ankle, axis=1).max() < 2.0, "metres"
    assert (head[:, 1] > ankle[:, 1]).all(), "y is up"
    assert jump.joints["right_hip"][0, 0] < jump.joints["left_hip"][0, 0], "who faces the camera"
    assert -5 < np.nanmedian(jump.angles["left_knee_flexion"]) < 120, "degrees"


def test_what_is_not_known_is_nan() -> None:
    one = made_up(200)
    data = one._data
    assert np.isnan(one.xyz).any(axis=-1).tolist() == data.missing.tolist()
    conf = np.stack(list(one.confidence.values()), axis=1)
    assert np.isfinite(conf).tolist() == data.seen.tolist()


def test_what_is_handed_out_is_not_what_is_kept(jump: Motion) -> None:
    for array in (jump.xyz, jump.time, jump.joints["head"], jump.angles["left_knee_flexion"]):
        array[...] = 0
    jump.angles["left_knee_flexion"][...] = 0
    assert jump.xyz.any()
    assert jump.time.any()
    assert jump.angles["left_knee_flexion"].any()


@pytest.mark.parametrize(
    "kind",
    [kind for kind, each in FORMATS.items() if not (each.slow or each.blender or each.printed)],
)
def test_every_format_by_its_ending_or_name(kind: str, tmp_path: Path) -> None:
    if FORMATS[kind].needs is not None:
        pytest.importorskip(FORMATS[kind].needs)
    one, other = (FORMATS[kind].file(tmp_path, name) for name in ("x", "y"))
    one.parent.mkdir(parents=True, exist_ok=True)  # BIDS has folders of its own
    files = made_up().save(one, format=kind)
    assert all(file.stat().st_size for file in files)
    again = made_up().save(other)
    if kind != "csv-long":
        assert files[0].read_bytes()[:20] == again[0].read_bytes()[:20]


def test_a_file_that_is_there_stays_unless_told(tmp_path: Path) -> None:
    made_up().save(tmp_path / "x.npz")
    with pytest.raises(ExportError, match="exists already"):
        made_up().save(tmp_path / "x.npz")
    made_up().save(tmp_path / "x.npz", overwrite=True)
    with pytest.raises(ExportError, match=r"End it with \.csv, .* or \.mp4"):
        made_up().save(tmp_path / "x.docx")
    with pytest.raises(ValueError, match="none of csv, csv-long"):
        made_up().save(tmp_path / "x.csv", format="docx")


def test_what_progress_raises_cancels(tmp_path: Path) -> None:
    def cancel(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made_up().save(tmp_path / "x.npz", progress=cancel)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [("x.csv", "csv"), ("x.csv", "csv-long"), ("x.json", "json"), ("x.npz", "npz")],
)
@pytest.mark.parametrize("room", [False, True])
def test_a_table_that_is_read_is_the_one_that_was_written(
    room: bool, name: str, kind: str, jump: Motion, tmp_path: Path
) -> None:
    one = jump.processed(room=True, smooth=6) if room else jump
    one.save(tmp_path / name, format=kind, angles=True)
    again = load(tmp_path / name)
    np.testing.assert_allclose(again.xyz, one.xyz, atol=2e-6)
    np.testing.assert_allclose(again.time, one.time, atol=1e-6)
    assert again.tracked.tolist() == one.tracked.tolist()
    for joint, values in one.confidence.items():
        np.testing.assert_allclose(again.confidence[joint], values, atol=1e-6)
    for angle, values in one.angles.items():
        np.testing.assert_allclose(again.angles[angle], values, atol=0.1, err_msg=angle)
    assert json.dumps(again.info) == json.dumps(one.info)
    again.save(tmp_path / "again.c3d")


def test_events_and_gaps_are_read_too(tmp_path: Path) -> None:
    one = made_up(200)
    one.save(tmp_path / "x.csv")
    again = load(tmp_path / "x.csv")
    assert again.events == one.events == ((0.2, "jump, twice"),)
    assert again._data.state.tolist() == one._data.state.tolist()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.csv", b"a,b\n1,2\n"),
        ("x.csv", b"\xff\xfe\0"),
        ("x.json", b"[1, 2]"),
        ("x.json", b'{"frames": [{}]}'),
        ("x.npz", b"PK\3\4 no archive"),
        ("x.npz", b""),
        ("x.c3d", b""),
    ],
)
def test_what_is_no_table_is_refused_in_a_sentence(
    name: str, content: bytes, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    (tmp_path / f"{name}.json").write_text("{}")
    with pytest.raises(ExportError, match=r"is no table of poses|no table that can be read again"):
        load(tmp_path / name)


def test_a_table_without_its_sidecar_says_so(tmp_path: Path) -> None:
    made_up().save(tmp_path / "x.csv")
    (tmp_path / "x.csv.json").unlink()
    with pytest.raises(ExportError, match=r"There is no file .*x\.csv\.json"):
        load(tmp_path / "x.csv")
    with pytest.raises(ExportError, match=r"There is no file"):
        load(tmp_path / "absent.npz")


def test_what_a_table_cannot_have_is_said(jump: Motion, tmp_path: Path) -> None:
    jump.save(tmp_path / "x.npz")
    with pytest.raises(ExportError, match="no 2D joints"):
        load(tmp_path / "x.npz", room=True)
    with pytest.raises(ValueError, match="not lifted again"):
        load(tmp_path / "x.npz", height=1.8)
    assert load(tmp_path / "x.npz", smooth=6).info["smoothing"]["method"] == "butterworth"


def test_nothing_is_done_twice(jump: Motion) -> None:
    once = jump.processed(smooth=3)
    np.testing.assert_array_equal(once.processed(smooth=3).xyz, once.xyz)
    np.testing.assert_array_equal(once.processed().xyz, jump.xyz)


def test_a_recording_is_lifted_when_it_is_loaded(tmp_path: Path) -> None:
    path = record(tmp_path, frames=40)
    first = load(path, height=1.7)
    assert len(first) == 40
    assert first.info["scale"]["height_m"] == 1.7
    before = (path / "poses.npz").stat().st_mtime_ns
    assert load(path).info["scale"]["height_m"] == 1.7, "as it was"
    assert (path / "poses.npz").stat().st_mtime_ns == before, "not lifted again"
    (path / "keypoints.bin").write_bytes((path / "keypoints.bin").read_bytes()[:-5])
    with pytest.warns(MixposeWarning, match="unfinished end was cut off"):
        assert len(load(path)) == 39
    with pytest.raises(RecordingError, match="is not a recording"):
        load(tmp_path)


def test_a_data_frame_is_the_csv_table(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas", reason="pip install '.[notebook]'")
    one = made_up(100)
    file, _ = one.save(tmp_path / "x.csv", angles=True)
    with file.open(newline="") as table:
        header = next(csv.reader(table))
    frame, read = one.to_dataframe(), pandas.read_csv(file)
    assert [name for name in header if name != "event"] == list(frame.columns)
    for name in frame.columns:
        np.testing.assert_allclose(
            frame[name].to_numpy(float), read[name].to_numpy(float), atol=1e-3
        )


def test_the_data_set_is_as_movement_has_them() -> None:
    """https://movement.neuroinformatics.dev/user_guide/movement_dataset.html"""
    xarray = pytest.importorskip("xarray", reason="pip install '.[notebook]'")
    person = np.repeat([3, 3, 7], 4)
    data = replace(motion(12), person=person)
    found = Motion(data).to_xarray()
    assert isinstance(found, xarray.Dataset)
    assert found.position.dims == ("time", "space", "keypoints", "individuals")
    assert found.confidence.dims == ("time", "keypoints", "individuals")
    assert found.space.values.tolist() == ["x", "y", "z"]
    assert found.keypoints.values.tolist() == list(JOINT_NAMES)
    assert found.individuals.values.tolist() == ["id_0", "id_1"]
    assert found.attrs == {
        "fps": pytest.approx(25.0),
        "time_unit": "seconds",
        "source_software": "mixpose",
        "source_file": data.provenance.source,
        "ds_type": "poses",
    }
    np.testing.assert_allclose(found.time, np.arange(12) / 25)
    first = found.position.sel(keypoints="nose", individuals="id_0").values
    np.testing.assert_array_equal(first[:8], Motion(data).joints["nose"][:8])
    assert np.isnan(first[8:]).all()
    try:
        from movement.validators.datasets import ValidPosesInputs
    except ImportError:
        return
    ValidPosesInputs.validate(found)


@pytest.mark.parametrize(
    ("version", "names"),
    [("0.16.1", {"keypoints", "individuals"}), ("0.17.0", {"keypoint", "individual"})],
)
def test_dimensions_are_named_as_in_the_movement_that_is_there(
    version: str, names: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("xarray", reason="pip install '.[notebook]'")
    monkeypatch.setattr("importlib.metadata.version", lambda name: version)
    assert set(made_up().to_xarray().position.dims) == {"time", "space"} | names


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, method in (("pandas", "to_dataframe"), ("xarray", "to_xarray")):
        monkeypatch.setitem(__import__("sys").modules, name, None)
        with pytest.raises(ExportError, match=rf"needs {name}: pip install '\.\[notebook\]'"):
            getattr(made_up(), method)()


def test_nothing_is_warned_of_that_is_well(jump: Motion) -> None:
    assert jump.warnings == ()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        jump.processed(rigid_bones=True)
