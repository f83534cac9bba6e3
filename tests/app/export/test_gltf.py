"""Binary glTF: the rules of the specification, the pose by explicit matrices, and trimesh."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import trimesh

from app.errors import ExportError
from app.export.registry import export
from app.export.rig import JOINT_OF
from app.export.skeleton_pose import pose_skeleton
from models.skeleton import JOINT, JOINT_COUNT
from tests.support.skeletons import (
    Array,
    Glb,
    as_motion,
    glb_joints,
    joints_of,
    performed,
    read_glb,
)

VERTICES = 34962


@pytest.fixture(scope="module")
def danced() -> Array:
    return performed(8)


@pytest.fixture(scope="module")
def file(danced: Array, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gltf") / "Tanz.glb"
    export(path, as_motion(danced), "gltf")
    return path


@pytest.fixture(scope="module")
def glb(file: Path) -> Glb:
    return read_glb(file)


def test_views_are_aligned_and_inside_the_buffer(glb: Glb) -> None:
    (buffer,) = glb.json["buffers"]
    assert buffer == {"byteLength": len(glb.binary)}
    end = 0
    for view in glb.json["bufferViews"]:
        assert view["byteOffset"] % 4 == 0
        assert view["byteOffset"] == end
        end += view["byteLength"]
    assert end == buffer["byteLength"]


def test_accessors_keep_the_rules(glb: Glb) -> None:
    attributes, needing_bounds = set(), set()
    for primitive in glb.json["meshes"][0]["primitives"]:
        attributes |= set(primitive["attributes"].values())
        needing_bounds.add(primitive["attributes"]["POSITION"])
    inputs = {sampler["input"] for sampler in glb.json["animations"][0]["samplers"]}
    for number, accessor in enumerate(glb.json["accessors"]):
        values = glb.array(number)
        assert np.isfinite(values).all()
        view = glb.json["bufferViews"][accessor["bufferView"]]
        assert view.get("target") == (VERTICES if number in attributes else None)
        if number in needing_bounds | inputs:
            np.testing.assert_array_equal(accessor["min"], values.min(axis=0))
            np.testing.assert_array_equal(accessor["max"], values.max(axis=0))
    (times,) = inputs
    assert glb.json["accessors"][times]["min"] == [0.0]
    assert (np.diff(glb.array(times)[:, 0]) > 0).all()


def test_the_mesh_goes_along_with_the_bones(glb: Glb) -> None:
    joints = glb.json["skins"][0]["joints"]
    for primitive in glb.json["meshes"][0]["primitives"]:
        parts = {name: glb.array(index) for name, index in primitive["attributes"].items()}
        assert len({len(values) for values in parts.values()}) == 1
        assert parts["JOINTS_0"].max() < len(joints)
        np.testing.assert_array_equal(parts["WEIGHTS_0"].sum(axis=1), 1)
        np.testing.assert_allclose(np.linalg.norm(parts["NORMAL"], axis=1), 1, atol=1e-5)
    (meshed,) = [node for node in glb.json["nodes"] if "mesh" in node]
    assert meshed["skin"] == 0
    assert glb.json["nodes"].index(meshed) in glb.json["scenes"][0]["nodes"]


def test_inverse_binds_undo_the_rest(glb: Glb) -> None:
    skin = glb.json["skins"][0]
    inverse = glb.array(skin["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
    assert len(inverse) == len(skin["joints"]) == 24
    rest = glb.solved(None)
    for joint, matrix in zip(skin["joints"], inverse, strict=True):
        np.testing.assert_allclose(rest[joint] @ matrix, np.eye(4), atol=1e-6)


def test_rotations_are_unit_and_keep_their_sign(glb: Glb) -> None:
    (animation,) = glb.json["animations"]
    paths = [channel["target"]["path"] for channel in animation["channels"]]
    assert sorted(paths) == ["rotation"] * 19 + ["translation"]
    assert len({json.dumps(channel["target"]) for channel in animation["channels"]}) == 20
    for channel in animation["channels"]:
        sampler = animation["samplers"][channel["sampler"]]
        assert sampler["interpolation"] == "LINEAR"
        values = glb.array(sampler["output"]).astype(float)
        assert len(values) == len(glb.array(sampler["input"]))
        if channel["target"]["path"] == "rotation":
            np.testing.assert_allclose(np.linalg.norm(values, axis=1), 1, atol=1e-6)
            assert ((values[1:] * values[:-1]).sum(axis=1) > 0).all()


def test_every_joint_is_where_it_should_be(file: Path, danced: Array) -> None:
    wanted = joints_of(pose_skeleton(as_motion(danced)))
    for frame in (0, 100, 239):
        found = glb_joints(file, frame)
        for joint in JOINT_OF.values():
            place = found[joint] - found["pelvis"]
            np.testing.assert_allclose(place, wanted[frame, JOINT[joint]], atol=1e-5, err_msg=joint)


def test_trimesh_shows_somebody_in_a_t_who_faces_z(file: Path) -> None:
    scene = trimesh.load(file)
    low, high = scene.bounds
    assert low[1] == pytest.approx(0, abs=1e-6), "on the floor"
    assert 1.6 < high[1] < 1.9
    assert high[0] == pytest.approx(-low[0])
    assert high[0] == pytest.approx(0.9, abs=0.1)
    assert high[2] > -2 * low[2], "toes and nose are in front"
    for mesh in scene.geometry.values():
        mesh.merge_vertices(merge_norm=True)
        assert mesh.is_watertight
        assert mesh.volume > 0, "faces look outwards"
        centres = mesh.vertices[mesh.faces].mean(axis=1)
        side = {"left": 1.0, "right": -1.0, "middle": 0.0}[mesh.visual.material.name]
        assert (side * centres[:, 0]).min() >= -0.1 * abs(side) * np.ptp(centres[:, 0])


def test_frames_keep_their_own_times(tmp_path: Path, danced: Array) -> None:
    time_s = np.cumsum(np.random.default_rng(0).uniform(0.02, 0.06, 240))
    time_s[200:] += 3
    time_s -= time_s[0]
    missing = np.zeros((240, JOINT_COUNT), bool)
    missing[220, JOINT["left_wrist"]] = True
    export(tmp_path / "a.glb", as_motion(danced, time_s=time_s, missing=missing), "gltf")
    glb = read_glb(tmp_path / "a.glb")
    times = glb.array(glb.json["animations"][0]["samplers"][0]["input"])[:, 0]
    np.testing.assert_allclose(np.delete(times, 200), time_s, atol=1e-6)
    assert times[200] == pytest.approx(time_s[200] - 0.01), "the gap is held, not bridged"
    said = json.loads((tmp_path / "a.glb.json").read_text("utf-8"))
    assert said["held"]["LeftForeArm"] == [[200, 200], [221, 221]]
    assert said["rows"] == 241
    assert said["units"]["position"] == "metre"


def test_one_frame_is_a_pose_and_none_is_refused(tmp_path: Path, danced: Array) -> None:
    export(tmp_path / "a.glb", as_motion(danced[:1]), "gltf")
    assert len(glb_joints(tmp_path / "a.glb")) == 16
    with pytest.raises(ExportError, match="no frames"):
        export(tmp_path / "b.glb", as_motion(danced[:0]), "gltf")
    assert list(tmp_path.glob("b*")) == []
