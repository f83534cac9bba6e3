"""A person placed in the room, as an animated skeleton: read by our readers and by Blender."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.export.file_options import FileOptions
from app.export.registry import FORMATS, export
from app.export.rig import BONE, ENDS, JOINT_OF
from app.export.skeleton_pose import pose_skeleton
from app.motion.data import ANKLES, MotionData
from app.motion.ground import ANKLE_M
from models.feet import laid_flat
from models.skeleton import FOOT_PARENTS, JOINT
from tests.support.blender import bone_places
from tests.support.poses_by_angle import body
from tests.support.skeleton_readers import bvh_places, glb_places
from tests.support.skeletons import as_motion, performed

ROUND_THE_ROOM = {"reference": "room", "floor": {"from": "standing feet"}}


@pytest.fixture(scope="module")
def walk() -> MotionData:
    """Four seconds of the performer, who is carried once round the room."""
    data = as_motion(performed(4, rigid=True))
    turn = np.linspace(0, 2 * np.pi, len(data.frame))
    root = np.stack([np.cos(turn), 0.9 + 0.1 * np.sin(turn), -2 * np.sin(turn)], axis=1)
    placement = {"floor": {"from": "standing feet"}}
    return replace(data, root=root, provenance=replace(data.provenance, placement=placement))


@pytest.mark.parametrize("kind", ["bvh", "gltf"])
def test_the_hips_are_where_the_person_is(kind: str, walk: MotionData, tmp_path: Path) -> None:
    path = tmp_path / f"walk{FORMATS[kind].suffix}"
    export(path, walk, kind)
    places, unit = (bvh_places(path), 0.01) if kind == "bvh" else (glb_places(path), 1.0)
    assert walk.root is not None
    np.testing.assert_allclose(unit * places["Hips"], walk.root[0], atol=1e-4)
    said = json.loads(path.with_name(f"{path.name}.json").read_text("utf-8"))
    assert said["position"] == ROUND_THE_ROOM


def standing_flat() -> MotionData:
    """Somebody stands on the room's floor, their soles laid flat on it, and turns."""
    turned = [body(heading=heading) for heading in range(0, 90, 3)]
    data = as_motion(np.stack(turned))
    ankles = data.xyz[:, list(FOOT_PARENTS)]
    forward = np.stack([[np.sin(a), 0.0, -np.cos(a)] for a in np.radians(range(0, 90, 3))])
    feet = (
        ankles + (0.0, 0.06, 0.0) + forward[:, None] * np.array([-0.03, -0.03, 0.18, 0.18])[:, None]
    )
    flat = laid_flat(feet, data.xyz[:, ANKLES], np.array([0.0, -1.0, 0.0]), np.ones((30, 2)))
    heights = ANKLE_M - data.relative()[:, ANKLES, 1].min(axis=1)
    root = np.column_stack([np.zeros(30), heights, np.zeros(30)])
    return replace(data, feet=flat, feet_conf=np.ones((30, 4), np.float32), root=root)


@pytest.mark.parametrize("kind", ["bvh", "gltf"])
def test_soles_of_who_stands_are_on_the_floor(kind: str, tmp_path: Path) -> None:
    data = standing_flat()
    path = tmp_path / f"stand{FORMATS[kind].suffix}"
    export(path, data, kind, options=FileOptions(skeleton="mixamo"))
    places, unit = (bvh_places(path), 0.01) if kind == "bvh" else (glb_places(path), 1.0)
    for side in ("Left", "Right"):
        ball = places[f"mixamorig:{side}ToeBase"]  # which begins on the floor at rest
        assert unit * ball[1] == pytest.approx(0, abs=0.005)
    rig = pose_skeleton(data).rig
    toe = rig.at_rest()[BONE["LeftFoot"]] + rig.ends[list(ENDS).index("LeftFoot")]
    assert toe[1] == pytest.approx(0, abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bvh", "gltf"])
def test_blender_finds_every_joint_in_the_room(kind: str, walk: MotionData, tmp_path: Path) -> None:
    path = tmp_path / f"walk{FORMATS[kind].suffix}"
    export(path, walk, kind)
    rows = [0, 33, 60, 119]
    found = bone_places(path, [float(walk.time_s[row]) for row in rows], tmp_path)
    placed = walk.placed()
    for row, bones in zip(rows, found, strict=True):
        for bone, joint in JOINT_OF.items():
            wanted = placed[row, JOINT[joint]]
            np.testing.assert_allclose(bones[bone], wanted, atol=0.003, err_msg=f"{bone}, {row}")
