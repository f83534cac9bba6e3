"""Gaps in what is known of feet: short ones are bridged against the shank, or held and faded while
nobody knows what comes; long ones stay empty."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from models.feet import DetectedPoses, Feet, find_feet
from models.foot_gaps import RISE_S
from models.level import Level
from models.lifter import Lifter
from models.live import LiveLifter
from models.skeleton import JOINT
from models.timing import LONGEST_GAP_S
from tests.support.standing_feet import SIZE, UP, Scene, directions, scene

LEFT, RIGHT = [0, 2], [1, 3]
FRAMES = 60


def contradicted(one: Scene, frames: slice) -> Scene:
    """The left toe is seen above the heel by half a shank: that is not told."""
    evidence = one.detected.feet.copy()
    knee, ankle = (one.detected.xy[:, JOINT[f"left_{name}"]] for name in ("knee", "ankle"))
    evidence[frames, 2] -= np.pad(0.5 * (ankle - knee), ((0, 0), (0, 4)))[frames]
    return one._replace(detected=one.detected._replace(feet=evidence))


def found(one: Scene, *, hold: bool = False) -> Feet:
    nothing = np.zeros(one.xyz.shape[:2], bool)
    return find_feet(one.detected, one.xyz, nothing, one.time_s, SIZE, up=UP, hold=hold)


def told(feet: Feet) -> NDArray[np.bool_]:
    """(N,) whether the left foot is told by the detector itself."""
    return np.asarray(np.isfinite(feet.xyz[:, 0, 0]) & np.isfinite(feet.conf[:, 0]))


def test_a_short_gap_is_bridged_and_marked() -> None:
    whole = scene(frames=FRAMES)
    feet = found(contradicted(whole, slice(28, 31)))
    there, own = np.isfinite(feet.xyz[:, 0, 0]), told(feet)
    assert there.all()
    assert not own[28:31].any()
    assert own[:20].all()
    assert own[39:].all()
    assert np.isnan(feet.conf[~own][:, LEFT]).all(), "as every joint that is bridged"
    np.testing.assert_array_equal(feet.opacity, 1)
    off = np.degrees(np.arccos((directions(feet.xyz) * directions(found(whole).xyz)).sum(-1)))
    assert off[~own, 0].max() < 10
    np.testing.assert_array_equal(feet.conf[:, RIGHT], np.float32(0.95))


def test_a_long_gap_stays_empty() -> None:
    feet = found(contradicted(scene(frames=FRAMES), slice(20, 20 + 18)))
    assert np.isnan(feet.xyz[22:36][:, LEFT]).all()
    assert not feet.opacity[22:36][:, LEFT].any()
    assert np.isfinite(feet.xyz[:, RIGHT]).all()


def test_gaps_at_the_ends_are_not_bridged() -> None:
    feet = found(contradicted(scene(frames=FRAMES), slice(52, FRAMES)))
    assert np.isnan(feet.xyz[53:][:, LEFT]).all()


def test_a_bridged_foot_goes_with_its_shank() -> None:
    """The left knee comes forward meanwhile; the foot keeps its angle to the shank."""
    one = contradicted(scene(frames=FRAMES), slice(28, 31))
    xyz = one.xyz.copy()
    knee, ankle = JOINT["left_knee"], JOINT["left_ankle"]
    bent = xyz[29, knee] + (0.0, 0.0, -0.25)
    shank = np.linalg.norm(xyz[29, knee] - xyz[29, ankle])
    xyz[29, knee] = xyz[29, ankle] + shank * (bent - xyz[29, ankle]) / np.linalg.norm(
        bent - xyz[29, ankle]
    )
    before, after = (directions(found(each).xyz)[29, 0] for each in (one, one._replace(xyz=xyz)))
    along = [each[29, knee] - each[29, ankle] for each in (one.xyz, xyz)]
    angles = [
        np.degrees(np.arccos(foot @ shin / np.linalg.norm(shin)))
        for foot, shin in zip((before, after), along, strict=True)
    ]
    # The lifted knee also tells of the sightings on either side, with which frames are averaged.
    assert angles[1] == pytest.approx(angles[0], abs=3)
    assert np.degrees(np.arccos(before @ after)) > 20


def test_sightings_that_contradict_each_other_are_not_joined() -> None:
    """Left out in between, the person has turned round: a foot does not do so in a third of a
    second."""
    parts = [scene(heading, frames=20) for heading in (0.0, 170.0)]
    both = DetectedPoses(
        *(np.concatenate(each) for each in zip(*(p.detected for p in parts), strict=True))
    )
    # Against the hips' line the feet are alike: the body has to stay for them to be opposite.
    still = np.repeat(parts[0].xyz[:1], 40, axis=0)
    one = contradicted(Scene(both, still, np.arange(40) / 30), slice(16, 24))
    feet = found(one)
    assert np.isnan(feet.xyz[19:21][:, LEFT]).all()


def test_live_a_foot_is_held_then_fades_then_goes() -> None:
    one = contradicted(scene(frames=FRAMES), slice(30, FRAMES))
    feet = found(one, hold=True)
    last = int(np.flatnonzero(told(feet))[-1])
    age = one.time_s - one.time_s[last]
    held = (age > 0) & (age < LONGEST_GAP_S)
    assert np.isfinite(feet.xyz[held][:, LEFT]).all()
    assert np.isnan(feet.conf[held][:, LEFT]).all()
    firm = feet.opacity[held, 0]
    np.testing.assert_allclose(firm[age[held] <= LONGEST_GAP_S / 2 - 1e-9], 1)
    assert (np.diff(firm) <= 0).all()
    assert 0 < firm[-1] < 0.2
    assert np.isnan(feet.xyz[age > LONGEST_GAP_S + 1e-9][:, LEFT]).all()
    assert np.isnan(found(one).xyz[held][:, LEFT]).all(), "only while nobody knows what comes"


def test_live_none_appears_or_vanishes_from_one_frame_to_the_next() -> None:
    """Gone for a second, then back; and gone for so short that it has not faded away by then."""
    for gap in (slice(20, 40), slice(20, 34)):
        one = contradicted(scene(frames=FRAMES), gap)
        feet = found(one, hold=True)
        firm = feet.opacity[:, 0]
        assert firm[15] == pytest.approx(1)
        assert firm[-1] == pytest.approx(1)
        assert np.abs(np.diff(firm)).max() < 1 / 30 / RISE_S + 0.02
        assert np.isfinite(feet.conf[-1]).all(), "while it rises it is told by the detector itself"
        np.testing.assert_allclose(found(one).opacity[np.isfinite(found(one).xyz[..., 0])], 1)


def test_the_live_lifter_holds_them() -> None:
    one = contradicted(scene(10.0, frames=30), slice(24, 30))
    live = LiveLifter(Lifter(device="cpu"), delay=0, level=Level(UP.astype(np.float32), 1.0))
    poses = []
    for row, time_s in enumerate(one.time_s.tolist()):
        xy, conf, world, feet = (each[row] for each in one.detected)
        live.push(xy, conf, SIZE, time_s, world=world, feet=feet)
        if row >= 18:
            poses.append(live.lift())
    last = poses[-1]
    assert last is not None
    assert np.isfinite(last.feet.xyz).all()
    assert np.isnan(last.feet.conf[LEFT]).all()
    assert np.isfinite(last.feet.conf[RIGHT]).all()
