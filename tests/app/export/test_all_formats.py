"""What holds for every format there is: sides and axes, all files or none, cancelling, errors."""

from __future__ import annotations

import csv
import importlib.util
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.errors import ExportError
from app.export import registry
from app.export.registry import FORMATS, export, sidecar_of
from app.motion.data import MotionData
from models.skeleton import JOINT
from tests.support.disks import small_disk
from tests.support.motion import motion, raised_left_arm
from tests.support.opensim_model import lengths, mot, places
from tests.support.readers import TABLES, c3d, trc
from tests.support.skeleton_readers import bvh_places, glb_places

HERE = {
    kind
    for kind, each in FORMATS.items()
    if (not each.blender or shutil.which("blender"))
    and not each.printed  # with letters, which take a window's program: tests/app/ui
    and (each.needs is None or importlib.util.find_spec(each.needs))
}
OF_PROGRAMS = {"fbx", "mp4", "opensim"}
"""Another program is started for each; their own tests have quick ones."""
KINDS = [
    pytest.param(kind, marks=[pytest.mark.slow] if kind in OF_PROGRAMS else [])
    for kind in sorted(HERE)
]
METRES = {"metre": 1.0, "millimetre": 0.001, "centimetre": 0.01}
Places = dict[str, Any]


def person() -> MotionData:
    """Three frames of somebody who stands facing the camera, the left arm up.

    Both arms are of one length: skeletons are made symmetric.
    """
    lifted = raised_left_arm()
    for name, place in {
        "spine": (0, -0.25, 0), "right_elbow": (-0.25, -0.25, 0), "right_wrist": (-0.25, 0, 0),
        "left_hip": (0.1, 0, 0), "left_knee": (0.1, 0.42, 0), "left_ankle": (0.1, 0.84, 0),
        "right_hip": (-0.1, 0, 0), "right_knee": (-0.1, 0.42, 0), "right_ankle": (-0.1, 0.84, 0),
    }.items():  # fmt: skip
        lifted.xyz[0, JOINT[name]] = place
    lifted = replace(
        lifted,
        **{name: getattr(lifted, name).repeat(3, axis=0) for name in ("xyz", "filled", "missing")},
        swapped=np.zeros(3, bool),
    )
    return motion(3, lifted=lifted)


def wide_table(path: Path) -> Places:
    with path.open(newline="") as file:
        row = next(csv.DictReader(file))
    return {name: [float(row[f"{name}_{axis}"]) for axis in "xyz"] for name in JOINT}


def long_table(path: Path) -> Places:
    kind = next(kind for kind in TABLES if path.name == f"{kind}{FORMATS[kind].suffix}")
    return {cell.joint: [cell.x, cell.y, cell.z] for cell in TABLES[kind](path)[:17]}


def opensim_markers(path: Path) -> Places:
    found = trc(path)
    return dict(zip(found.markers, found.xyz[0], strict=True))


def c3d_points(path: Path) -> Places:
    found = c3d(path)
    return dict(zip(found.parameters["POINT:LABELS"], found.data[0, :, :3], strict=True))


def skeleton(path: Path) -> Places:
    bones = (bvh_places if path.suffix == ".bvh" else glb_places)(path)
    names = {"Hips": "pelvis", "Chest": "spine", "Neck": "thorax", "Head": "head"}
    for side in ("Left", "Right"):
        for bone, joint in (
            ("Arm", "shoulder"), ("ForeArm", "elbow"), ("Hand", "wrist"),
            ("UpLeg", "hip"), ("Leg", "knee"), ("Foot", "ankle"),
        ):  # fmt: skip
            names[f"{side}{bone}"] = f"{side.lower()}_{joint}"
    return {joint: bones[bone] for bone, joint in names.items()}


def opensim_motion(path: Path) -> Places:
    return places(mot(path), lengths(person()))


READERS: dict[str, Callable[[Path], Places]] = {
    "csv": wide_table,
    **dict.fromkeys(TABLES, long_table),
    "trc": opensim_markers,
    "c3d": c3d_points,
    "bvh": skeleton,
    "gltf": skeleton,
    "mot": opensim_motion,
}
"""Kind -> where each joint, by its name there, is in the first frame, in the file's unit.

The film's pictures are looked at in test_mp4.py.
"""


def sidecar(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(sidecar_of(path).read_text("utf-8"))
    return content


def named(folder: Path, kind: str, stem: str) -> Path:
    """A file in the very ``folder``, with such a name as the format has."""
    return folder / FORMATS[kind].file(folder, stem).name


def written(folder: Path, kind: str, data: MotionData) -> Path:
    path = named(folder, kind, kind)
    files = export(path, data, kind)
    assert files[:2] == (path, sidecar_of(path))
    assert set(folder.iterdir()) == set(files)
    return path


@pytest.mark.parametrize("kind", sorted(READERS))
def test_a_raised_left_arm_is_up_and_at_plus_x(kind: str, tmp_path: Path) -> None:
    path = written(tmp_path, kind, person())
    said = sidecar(path)
    assert said["axes"] == {
        "x": "the image's right", "y": "up", "z": "toward the camera", "handedness": "right",
        "up": "the image's",
    }  # fmt: skip
    metre = METRES[said["units"]["position"]]
    place = {name: metre * np.array(xyz) for name, xyz in READERS[kind](path).items()}
    assert set(place) >= set(JOINT) - {"nose"}
    assert place["left_wrist"][1] > place["head"][1] > place["right_wrist"][1]
    assert place["left_wrist"][0] > 0.1 > -0.1 > place["right_wrist"][0]
    up = place["left_wrist"] - place["left_shoulder"]
    np.testing.assert_allclose(up, [0.05, 0.5, 0.0], atol=0.03, err_msg="metres, by the sidecar")
    if "nose" in place:
        assert place["nose"][2] > place["head"][2], "the face is to the camera"


@pytest.mark.parametrize("kind", KINDS)
def test_the_sidecar_tells_what_file_it_is_about(kind: str, tmp_path: Path) -> None:
    said = sidecar(written(tmp_path, kind, person()))
    assert said["table"] == named(tmp_path, kind, kind).name
    # Of three frames no range can be told.
    assert said["rows"] == {"csv-long": 3 * 17, "parquet": 3 * 17, "numbers": 0}.get(kind, 3)
    assert set(said["cells"]) == {"seen", "filled", "missing"}
    assert said["source"] == "Kamera „Süd“"


class CancelError(Exception):
    """What a window raises from ``progress`` when the user cancels."""


@pytest.mark.parametrize("kind", KINDS)
def test_cancelling_leaves_nothing(kind: str, tmp_path: Path) -> None:
    shares: list[float] = []

    def cancel_late(share: float) -> None:
        shares.append(share)
        if share > 0.0:
            raise CancelError

    with pytest.raises(CancelError):
        export(named(tmp_path, kind, "a"), motion(1500), kind, progress=cancel_late)
    assert shares[0] == 0.0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_progress_ends_at_all(kind: str, tmp_path: Path) -> None:
    shares: list[float] = []
    export(named(tmp_path, kind, "a"), motion(20), kind, progress=shares.append)
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)


# The numbers are some bytes.
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.values != ("numbers",)])
def test_a_full_disk_is_said_and_leaves_nothing(kind: str, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 32 * 1024) as disk:
        with pytest.raises(ExportError, match=r"cannot be written: the disk is full\."):
            export(named(disk, kind, "a"), motion(400), kind)
        assert list(disk.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_names_need_not_be_ascii(kind: str, tmp_path: Path) -> None:
    path = named(tmp_path, kind, "Übung 体操")
    assert export(path, person(), kind)[0] == path
    assert path.stat().st_size > 0


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if FORMATS[kind].needs])
def test_a_library_that_is_not_there_is_said_before_anything(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs = FORMATS[kind].needs
    real = importlib.util.find_spec
    monkeypatch.setattr(registry, "find_spec", lambda name: None if name == needs else real(name))
    extra = FORMATS[kind].extra
    with pytest.raises(ExportError, match=rf"needs {needs}: pip install '\.\[{extra}\]'"):
        export(tmp_path / "a.file", motion(3), kind)
    assert list(tmp_path.iterdir()) == []
