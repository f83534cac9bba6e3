"""Whoever is not upright in the picture is put upright first; where up is, is found and told."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from models.level import Level
from models.lifter import Lifted, Lifter
from models.live import LiveLifter, LivePose
from models.mixste import MixSTE
from models.skeleton import MIRROR, PELVIS
from tests.support.lifting import SIZE, random_lifter, saved, standing, times
from tests.support.performed import performed

Array = NDArray[np.float64]
UP = np.array([0.0, -0.9, -0.2])
"""What the network says of somebody ahead: the camera looks down by 12.5 degrees."""


def saying(up: Array, channels: int = 13) -> MixSTE:
    """A network without blocks that has learned nothing of poses, and says ``up`` of everything."""
    torch.manual_seed(1)
    network = MixSTE(27, width=16, depth=1, heads=4, channels=channels)
    with torch.no_grad():
        for block in (*network.STEblocks, *network.TTEblocks):
            for branch in (block.attn.proj, block.mlp.fc2):
                branch.weight.zero_()
                branch.bias.zero_()
        # What the pelvis's token is told disappears beside its place, which is normalised.
        place = torch.tensor([1.0, -1.0]).repeat(8)
        network.Spatial_pos_embed[0, PELVIS] = 1e4 * place
        head = network.head[1]
        head.weight -= torch.outer(head.weight @ place, place) / 16
        head.weight += torch.outer(torch.from_numpy(up).float(), place) / 16
        head.bias.zero_()
    return network


@pytest.fixture(scope="module")
def outspoken(tmp_path_factory: pytest.TempPathFactory) -> Lifter:
    path = tmp_path_factory.mktemp("weights") / "up.safetensors"
    return saved(path, saying(UP), says_up=True)


def ahead(count: int) -> Array:
    """Somebody who stands still in the middle of the picture, met by the camera's axis."""
    clip = np.repeat(standing(1), count, axis=0)
    middle = (clip.min(axis=(0, 1)) + clip.max(axis=(0, 1))) / 2
    return np.asarray(clip - middle + np.array(SIZE) / 2)


def lift(lifter: Lifter, clip: Array, **told: object) -> Lifted:
    count = len(clip)
    return lifter.lift(clip, np.ones((count, 17)), SIZE, times(count), **told)  # type: ignore[arg-type]


def live(lifter: Lifter, clip: Array, level: Level | None = None) -> list[LivePose]:
    view, poses = LiveLifter(lifter, 0, level), []
    for place, time_s in zip(clip, times(len(clip)).tolist(), strict=True):
        view.push(place, np.ones(17), SIZE, time_s)
        pose = view.lift()
        assert pose is not None
        poses.append(pose)
    return poses


def test_the_level_is_what_the_network_says(outspoken: Lifter) -> None:
    lifted = lift(outspoken, ahead(60))
    assert lifted.level is not None
    np.testing.assert_allclose(lifted.level.up, UP / np.linalg.norm(UP), atol=1e-3)
    assert lifted.level.pitch_deg == pytest.approx(12.5, abs=0.1)
    expected = np.degrees(np.sqrt(1 - np.linalg.norm(UP)))
    assert lifted.level.std_deg == pytest.approx(expected, abs=0.1)
    assert not lifted.level.given
    assert (lifted.xyz[:, PELVIS] == 0).all(), "it is no place of the pelvis"


def test_the_level_is_the_cameras_not_the_rays(outspoken: Lifter) -> None:
    """Of somebody 150 pixels to the right the network sees the room turned by so much."""
    lifted = lift(outspoken, ahead(60) + [150, 0])
    angle = np.arctan2(150, 0.85 * max(SIZE))
    turned = [np.sin(angle) * UP[2], UP[1], np.cos(angle) * UP[2]]
    assert lifted.level is not None
    np.testing.assert_allclose(lifted.level.up, turned / np.linalg.norm(UP), atol=1e-3)


def test_nobody_in_view_leaves_the_level_unknown(outspoken: Lifter) -> None:
    nobody = outspoken.lift(np.full((9, 17, 2), np.nan), np.zeros((9, 17)), SIZE, times(9))
    assert nobody.level is None
    assert np.isfinite(nobody.xyz).all()


def test_a_clip_is_lifted_again_knowing_what_it_told(outspoken: Lifter) -> None:
    """As one whose level somebody tells: the same poses, and others than without."""
    found = lift(outspoken, ahead(50))
    assert found.level is not None
    again = lift(outspoken, ahead(50), level=found.level)
    assert again.level is found.level
    np.testing.assert_array_equal(again.xyz, found.xyz)
    unknown = Level(found.level.up, 90.0)
    assert np.abs(lift(outspoken, ahead(50), level=unknown).xyz - found.xyz).max() > 1e-3


@pytest.mark.parametrize("how", ["clip", "live"])
def test_a_level_that_is_told_reaches_the_network(tmp_path: Path, how: str) -> None:
    lifter = random_lifter(tmp_path / "w.safetensors", channels=13)
    clip = ahead(40)

    def last(level: Level | None) -> tuple[NDArray[np.float32], Level | None]:
        if how == "live":
            pose = live(lifter, clip, level)[-1]
            return pose.xyz, pose.level
        lifted = lift(lifter, clip, level=level)
        return lifted.xyz[-1], lifted.level

    plain, none = last(None)
    assert none is None
    for level in (Level.from_angles(20.0), Level.from_angles(0.0, 15.0)):
        told, known = last(level)
        assert known is level
        assert np.abs(told - plain).max() > 1e-3


def test_networks_that_do_not_say_leave_it_open(tmp_path: Path) -> None:
    lifter = random_lifter(tmp_path / "w.safetensors", channels=8)
    assert lift(lifter, ahead(30)).level is None
    assert live(lifter, ahead(5))[-1].level is None
    told = Level.from_angles(30.0)
    assert lift(lifter, ahead(30), level=told).level is told
    np.testing.assert_array_equal(
        lift(lifter, ahead(30), level=told).xyz, lift(lifter, ahead(30)).xyz
    )


def test_live_the_level_is_found_on_the_way_and_forgotten_on_a_jump(outspoken: Lifter) -> None:
    poses = live(outspoken, ahead(75))
    levels = [pose.level for pose in poses]
    assert levels[0] is not None
    assert np.linalg.norm(levels[0].vector) < 1e-3, "nothing is told at first"
    lengths = [float(np.linalg.norm(level.vector)) for level in levels if level is not None]
    assert lengths == pytest.approx(sorted(lengths), abs=1e-3)
    assert max(np.diff(lengths)) < 0.025, "it grows from frame to frame, not by leaps"
    whole, last = lift(outspoken, ahead(75)).level, levels[-1]
    assert whole is not None
    assert last is not None
    np.testing.assert_allclose(last.vector, whole.vector, atol=0.03)
    view = LiveLifter(outspoken, 0)
    for time_s in times(60).tolist():
        view.push(ahead(1)[0], np.ones(17), SIZE, time_s)
        pose = view.lift()
    assert pose is not None
    assert pose.level is not None
    assert pose.level.std_deg < 19
    view.reset()
    view.push(ahead(1)[0], np.ones(17), SIZE, 0.0)
    fresh = view.lift()
    assert fresh is not None
    assert fresh.level is not None
    assert fresh.level.std_deg == pytest.approx(20.0)


def test_the_mirrored_window_with_up_and_the_detectors_3d_gives_the_mirrored_pose(
    tmp_path: Path,
) -> None:
    lifter = random_lifter(tmp_path / "w.safetensors", channels=13)
    clip, random = standing(30), np.random.default_rng(2)
    world = random.normal(0, 0.3, (30, 17, 3))
    over = np.array([-1.0, 1.0, 1.0])
    level, other = Level.from_angles(15.0, 20.0), Level.from_angles(15.0, -20.0)
    here = lift(lifter, clip, world=world, level=level).xyz
    mirrored = clip[:, list(MIRROR)] * over[:2] + [SIZE[0], 0]
    there = lift(lifter, mirrored, world=world[:, list(MIRROR)] * over, level=other).xyz
    assert there[:, list(MIRROR)] * over == pytest.approx(here, abs=1e-5)
    assert np.abs(here[..., 0]).max() > 0.01


def about_axis(degrees: float, dimensions: int) -> Array:
    """The rotation by which x goes towards y, as the picture is turned clockwise."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.eye(dimensions)
    turn[:2, :2] = [[cosine, -sine], [sine, cosine]]
    return turn


def in_turned_picture(
    degrees: float, clip: Array, world: Array, size: tuple[int, int]
) -> tuple[Array, Array]:
    middle = np.array(size) / 2
    turned = (clip - middle) @ about_axis(degrees, 2).T + middle
    return turned, world @ about_axis(degrees, 3).T


Lift = Callable[[float], tuple[Array, Lifted]]


@pytest.fixture(scope="module")
def act() -> Lift:
    """The shipped network on the performer, in a picture turned by so much; turned back."""
    torch.set_num_threads(1)
    lifter, seen = Lifter(device="cpu"), performed(5, seconds=1).data
    conf = np.asarray(seen.conf, np.float64)

    @cache
    def lifted(degrees: float) -> tuple[Array, Lifted]:
        xy, world = in_turned_picture(degrees, seen.xy, seen.xyz, seen.size)
        found = lifter.lift(xy, conf, seen.size, seen.time_s, world=world)
        return np.asarray(found.xyz @ about_axis(degrees, 3)), found

    return lifted


@pytest.mark.parametrize(
    "degrees", [*(pytest.param(each, marks=pytest.mark.slow) for each in (60, 110, 150)), 180]
)
def test_somebody_in_a_turned_picture_is_lifted_as_upright(act: Lift, degrees: float) -> None:
    upright, _ = act(0)
    back, found = act(degrees)
    off_mm = 1000 * np.linalg.norm(back - upright, axis=-1)
    assert off_mm.mean() < 10
    # Both are put upright to the last degree.
    assert back == pytest.approx(act(degrees - 360)[0], abs=1e-3)
    if degrees > 90:
        assert np.linalg.norm(back - act(-degrees)[0], axis=-1).mean() < 1e-3
    level, straight = found.level, act(0)[1].level
    if level is not None and straight is not None:
        turned = about_axis(degrees, 3) @ straight.up
        assert float(turned @ level.up) > np.cos(np.radians(5))


def test_one_pass_of_a_turned_window_is_the_turned_pass(tmp_path: Path) -> None:
    """With everything that is told, whatever the network makes of it."""
    lifter = random_lifter(tmp_path / "w.safetensors", channels=13)
    clip, world = standing(27), np.random.default_rng(2).normal(0, 0.3, (27, 17, 3))
    level = Level.from_angles(25.0, 10.0)

    def back(degrees: float) -> Array:
        xy, turned = in_turned_picture(degrees, clip, world, SIZE)
        up = (about_axis(degrees, 3) @ level.up).astype(np.float32)
        told = Level(up, level.std_deg)
        return np.asarray(lift(lifter, xy, world=turned, level=told).xyz @ about_axis(degrees, 3))

    for degrees in (61, -75, 110, 180):
        assert back(degrees) == pytest.approx(back(90), abs=1e-4)
