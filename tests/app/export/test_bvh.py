"""BVH, read back by the reader of the training material and by bvhio."""

from __future__ import annotations

import json
import locale
from pathlib import Path

import bvhio
import numpy as np
import pytest

from app.errors import ExportError
from app.export.registry import export
from app.export.rig import BONES, JOINT_OF
from app.export.skeleton_pose import pose_skeleton
from models.skeleton import JOINT, JOINT_COUNT
from models.training.motion import read_motion
from models.training.motion.bvh import read_bvh
from tests.support.skeletons import Array, as_motion, bvh_joints, joints_of, performed

BONE_LINES = [
    "ROOT Hips", "JOINT Spine", "JOINT Chest", "JOINT Neck", "JOINT Head", "End Site",
    "JOINT LeftShoulder", "JOINT LeftArm", "JOINT LeftForeArm", "JOINT LeftHand", "End Site",
    "JOINT RightShoulder", "JOINT RightArm", "JOINT RightForeArm", "JOINT RightHand", "End Site",
    "JOINT LeftUpLeg", "JOINT LeftLeg", "JOINT LeftFoot", "End Site",
    "JOINT RightUpLeg", "JOINT RightLeg", "JOINT RightFoot", "End Site",
]  # fmt: skip


@pytest.fixture(scope="module")
def danced() -> Array:
    return performed(8)


@pytest.fixture(scope="module")
def file(danced: Array, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bvh") / "Tanz.bvh"
    export(path, as_motion(danced), "bvh")
    return path


def test_it_is_written_as_promised(file: Path) -> None:
    lines = [line.strip() for line in file.read_text("ascii").splitlines()]
    assert [line for line in lines if line.startswith(("ROOT", "JOINT", "End"))] == BONE_LINES
    channels = [line for line in lines if line.startswith("CHANNELS")]
    rotations = "Zrotation Xrotation Yrotation"
    assert channels[0] == f"CHANNELS 6 Xposition Yposition Zposition {rotations}"
    assert set(channels[1:]) == {f"CHANNELS 3 {rotations}"}
    start = lines.index("MOTION")
    assert lines[start + 1 : start + 3] == ["Frames: 240", "Frame Time: 0.03333333"]
    assert {len(line.split()) for line in lines[start + 3 :]} == {3 + 3 * 19}
    assert "-0.00000 " not in file.read_text("ascii")


def test_our_reader_finds_every_joint(file: Path, danced: Array) -> None:
    wanted = joints_of(pose_skeleton(as_motion(danced)))
    assert read_bvh(file).rate == pytest.approx(30)
    for frame in (0, 100, 239):
        found = bvh_joints(file, frame)
        for joint in JOINT_OF.values():
            place = (found[joint] - found["pelvis"]) / 100
            np.testing.assert_allclose(place, wanted[frame, JOINT[joint]], atol=1e-5, err_msg=joint)


def test_bvhio_finds_every_joint(file: Path, danced: Array) -> None:
    wanted = joints_of(pose_skeleton(as_motion(danced)))
    root = bvhio.readAsHierarchy(str(file))
    for frame in (0, 100, 239):
        root.loadPose(frame)
        found = {bone.Name: np.array(bone.PositionWorld) / 100 for bone, _, _ in root.layout()}
        assert set(found) == set(BONES)
        for bone, joint in JOINT_OF.items():
            place = found[bone] - found["Hips"]
            np.testing.assert_allclose(place, wanted[frame, JOINT[joint]], atol=1e-5, err_msg=bone)


def test_it_can_be_trained_on(file: Path, danced: Array) -> None:
    """With names, unit and axes found by themselves."""
    (pack,) = read_motion(file)
    xyz = np.concatenate([clip.xyz for clip in pack.clips])
    limbs = [JOINT[f"{side}_{part}"] for side in ("left", "right") for part in ("knee", "ankle")]
    found = xyz - xyz[:, :1]
    np.testing.assert_allclose(found[:, limbs], danced[:, limbs], atol=0.001)


def test_the_hips_stay_at_their_height(file: Path) -> None:
    hips = bvh_joints(file, 100)["pelvis"]
    said = json.loads(file.with_name("Tanz.bvh.json").read_text("utf-8"))
    height = said["position"]["root_height_m"]
    np.testing.assert_allclose(hips, (0, 100 * height, 0), atol=1e-3)
    assert said["position"]["reference"] == "root-relative"
    assert height == pytest.approx(0.92, abs=0.02)


def test_times_are_put_on_a_regular_grid(tmp_path: Path, danced: Array) -> None:
    rng = np.random.default_rng(0)
    time_s = np.arange(240) / 30 + rng.uniform(-0.012, 0.012, 240)
    time_s -= time_s[0]
    export(tmp_path / "a.bvh", as_motion(danced, time_s=time_s), "bvh")
    take = read_bvh(tmp_path / "a.bvh")
    assert take.rate == pytest.approx(30, rel=0.01)
    assert abs(take.frames / take.rate - 8) < 0.1


def test_held_bones_are_listed(tmp_path: Path, danced: Array) -> None:
    missing = np.zeros((240, JOINT_COUNT), bool)
    missing[10:20, JOINT["left_wrist"]] = missing[30, JOINT["left_wrist"]] = True
    export(tmp_path / "a.bvh", as_motion(danced, missing=missing), "bvh")
    said = json.loads((tmp_path / "a.bvh.json").read_text("utf-8"))
    assert said["held"] == {"LeftForeArm": [[10, 19], [30, 30]]}
    assert said["units"] == {"position": "centimetre", "rotation": "degree", "time": "second"}
    assert [joint["name"] for joint in said["joints"]] == list(BONES)
    assert said["joints"][3] == {"name": "Neck", "parent": "Chest", "joint": "thorax"}
    assert said["rows"] == 240


def test_a_comma_country_makes_no_commas(tmp_path: Path, danced: Array) -> None:
    before = locale.setlocale(locale.LC_ALL)
    try:
        locale.setlocale(locale.LC_ALL, "de_DE.UTF-8")
    except locale.Error:
        pytest.skip("the German locale is not installed")
    try:
        export(tmp_path / "a.bvh", as_motion(danced[:3]), "bvh")
    finally:
        locale.setlocale(locale.LC_ALL, before)
    assert b"," not in (tmp_path / "a.bvh").read_bytes()


def test_one_frame_is_a_pose_and_none_is_refused(tmp_path: Path, danced: Array) -> None:
    export(tmp_path / "a.bvh", as_motion(danced[:1]), "bvh")
    assert read_bvh(tmp_path / "a.bvh").frames == 1
    with pytest.raises(ExportError, match="no frames"):
        export(tmp_path / "b.bvh", as_motion(danced[:0]), "bvh")
    assert not (tmp_path / "b.bvh").exists()
