"""From a skeleton's joints to the 17: maps, units, axes, heads, and what looks wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.errors import MixposeError
from models.skeleton import JOINT, JOINT_NAMES, PELVIS
from models.training.motion.bvh import read_bvh
from models.training.motion.joint_maps import (
    BUILT_IN,
    LIMB_JOINTS,
    JointMap,
    choose,
    read_joint_map,
    require,
)
from models.training.motion.retarget import to_joints
from tests.support.bvh_files import Node, column, frames, person, positions, text, write_person

MOTIONBUILDER = BUILT_IN["cmu-motionbuilder"]
OURS = {
    "left_hip": "LeftUpLeg",
    "right_knee": "RightLeg",
    "left_ankle": "LeftFoot",
    "right_shoulder": "RightArm",
    "left_elbow": "LeftForeArm",
    "right_wrist": "RightHand",
}


def read(path: Path, joint_map: JointMap | None = None) -> tuple[np.ndarray, tuple[str, ...]]:
    take = read_bvh(path)
    return to_joints(take, joint_map or choose(take.names, path), path)


def user_map(path: Path, **told: object) -> JointMap:
    path.write_text(json.dumps(told))
    return read_joint_map(path)


def test_joints_are_in_metres_where_the_skeleton_has_them(tmp_path: Path) -> None:
    xyz, notes = read(write_person(tmp_path / "a.bvh", 10))
    assert xyz.shape == (10, 17, 3)
    assert xyz.dtype == np.float32
    for number, row in enumerate(frames(person(), 10)):
        there = positions(person(), row)
        for joint, name in OURS.items():
            assert xyz[number, JOINT[joint]] == pytest.approx(there[name] / 100, abs=1e-5)
        hips = (there["LeftUpLeg"] + there["RightUpLeg"]) / 200
        assert xyz[number, PELVIS] == pytest.approx(hips, abs=1e-5)
    assert notes == ("Its lengths are read as centimetres.",)


def test_nose_and_head_turn_with_the_head(tmp_path: Path) -> None:
    nodes, values = person(), np.zeros((3, 60))
    values[:, 1] = 95
    values[:, column(nodes, "Head") + 2] = [0, 90, -90]
    path = tmp_path / "a.bvh"
    path.write_text(text(nodes, values))
    xyz, _ = read(path)
    nose = xyz[:, JOINT["nose"]] - xyz[:, JOINT["head"]]
    # Forwards, then to the person's left, then right: 9 cm on a body of 1.70 m, a little lower.
    ways = np.array([[0, -0.01, 0.09], [0.09, -0.01, 0], [-0.09, -0.01, 0]]) * 1.75 / 1.7
    assert nose == pytest.approx(ways, abs=1e-3)


def test_every_built_in_map_has_all_joints_and_is_chosen_for_its_names() -> None:
    for name, joint_map in BUILT_IN.items():
        assert {*LIMB_JOINTS, "nose", "head"} == set(joint_map.sources)
        assert choose([*joint_map.wanted(), "Something else"], Path("x.bvh")) is BUILT_IN[name]
        lefts = [joint_map.sources[j].joints[0] for j in LIMB_JOINTS if j.startswith("left")]
        assert not set(lefts) & {
            joint_map.sources[j].joints[0] for j in LIMB_JOINTS if j.startswith("right")
        }


def test_prefixes_and_capitals_of_names_do_not_matter(tmp_path: Path) -> None:
    plain, _ = read(write_person(tmp_path / "plain.bvh"))
    mixamo, _ = read(write_person(tmp_path / "mixamo.bvh", prefix="mixamorig:"))
    assert np.array_equal(plain, mixamo)


@pytest.mark.parametrize(
    ("centimetre", "unit"),
    [
        (0.01, None),
        (0.1, "decimetres"),
        (1.0, "centimetres"),
        (10.0, "millimetres"),
        (1 / 2.54, "inches"),
        (1 / 30.48, "feet"),
        (0.45 / 2.54, "CMU"),
    ],
)
def test_units_are_told_by_the_size_of_the_body(
    tmp_path: Path, centimetre: float, unit: str | None
) -> None:
    xyz, notes = read(write_person(tmp_path / "a.bvh", scale=centimetre))
    expected, _ = read(write_person(tmp_path / "cm.bvh"))
    assert xyz == pytest.approx(expected, abs=1e-4)
    assert (not notes) if unit is None else (unit in notes[0])


def test_a_body_of_no_known_unit_is_scaled_and_said(tmp_path: Path) -> None:
    xyz, notes = read(write_person(tmp_path / "a.bvh", scale=1e-5))
    expected, _ = read(write_person(tmp_path / "cm.bvh"))
    assert xyz == pytest.approx(expected * 1.7 / 1.75, abs=0.01)
    assert "scaled to 1.70 m" in notes[0]


def test_a_users_map(tmp_path: Path) -> None:
    joints = {joint: MOTIONBUILDER.sources[joint].joints[0] for joint in LIMB_JOINTS}
    joints["left_wrist"] = ["LeftHand", "LeftHand end"]  # type: ignore[assignment]
    joints["right_wrist"] = {"joints": ["RightHand"], "offset": [-0.04, 0, 0]}  # type: ignore[assignment]
    path = write_person(tmp_path / "a.bvh", 10)
    xyz, _ = read(path, user_map(tmp_path / "map.json", joints=joints, skull="Head"))
    plain, _ = read(path)
    same = [index for index, name in enumerate(JOINT_NAMES) if not name.endswith("wrist")]
    assert xyz[:, same] == pytest.approx(plain[:, same], abs=2e-3)
    there = positions(person(), frames(person(), 10)[3])
    left = (there["LeftHand"] + there["LeftHand end"]) / 200
    assert xyz[3, JOINT["left_wrist"]] == pytest.approx(left, abs=1e-5)
    right = there["RightHand"] + (there["RightHand end"] - there["RightHand"]) / 2 * 1.753 / 1.7
    assert xyz[3, JOINT["right_wrist"]] == pytest.approx(right / 100, abs=2e-3)


def test_a_skull_whose_rest_pose_says_nothing_is_set_by_how_the_trunk_is(tmp_path: Path) -> None:
    # The same person, but with legs that point up at rest and are turned round in every frame.
    nodes = [
        replace(node, offset=(node.offset[0], -node.offset[1], node.offset[2]))
        if node.parent in ("LeftUpLeg", "RightUpLeg", "LeftLeg", "RightLeg")
        else node
        for node in person()
    ]
    values = np.zeros((30, 60))
    values[:, 1] = 95
    for name in ("LeftUpLeg", "RightUpLeg"):
        values[:, column(nodes, name)] = 180  # about z
    values[:, column(nodes, "Head") + 2] = 40 * np.sin(
        np.arange(30) * 2 * np.pi / 30
    )  # looks about
    path = tmp_path / "a.bvh"
    path.write_text(text(nodes, values))
    skull = replace(MOTIONBUILDER, sources=dict(MOTIONBUILDER.sources), skull="Head")
    for joint in ("nose", "head"):
        skull.sources.pop(joint)  # type: ignore[attr-defined]
    found, _ = read(path, skull)
    expected, _ = read(path)
    assert found == pytest.approx(expected, abs=2e-3)


def test_a_file_whose_z_points_up(tmp_path: Path) -> None:
    def lifted(node: Node) -> Node:
        x, y, z = node.offset
        turned = tuple(
            c.replace("Y", "T").replace("Z", "Y").replace("T", "Z") for c in node.channels
        )
        return Node(node.name, node.parent, (x, -z, y), turned)

    nodes, values = [lifted(node) for node in person()], frames(person(), 12)
    path = tmp_path / "z.bvh"
    # What turned about y turns about z now; what turned about z turns about -y.
    columns = [c for node in person() for c in node.channels]
    flipped = values.copy()
    for index, channel in enumerate(columns):
        if channel in ("Zrotation", "Zposition"):
            flipped[:, index] *= -1
    path.write_text(text(nodes, flipped))
    lying, notes = read(path)
    assert any('"up": "z"' in note for note in notes)
    joint_map = user_map(tmp_path / "map.json", base="cmu-motionbuilder", up="z")
    standing, notes = read(path, joint_map)
    assert not any("up" in note for note in notes)
    plain = tmp_path / "y.bvh"
    plain.write_text(text(person(), values))
    assert standing == pytest.approx(read(plain)[0], abs=1e-5)
    skull = user_map(tmp_path / "map.json", base="cmu-motionbuilder", up="z", skull="Head")
    assert read(path, skull)[0] == pytest.approx(standing, abs=1e-5)
    assert not np.allclose(lying, standing, atol=0.1)


def test_exchanged_sides_are_noticed(tmp_path: Path) -> None:
    path = write_person(tmp_path / "a.bvh")
    assert not any("exchanged" in note for note in read(path)[1])
    joints = {
        joint: MOTIONBUILDER.sources[
            joint.replace("left", "R").replace("right", "left").replace("R", "right")
        ].joints[0]
        for joint in LIMB_JOINTS
    }
    wrong = user_map(tmp_path / "map.json", base="cmu-motionbuilder", joints=joints)
    assert any("exchanged" in note for note in read(path, wrong)[1])


def test_a_first_pose_that_was_never_taken_is_left_out(tmp_path: Path) -> None:
    values = frames(person(), 40)
    for name, turn in (("LeftArm", -75), ("RightArm", 75)):
        values[:, column(person(), name)] = turn
    path = tmp_path / "a.bvh"
    path.write_text(text(person(), values))
    whole, notes = read(path)
    assert len(whole) == 40
    assert len(notes) == 1
    posed = values.copy()
    posed[0, 6:] = 0
    path.write_text(text(person(), posed))
    cut, notes = read(path)
    assert cut == pytest.approx(whole[1:], abs=1e-4)
    assert "begins with a pose" in notes[1]
    # Blended over four frames at 120 a second, as the CMU conversions are.
    blended = values.copy()
    blended[:, 6:] = 0.2 * values[:, 6:]
    blended[:, column(person(), "LeftArm")] = -75
    for number, share in enumerate((1.0, 0.7, 0.4, 0.15)):
        blended[number, 6:] *= 1 - share
    path.write_text(text(person(), blended, seconds=1 / 120))
    assert len(read(path)[0]) == 36


def test_a_skeleton_that_fits_no_map_is_told_its_names_and_how(tmp_path: Path) -> None:
    path = tmp_path / "robot.bvh"
    nodes = [Node("base", "", (0, 0, 0)), Node("gripper", "base", (0, 1, 0))]
    path.write_text(text(nodes, np.zeros((2, 6))))
    with pytest.raises(MixposeError) as caught:
        read(path)
    for words in ("robot.bvh", "base, gripper", "--joint-map", "left_hip", "skull"):
        assert words in str(caught.value)
    with pytest.raises(MixposeError, match=r"LeftUpLeg.*base, gripper"):
        require(MOTIONBUILDER, ["base", "gripper"], path)


def test_a_name_that_two_joints_have_is_not_guessed_at() -> None:
    names = [*MOTIONBUILDER.wanted(), "LeftUpLeg"]
    with pytest.raises(MixposeError, match="LeftUpLeg"):
        require(MOTIONBUILDER, names, Path("x.bvh"))


def test_a_skeleton_without_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MixposeError, match="no size"):
        read(write_person(tmp_path / "a.bvh", scale=0.0))


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ([], "not a JSON object"),
        ({"joint": {}}, "'joint'"),
        ({"base": "smpl"}, "cmu-daz.*'smpl'"),
        ({"joints": {"left_hip": "a"}, "skull": "h"}, "left_knee.*right_wrist"),
        ({"joints": dict.fromkeys(LIMB_JOINTS, "a")}, "nose, head.*skull"),
        ({"base": "cmu-daz", "joints": {"pelvis": "a"}}, "'pelvis'"),
        ({"base": "cmu-daz", "joints": {"left_hip": []}}, "left_hip"),
        ({"base": "cmu-daz", "joints": {"left_hip": [1]}}, "left_hip"),
        ({"base": "cmu-daz", "joints": {"left_hip": {"joints": "a", "offset": [1, 2]}}}, "offset"),
        (
            {
                "base": "cmu-daz",
                "joints": {"nose": {"joints": "a", "offset": [0, float("nan"), 0]}},
            },
            "offset",
        ),
        ({"base": "cmu-daz", "unit": "cm"}, "unit"),
        ({"base": "cmu-daz", "unit": float("nan")}, "unit"),
        ({"base": "cmu-daz", "up": "x"}, "up"),
        ({"base": "cmu-daz", "skull": 3}, "skull"),
    ],
)
def test_maps_that_cannot_be_meant_are_refused(tmp_path: Path, told: object, words: str) -> None:
    path = tmp_path / "map.json"
    path.write_text(json.dumps(told))
    with pytest.raises(MixposeError, match=words) as caught:
        read_joint_map(path)
    assert "map.json" in str(caught.value)


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    for content in (b"", b"{", b"\xff\xfe", b"[" * 200_000):
        path.write_bytes(content)
        with pytest.raises(MixposeError, match=r"map\.json"):
            read_joint_map(path)
    with pytest.raises(MixposeError, match=r"absent\.json"):
        read_joint_map(tmp_path / "absent.json")
