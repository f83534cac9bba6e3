"""Takes drawn and looked at: a tiny run with the real drawing and the real detectors."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from app.lab.study import __main__ as command
from app.lab.study import cameras
from app.lab.study.motion import Source
from app.lab.study.observe import Observation, TakeSource, load, observe, piece, save
from app.lab.study.performer import PerformerTake, PerformerTakes
from app.synthetic.performer.motion import Motion
from app.synthetic.performer.retargeting import heading
from app.synthetic.performer.variation import variation
from models.errors import MixposeError
from models.skeleton import JOINT, LANDMARK_NAMES, joints_from_landmarks
from models.training.motion import Clip, Pack

RATE = 30.0


@pytest.fixture(scope="module")
def packs() -> list[Pack]:
    """The performer's own acts as captured motion."""
    clips = []
    for number, split in enumerate(("train", "train", "val")):
        motion = Motion(variation(number + 1))
        xyz = np.array([motion.at(2.0 + frame / RATE).joints for frame in range(150)])
        clips.append(Clip(f"clip{number}", split, RATE, xyz.astype(np.float32)))
    return [Pack("acts", "made here", "none", tuple(clips))]


@pytest.fixture(scope="module")
def stage(packs: list[Pack]) -> PerformerTakes:
    return PerformerTakes(Source(packs, "train", 8, 15.0, as_captured=True), 3, "whole")


@pytest.fixture(scope="module")
def observed(stage: PerformerTakes) -> list[list[Observation]]:
    return list(observe(stage, 2))


@pytest.mark.slow
def test_all_detectors_see_the_drawn_person(observed: list[list[Observation]]) -> None:
    for index, take in enumerate(observed):
        assert [one.detector for one in take] == ["lite", "full", "heavy"]
        for one in take:
            assert one.index == index
            assert one.landmarks.shape == (8, 33, 5)
            assert one.world.shape == (8, 33, 3)
            assert one.truth.shape == (8, 17, 3)
            assert (one.split, one.people, one.rate) == ("train", "performer", 15.0)
            assert one.clip in {"clip0", "clip1"}
            assert one.tracked.mean() > 0.8
            pixels = _project(one, one.truth)
            height = np.ptp(pixels[..., 1], axis=1).mean()
            assert np.nanmedian(np.linalg.norm(_joints(one) - pixels, axis=-1)) < 0.04 * height


@pytest.mark.slow
def test_heels_and_toes_are_where_the_detectors_see_them(
    observed: list[list[Observation]],
) -> None:
    names = ("left_heel", "right_heel", "left_foot_index", "right_foot_index")
    rows = [LANDMARK_NAMES.index(name) for name in names]
    for take in observed:
        one = take[1]
        height = np.ptp(_project(one, one.truth)[..., 1], axis=1).mean()
        off = one.landmarks[:, rows, :2] - _project(one, one.feet)
        assert np.nanmedian(np.linalg.norm(off, axis=-1)) < 0.06 * height


@pytest.mark.slow
def test_up_is_against_gravity(observed: list[list[Observation]]) -> None:
    for take in observed:
        one = take[0]
        assert np.linalg.norm(one.up) == pytest.approx(1)
        head, ankles = one.truth[:, JOINT["head"]], one.truth[:, [JOINT["left_ankle"]]].mean(1)
        assert ((head - ankles) @ np.array(one.up) > 1.0).all()


@pytest.mark.slow
def test_the_tracker_forgets_the_take_before(
    stage: PerformerTakes, observed: list[list[Observation]]
) -> None:
    (alone,) = observe(stage, 2, first=1, detectors=("full",))
    (again,) = alone
    np.testing.assert_array_equal(again.truth, observed[1][1].truth)
    np.testing.assert_allclose(_joints(again), _joints(observed[1][1]), atol=1.0)


@pytest.mark.slow
def test_files_keep_everything(observed: list[list[Observation]], tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "run"
    for index, take in enumerate(observed):
        save(piece(folder, index), take)
    with np.load(piece(folder, 0), allow_pickle=False) as arrays:
        assert arrays["landmarks"].shape == (3, 8, 33, 5)
        assert arrays["landmarks"].dtype == np.float32
        assert arrays["size"].shape == (3, 2)
        assert arrays["up"].shape == (3, 3)
        assert arrays["detector"].tolist() == ["lite", "full", "heavy"]
    for index, take in enumerate(observed):
        kept = load(piece(folder, index))
        assert set(kept) == {field.name for field in fields(Observation)}
        for name, values in kept.items():
            everything = np.array([getattr(one, name) for one in take])
            np.testing.assert_array_equal(values, everything.astype(values.dtype))


def test_a_broken_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "bad.npz").write_bytes(b"PK no zip")
    with pytest.raises(MixposeError, match=r"bad\.npz"):
        load(tmp_path / "bad.npz")
    with pytest.raises(MixposeError, match=r"none\.npz"):
        load(tmp_path / "none.npz")


@pytest.mark.slow
def test_an_interrupted_command_keeps_what_it_has_and_goes_on(
    packs: list[Pack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "read_pack", lambda path: packs[0])
    monkeypatch.setattr(command, "_PIECE", 2)
    (tmp_path / "acts.mcp").touch()
    out = tmp_path / "out"
    words = ["--motion", str(tmp_path), "--out", str(out), "--seconds", "0.2", "--takes", "4"]
    real = command.observe

    def interrupted(
        stage: TakeSource, count: int, *, first: int = 0
    ) -> Iterator[list[Observation]]:
        run = real(stage, count, first=first)
        for _ in range(3):
            yield next(run)
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "observe", interrupted)
    with pytest.raises(KeyboardInterrupt):
        command.main(words)
    assert [path.name for path in sorted(out.iterdir())] == [
        "takes-000000.npz",
        "takes-000002.npz",
    ]
    monkeypatch.setattr(command, "observe", real)
    assert command.main(words) == 0
    written = [load(path)["index"] for path in sorted(out.iterdir())]
    assert np.concatenate(written).tolist() == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3
    # Takes of another length do not go into the same folder.
    assert command.main([*words[:-3], "0.4", *words[-2:]]) == 2


def test_without_motion_the_command_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--motion", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "no motion pack" in capsys.readouterr().err


def test_clothed_people_need_their_folder(
    packs: list[Pack],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(command, "read_pack", lambda path: packs[0])
    (tmp_path / "acts.mcp").touch()
    words = ["--motion", str(tmp_path), "--out", str(tmp_path / "out"), "--people", "clothed"]
    assert command.main(words) == 2
    assert "--people-assets" in capsys.readouterr().err


def test_views_are_spread_as_webcams_are(packs: list[Pack]) -> None:
    run = PerformerTakes(Source(packs, "train", 12, RATE, as_captured=True), 5)
    takes = [run.take(index) for index in range(120)]
    framings = [take.framing for take in takes]
    assert 0.35 < framings.count("whole") / 120 < 0.65
    assert 0.12 < framings.count("cut") / 120 < 0.4
    assert 0.2 < np.mean([take.size[0] < take.size[1] for take in takes]) < 0.47
    # Not all: who leans to the side or lifts a foot may show it.
    assert np.mean([share for take in takes for share in _cut_off(take)]) > 0.9
    assert 0.5 < np.mean([_faces_the_camera(take) for take in takes]) < 0.85
    for take in takes:
        seen = take.truth()
        assert seen[..., 2].min() > 0.3
        if take.framing == "whole":
            pixels = take.camera.project(seen)
            assert (pixels > 0).all()
            assert (pixels < take.size).all()
        fov = 2 * math.degrees(math.atan(max(take.size) / 2 / take.focal))
        assert 49.9 < fov < 90.1


def _cut_off(take: PerformerTake) -> list[float]:
    """Share of the ankles below the picture, of a take that is cut there."""
    if take.framing != "cut":
        return []
    pixels = take.camera.project(take.truth().astype(float))
    ankles = pixels[:, [JOINT["left_ankle"], JOINT["right_ankle"]], 1]
    return [float((ankles > take.size[1]).mean())]


def _faces_the_camera(take: PerformerTake) -> bool:
    view = take.camera.view
    world = take.truth() @ view.rotation() + np.array(view.eye)
    away = heading(world) - math.atan2(view.eye[0], view.eye[2])
    return abs(math.remainder(away, math.tau)) < math.pi / 3


def test_takes_do_not_depend_on_each_other(packs: list[Pack]) -> None:
    source = Source(packs, "train", 6, 15.0)
    run = PerformerTakes(source, 5)
    one, again, other = (run.take(index) for index in (4, 4, 5))
    np.testing.assert_array_equal(one.truth(), again.truth())
    assert one.camera.view == again.camera.view
    assert one.camera.view != other.camera.view
    assert PerformerTakes(source, 5, "whole").take(4).seed == one.seed
    assert cameras.choose(np.random.default_rng(1), "cut").framing == "cut"


def test_motion_comes_from_the_split_asked_for(packs: list[Pack]) -> None:
    motion = Source(packs, "val", 20, 15.0).draw(np.random.default_rng(1))
    assert (motion.clip, motion.split) == ("clip2", "val")
    assert motion.xyz.shape == (20, 17, 3)
    with pytest.raises(MixposeError, match="'test'"):
        Source(packs, "test", 20, 15.0)


@pytest.mark.skipif(sys.platform != "linux", reason="counts the process' memory in /proc")
@pytest.mark.slow
def test_memory_does_not_grow_with_the_takes(packs: list[Pack]) -> None:
    def megabytes() -> float:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * 4096 / 2**20

    run = PerformerTakes(Source(packs, "train", 2, 15.0), 1)
    sizes = [megabytes() for _ in observe(run, 16, detectors=("full",))]
    assert sizes[-1] - sizes[5] < 40


def _project(one: Observation, points: np.ndarray) -> np.ndarray:
    return one.focal * points[..., :2] / points[..., 2:] + np.array(one.size) / 2


def _joints(one: Observation) -> np.ndarray:
    """(T, 17, 2) pixels."""
    return joints_from_landmarks(one.landmarks[..., :2])
