"""Real files: what the readers make of them is what the packs of the same takes hold."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.errors import MixposeError
from models.skeleton import JOINT
from models.training.motion import Clip, read_motion, read_pack
from models.training.motion.asf_amc import read_amc, read_asf
from models.training.motion.bvh import read_bvh
from models.training.motion.joint_maps import BUILT_IN
from models.training.motion.retarget import to_joints

pytestmark = pytest.mark.slow
CMU = ["02_02", "02_03", "07_01", "10_01", "13_30"]
RIGHT_HIP, NOSE, HEAD = JOINT["right_hip"], JOINT["nose"], JOINT["head"]
BODY = [index for name, index in JOINT.items() if name not in ("nose", "head")]


@pytest.fixture(scope="module")
def mocap(shared: Path) -> Path:
    return shared / "mocap"


@pytest.fixture(scope="module")
def packed(mocap: Path) -> dict[str, Clip]:
    packs = [read_pack(mocap / name) for name in ("cmu120.mcp", "reactidle24.mcp")]
    return {clip.name: clip for pack in packs for clip in pack.clips}


@pytest.fixture(scope="module")
def ours(mocap: Path) -> dict[str, Clip]:
    packs = [read_motion(mocap / kind)[0] for kind in ("bvh", "amc")]
    clips = {clip.name: clip for pack in packs for clip in pack.clips}
    return {name.removeprefix("cmu_").removeprefix("reactidle_"): c for name, c in clips.items()}


def error_mm(one: Clip, other: Clip) -> np.ndarray:
    """Mean distance of each joint, (17,) mm, with right hips laid on one another."""
    assert abs(len(one.xyz) - len(other.xyz)) <= 1
    frames = min(len(one.xyz), len(other.xyz))
    here, there = one.xyz[-frames:], other.xyz[-frames:]
    difference = here - here[:, [RIGHT_HIP]] - there + there[:, [RIGHT_HIP]]
    return np.asarray(1000 * np.linalg.norm(difference, axis=-1).mean(axis=0))


@pytest.mark.parametrize("take", CMU)
def test_cmu_takes_are_what_the_pack_has(
    ours: dict[str, Clip], packed: dict[str, Clip], take: str
) -> None:
    error = error_mm(ours[take], packed[take])
    assert ours[take].rate == pytest.approx(120, abs=0.001)
    assert error[BODY].max() < 1  # the packs are rounded to a millimetre
    assert error[[NOSE, HEAD]].max() < 3
    # The floor is where it was; the pack may have been laid on it.
    assert abs(ours[take].xyz[..., 1].min() - packed[take].xyz[..., 1].min()) < 0.1


def test_reactidle_is_what_the_pack_has_once_its_head_is_raised(
    ours: dict[str, Clip], packed: dict[str, Clip]
) -> None:
    error = error_mm(ours["001_acted"], packed["001_acted"])
    assert ours["001_acted"].rate == pytest.approx(24, abs=0.001)
    assert error[BODY].max() < 1
    assert error[HEAD] < 1.5
    assert error[NOSE] < 15  # 9 cm from the ears there, and here on a body of 1.46 m


def test_noses_of_packs_are_before_the_ears(packed: dict[str, Clip]) -> None:
    for name, clip in packed.items():
        trunk = clip.xyz[:, JOINT["thorax"]] - clip.xyz[:, JOINT["pelvis"]]
        forwards = np.cross(clip.xyz[:, JOINT["left_hip"]] - clip.xyz[:, RIGHT_HIP], trunk)
        forwards /= np.linalg.norm(forwards, axis=-1, keepdims=True)
        nose = clip.xyz[:, NOSE] - clip.xyz[:, HEAD]
        assert (nose * forwards).sum(axis=-1).mean() > 0.02, name


def takes(mocap: Path) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Nose and head with the figures of the built-in map, and placed from the skull alone."""
    skeleton = read_asf(mocap / "amc" / "02.asf")
    for name in CMU:
        if name.startswith("02"):
            path, kind = mocap / "amc" / f"{name}.amc", "cmu-asf"
            take = read_amc(path, skeleton)
        else:
            path, kind = mocap / "bvh" / f"cmu_{name}.bvh", "cmu-daz"
            take = read_bvh(path)
        full = BUILT_IN[kind]
        limbs = {j: s for j, s in full.sources.items() if j not in ("nose", "head")}
        yield (
            name,
            to_joints(take, full, path)[0],
            to_joints(take, replace(full, sources=limbs, skull="head"), path)[0],
        )


def test_a_head_placed_from_the_skull_alone_is_where_it_should_be(mocap: Path) -> None:
    for name, full, skull in takes(mocap):
        error = np.linalg.norm(full - skull, axis=-1).mean(axis=0)
        assert error[NOSE] < 0.005, name
        assert error[HEAD] < 0.005, name


def test_poses_that_were_never_taken_are_left_out(ours: dict[str, Clip]) -> None:
    for name in ("07_01", "10_01", "13_30"):
        steps = np.linalg.norm(np.diff(ours[name].xyz[:20], axis=0), axis=-1).max(axis=-1)
        assert steps[0] < 0.04, name


def test_a_take_finds_the_skeleton_of_its_subject(mocap: Path, tmp_path: Path) -> None:
    take = mocap / "amc" / "02_03.amc"
    folder = tmp_path / "subjects" / "02"
    folder.mkdir(parents=True)
    shutil.copy(take, folder / "02_03.amc")
    with pytest.raises(MixposeError, match=r"\.asf"):
        read_motion(folder)
    other = (mocap / "amc" / "02.asf").read_text().replace("length 7", "length 8")
    (folder / "2.asf").write_text(other)
    shutil.copy(mocap / "amc" / "02.asf", folder / "02.asf")
    right = read_motion(folder)[0].clips[0].xyz
    (folder / "02.asf").unlink()
    only = read_motion(folder)[0].clips[0].xyz
    assert np.array_equal(right, read_motion(take)[0].clips[0].xyz)
    assert not np.allclose(right, only, atol=0.01)
