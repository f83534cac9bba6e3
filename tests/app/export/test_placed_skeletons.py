"""A person placed in the room, as an animated skeleton: read by our readers and by Blender."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.export.registry import FORMATS, export
from app.export.rig import JOINT_OF
from app.motion.data import MotionData
from models.skeleton import JOINT
from tests.support.blender import bone_places
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
