"""Skeletons with the names of other programs, each read by readers that know nothing of ours."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import bvhio
import numpy as np
import pytest

from app.errors import ExportError
from app.export.file_options import FileOptions, Rest
from app.export.registry import FORMATS, export
from app.export.rig import BONES, JOINT_OF
from app.export.skeleton_names import SKELETONS
from app.export.skeleton_pose import pose_skeleton
from app.motion.data import MotionData
from models.feet import FLAT_DEG
from models.skeleton import JOINT
from tests.support.skeleton_readers import bvh_places, glb_places
from tests.support.skeletons import Array, as_motion, joints_of, performed, read_glb

PARENTS = {
    "mixamo": {
        "mixamorig:Hips": "", "mixamorig:Spine": "mixamorig:Hips",
        "mixamorig:Spine1": "mixamorig:Spine", "mixamorig:Spine2": "mixamorig:Spine1",
        "mixamorig:Neck": "mixamorig:Spine2", "mixamorig:Head": "mixamorig:Neck",
        "mixamorig:LeftShoulder": "mixamorig:Spine2", "mixamorig:LeftArm": "mixamorig:LeftShoulder",
        "mixamorig:LeftForeArm": "mixamorig:LeftArm", "mixamorig:LeftHand": "mixamorig:LeftForeArm",
        "mixamorig:LeftUpLeg": "mixamorig:Hips", "mixamorig:LeftLeg": "mixamorig:LeftUpLeg",
        "mixamorig:LeftFoot": "mixamorig:LeftLeg", "mixamorig:LeftToeBase": "mixamorig:LeftFoot",
    },
    "unreal": {
        "pelvis": "root", "spine_01": "pelvis", "spine_02": "spine_01", "spine_03": "spine_02",
        "spine_04": "spine_03", "spine_05": "spine_04", "neck_01": "spine_05",
        "neck_02": "neck_01", "head": "neck_02", "clavicle_l": "spine_05",
        "upperarm_l": "clavicle_l", "lowerarm_l": "upperarm_l", "hand_l": "lowerarm_l",
        "thigh_l": "pelvis", "calf_l": "thigh_l", "foot_l": "calf_l", "ball_l": "foot_l",
    },
    "unity": {
        "Hips": "", "Spine": "Hips", "Chest": "Spine", "Neck": "Chest", "Head": "Neck",
        "LeftShoulder": "Chest", "LeftUpperArm": "LeftShoulder", "LeftLowerArm": "LeftUpperArm",
        "LeftHand": "LeftLowerArm", "LeftUpperLeg": "Hips", "LeftLowerLeg": "LeftUpperLeg",
        "LeftFoot": "LeftLowerLeg", "LeftToes": "LeftFoot",
    },
    "rigify": {
        "spine": "", "spine.001": "spine", "spine.002": "spine.001", "spine.003": "spine.002",
        "spine.004": "spine.003", "spine.005": "spine.004", "spine.006": "spine.005",
        "shoulder.L": "spine.003", "upper_arm.L": "shoulder.L", "forearm.L": "upper_arm.L",
        "hand.L": "forearm.L", "thigh.L": "spine", "shin.L": "thigh.L", "foot.L": "shin.L",
        "toe.L": "foot.L",
    },
    "vrm": {
        "hips": "", "spine": "hips", "chest": "spine", "neck": "chest", "head": "neck",
        "leftShoulder": "chest", "leftUpperArm": "leftShoulder", "leftLowerArm": "leftUpperArm",
        "leftHand": "leftLowerArm", "leftUpperLeg": "hips", "leftLowerLeg": "leftUpperLeg",
        "leftFoot": "leftLowerLeg", "leftToes": "leftFoot",
    },
}  # fmt: skip
"""Bone -> what it hangs on, of the trunk and the left: UE5's SK_Mannequin, an X Bot of Mixamo,
Blender's human.py of Rigify, UnityEngine.HumanBodyBones, the humanoid of VRM 1.0."""
RIGHT = [("Left", "Right"), ("left", "right"), ("_l", "_r"), (".L", ".R")]
FRAMES = (0, 100, 239)


def mirrored(name: str) -> str:
    for left, right in RIGHT:
        if left in name and (left[0] not in "_." or name.endswith(left)):
            return name.replace(left, right)
    return name


@pytest.fixture(scope="module")
def danced() -> MotionData:
    return as_motion(performed(8))


@pytest.fixture(scope="module")
def wanted(danced: MotionData) -> Array:
    return joints_of(pose_skeleton(danced))


@pytest.mark.parametrize("skeleton", PARENTS)
@pytest.mark.parametrize("rest", [None, "t", "a"])
def test_bvhio_finds_every_joint_by_its_name(
    skeleton: str, rest: Rest | None, danced: MotionData, wanted: Array, tmp_path: Path
) -> None:
    path = tmp_path / "dance.bvh"
    export(path, danced, "bvh", options=FileOptions(skeleton=skeleton, rest=rest))
    root = bvhio.readAsHierarchy(str(path))
    parents = {bone.Name: bone.Parent.Name if bone.Parent else "" for bone, _, _ in root.layout()}
    known = {name: "" if at == "root" else at for name, at in PARENTS[skeleton].items()}
    known |= {mirrored(name): mirrored(at) for name, at in known.items()}
    assert parents == known
    names = SKELETONS[skeleton].bones
    for frame in FRAMES:
        root.loadPose(frame)
        found = {bone.Name: np.array(bone.PositionWorld) / 100 for bone, _, _ in root.layout()}
        for bone, joint in JOINT_OF.items():
            place = found[names[bone][0]] - found[names["Hips"][0]]
            np.testing.assert_allclose(place, wanted[frame, JOINT[joint]], atol=1e-4, err_msg=bone)


@pytest.mark.parametrize("skeleton", PARENTS)
@pytest.mark.parametrize("rest", [None, "t", "a"])
def test_a_gltf_reader_finds_every_joint_by_its_name(
    skeleton: str, rest: Rest | None, danced: MotionData, wanted: Array, tmp_path: Path
) -> None:
    path = tmp_path / "dance.glb"
    export(path, danced, "gltf", options=FileOptions(skeleton=skeleton, rest=rest))
    places, names = glb_places(path), SKELETONS[skeleton].bones
    assert set(PARENTS[skeleton]) <= set(places)
    assert ("root" in places) == (skeleton == "unreal")
    for bone, joint in JOINT_OF.items():
        place = places[names[bone][0]] - places[names["Hips"][0]]
        np.testing.assert_allclose(place, wanted[0, JOINT[joint]], atol=1e-5, err_msg=bone)


@pytest.mark.parametrize(
    ("skeleton", "rest", "below_deg"),
    [
        ("motionbuilder", None, 0), ("motionbuilder", "a", 45), ("mixamo", None, 0),
        ("unreal", None, 55), ("unreal", "t", 0), ("unity", None, 0), ("rigify", None, 0),
        ("rigify", "a", 29), ("vrm", None, 0), ("vrm", "a", 45),
    ],
)  # fmt: skip
def test_arms_at_rest_are_level_or_lowered(
    skeleton: str, rest: Rest | None, below_deg: float, danced: MotionData, tmp_path: Path
) -> None:
    path = tmp_path / "dance.glb"
    export(path, danced, "gltf", options=FileOptions(skeleton=skeleton, rest=rest))
    glb = read_glb(path)
    world = dict(zip([node["name"] for node in glb.json["nodes"]], glb.solved(None), strict=True))
    for side, sign in (("Left", 1), ("Right", -1)):
        shoulder, elbow, wrist = (
            world[SKELETONS[skeleton].bones[f"{side}{bone}"][0]][:3, 3]
            for bone in ("Arm", "ForeArm", "Hand")
        )
        for x, y, z in (elbow - shoulder, wrist - elbow):
            assert np.degrees(np.arctan2(-y, sign * x)) == pytest.approx(below_deg, abs=1e-4)
            assert z == pytest.approx(0, abs=1e-9)
    bound = glb.array(glb.json["skins"][0]["inverseBindMatrices"])
    for joint, inverse in zip(glb.json["skins"][0]["joints"], bound, strict=True):
        at_rest = glb.solved(None)[joint]
        np.testing.assert_allclose(at_rest @ inverse.reshape(4, 4).T, np.eye(4), atol=1e-6)


def test_the_mesh_is_on_the_bones_whatever_the_pose_at_rest(
    danced: MotionData, tmp_path: Path
) -> None:
    """Skinned by hand, the corners of the first frame are where they are in a T."""
    found = []
    for options in (FileOptions(), FileOptions(skeleton="unreal")):
        path = tmp_path / f"{options.skeleton}.glb"
        export(path, danced, "gltf", options=options)
        glb = read_glb(path)
        (skin,), world, corners = glb.json["skins"], glb.solved(0), []
        inverse = glb.array(skin["inverseBindMatrices"]).reshape(-1, 4, 4).swapaxes(1, 2)
        for primitive in glb.json["meshes"][0]["primitives"]:
            place = glb.array(primitive["attributes"]["POSITION"])
            joint = glb.array(primitive["attributes"]["JOINTS_0"])[:, 0]
            moved = np.array([world[skin["joints"][each]] for each in joint]) @ inverse[joint]
            corners.append((moved @ np.c_[place, np.ones(len(place))][..., None])[:, :3, 0])
        found.append(np.concatenate(corners))
    np.testing.assert_allclose(found[0], found[1], atol=0.006)  # Octahedra turn about themselves.


def test_the_names_are_those_of_the_sidecar(danced: MotionData, tmp_path: Path) -> None:
    path = tmp_path / "dance.bvh"
    export(path, danced, "bvh", options=FileOptions(skeleton="unreal"))
    said = json.loads((tmp_path / "dance.bvh.json").read_text("utf-8"))
    joints = {each["name"]: each for each in said["joints"]}
    assert joints["calf_l"] == {"name": "calf_l", "parent": "thigh_l", "joint": "left_knee"}
    assert joints["spine_02"] == {"name": "spine_02", "parent": "spine_01", "joint": None}
    assert said["rest"].startswith("A-pose, the arms 55 degrees below the horizontal")
    assert said["position"]["root"] == "pelvis"


def test_every_skeleton_names_every_bone_of_ours() -> None:
    for skeleton in SKELETONS.values():
        assert set(skeleton.bones) == set(BONES)
        named = [name for chain in skeleton.bones.values() for name in chain]
        assert len(set(named)) == len(named)


@pytest.mark.parametrize("kind", ["csv", "c3d", "mp4"])
def test_what_has_no_bones_takes_no_names(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{FORMATS[kind].suffix}"
    for options in (FileOptions(skeleton="unity"), FileOptions(rest="a")):
        with pytest.raises(ExportError, match="has no bones"):
            export(path, as_motion(performed(1)), kind, options=options)
    assert not list(tmp_path.iterdir())


def test_a_table_has_no_rate_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="each frame at its own time"):
        export(tmp_path / "a.csv", as_motion(performed(1)), options=FileOptions(fps=25))


@pytest.mark.parametrize("fps", [24.0, 25.0, 60.0])
def test_bvh_and_gltf_have_the_rate_that_is_wanted(fps: float, tmp_path: Path) -> None:
    data = as_motion(performed(4))
    data = replace(data, time_s=data.time_s + 0.004 * np.sin(np.arange(len(data.frame))))
    data = replace(data, time_s=data.time_s - data.time_s[0])
    count = int(data.time_s[-1] * fps) + 1
    export(tmp_path / "a.bvh", data, "bvh", options=FileOptions(fps=fps))
    text = (tmp_path / "a.bvh").read_text("ascii")
    assert f"Frames: {count}\nFrame Time: {1 / fps:.8f}\n" in text
    export(tmp_path / "a.glb", data, "gltf", options=FileOptions(fps=fps))
    glb = read_glb(tmp_path / "a.glb")
    times = glb.array(glb.json["animations"][0]["samplers"][0]["input"])[:, 0]
    np.testing.assert_allclose(times, np.arange(count) / fps, atol=1e-6)
    bvh, gltf = bvh_places(tmp_path / "a.bvh"), glb_places(tmp_path / "a.glb")
    np.testing.assert_allclose(bvh["LeftHand"] / 100, gltf["LeftHand"], atol=1e-5)


def test_feet_point_from_heel_to_toe_however_the_shanks_stand(tmp_path: Path) -> None:
    data = as_motion(performed(2))
    forward = np.array([[0.3, 0.5, -0.8], [-0.1, -0.2, -0.9]])  # left, right; camera axes
    forward /= np.linalg.norm(forward, axis=1, keepdims=True)
    ankles = data.xyz[:, [JOINT["left_ankle"], JOINT["right_ankle"]]]
    feet = np.concatenate([ankles - 0.05 * forward, ankles + 0.15 * forward], axis=1)
    feet[5:9, 2] = np.nan  # the left toe
    data = replace(
        data, feet=feet.astype(np.float32), feet_conf=np.ones(feet.shape[:2], np.float32)
    )
    options = FileOptions(skeleton="mixamo")
    for kind in ("bvh", "gltf"):
        path = tmp_path / f"a{FORMATS[kind].suffix}"
        export(path, data, kind, options=options)
        said = json.loads(path.with_name(f"{path.name}.json").read_text("utf-8"))
        assert said["held"] == {"mixamorig:LeftFoot": [[5, 8]]}
    bvh, gltf = bvh_places(tmp_path / "a.bvh"), glb_places(tmp_path / "a.glb")
    glb = read_glb(tmp_path / "a.glb")
    names, world = [node["name"] for node in glb.json["nodes"]], glb.solved(0)
    flat = np.radians(FLAT_DEG)
    for side, way in zip(("Left", "Right"), forward * (1, -1, -1), strict=True):
        left = world[names.index(f"mixamorig:{side}Leg")][:3, 0]
        upper = np.cross(way, left - (left @ way) * way)
        wanted = np.cos(flat) * way + np.sin(flat) * upper / np.linalg.norm(upper)
        foot, ball, tip = (
            gltf[f"mixamorig:{side}{bone}"] for bone in ("Foot", "ToeBase", "Toe_End")
        )
        np.testing.assert_allclose((tip - ball) / np.linalg.norm(tip - ball), wanted, atol=1e-5)
        in_bvh = bvh[f"mixamorig:{side}ToeBase"] - bvh[f"mixamorig:{side}Foot"]
        np.testing.assert_allclose(in_bvh / 100, ball - foot, atol=1e-5)
