"""VRMA against the specification: which bones, what moves, the pose at rest."""

from __future__ import annotations

import numpy as np
import pytest

from app.export.file_options import FileOptions
from app.export.registry import export
from app.export.rig import JOINT_OF
from app.export.skeleton_names import SKELETONS
from app.export.skeleton_pose import pose_skeleton
from models.skeleton import JOINT
from tests.support.skeletons import Glb, as_motion, joints_of, performed, read_glb

REQUIRED = {
    "hips", "spine", "head",
    *(f"{side}{bone}" for side in ("left", "right") for bone in (
        "UpperLeg", "LowerLeg", "Foot", "UpperArm", "LowerArm", "Hand",
    )),
}  # fmt: skip
"""Bones that every humanoid of VRM 1.0 has."""
OPTIONAL = {"chest", "neck", "leftShoulder", "rightShoulder", "leftToes", "rightToes"}


@pytest.fixture(scope="module")
def glb(tmp_path_factory: pytest.TempPathFactory) -> Glb:
    path = tmp_path_factory.mktemp("vrma") / "dance.vrma"
    export(path, as_motion(performed(8)), "vrma", options=FileOptions(fps=30))
    return read_glb(path)


def bones(glb: Glb) -> dict[str, int]:
    extension = glb.json["extensions"]["VRMC_vrm_animation"]
    assert extension["specVersion"] == "1.0"
    return {name: bone["node"] for name, bone in extension["humanoid"]["humanBones"].items()}


def test_every_bone_is_a_node_of_its_own(glb: Glb) -> None:
    assert glb.json["extensionsUsed"] == ["VRMC_vrm_animation"]
    found = bones(glb)
    assert set(found) == REQUIRED | OPTIONAL
    assert len(set(found.values())) == len(found)
    assert all(glb.json["nodes"][node]["name"] == name for name, node in found.items())
    assert "meshes" not in glb.json


def test_only_the_hips_move_and_all_else_turns(glb: Glb) -> None:
    (animation,) = glb.json["animations"]
    hips = bones(glb)["hips"]
    targets = [(each["target"]["node"], each["target"]["path"]) for each in animation["channels"]]
    assert [node for node, path in targets if path == "translation"] == [hips]
    assert {path for _, path in targets} == {"translation", "rotation"}
    times = glb.array(animation["samplers"][0]["input"])[:, 0]
    np.testing.assert_allclose(times, np.arange(240) / 30, atol=1e-6)


def test_at_rest_it_stands_in_a_t_facing_z(glb: Glb) -> None:
    world = glb.solved(None)
    place = {name: world[node][:3, 3] for name, node in bones(glb).items()}
    assert all(np.array_equal(matrix[:3, :3], np.eye(3)) for matrix in world)
    for side, sign in (("left", 1), ("right", -1)):
        arm = place[f"{side}Hand"] - place[f"{side}UpperArm"]
        np.testing.assert_allclose(arm / np.linalg.norm(arm), [sign, 0, 0], atol=1e-9)
        leg = place[f"{side}Foot"] - place[f"{side}UpperLeg"]
        np.testing.assert_allclose(leg / np.linalg.norm(leg), [0, -1, 0], atol=1e-9)
        assert place[f"{side}Toes"][2] > place[f"{side}Foot"][2] + 0.03
        assert -1e-9 <= place[f"{side}Toes"][1] < 0.01
    assert place["hips"][1] > 0.8


def test_forward_kinematics_give_the_joints(glb: Glb) -> None:
    wanted, found = joints_of(pose_skeleton(as_motion(performed(8)))), bones(glb)
    for frame in (0, 100, 239):
        world = glb.solved(frame)
        for bone, joint in JOINT_OF.items():
            node = found[SKELETONS["vrm"].bones[bone][0]]
            place = world[node][:3, 3] - world[found["hips"]][:3, 3]
            np.testing.assert_allclose(place, wanted[frame, JOINT[joint]], atol=1e-5, err_msg=bone)
