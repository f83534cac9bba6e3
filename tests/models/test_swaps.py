"""Left-right swaps: found where they are, not found where none is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.skeleton import (
    JOINT,
    JOINT_COUNT,
    MIRROR,
    confidence_from_landmarks,
    joints_from_landmarks,
)
from models.swaps import SwapTracker, find_swaps
from tests.support.simulated_detections import Detections, load_pack, simulate

Array = NDArray[np.float64]

# Metres, y down, facing the camera: the person's left is at the image's right.
_STANDING = {
    "pelvis": (0.0, 0.0), "right_hip": (-0.1, 0.0), "right_knee": (-0.11, 0.42),
    "right_ankle": (-0.12, 0.84), "left_hip": (0.1, 0.0), "left_knee": (0.11, 0.42),
    "left_ankle": (0.12, 0.84), "spine": (0.0, -0.25), "thorax": (0.0, -0.5),
    "nose": (0.0, -0.68), "head": (0.0, -0.7), "left_shoulder": (0.18, -0.5),
    "left_elbow": (0.24, -0.22), "left_wrist": (0.28, 0.04), "right_shoulder": (-0.18, -0.5),
    "right_elbow": (-0.24, -0.22), "right_wrist": (-0.28, 0.04),
}  # fmt: skip
_PERSON = np.array([_STANDING[name] for name in JOINT])
_ALL_SEEN = np.ones(JOINT_COUNT)


def walking(frames: int, rate: float = 30.0, seed: int = 0) -> Array:
    """(N, 17, 2) pixels: walks across the picture, arms and legs swinging, some noise."""
    time_s = np.arange(frames) / rate
    xy = np.repeat(_PERSON[None], frames, axis=0)
    swing = 0.12 * np.sin(2 * np.pi * time_s)[:, None]
    xy[:, [JOINT["left_wrist"], JOINT["right_ankle"]], 1] += swing
    xy[:, [JOINT["right_wrist"], JOINT["left_ankle"]], 1] -= swing
    xy[..., 0] += 0.3 * np.sin(time_s)[:, None]
    noise = np.random.default_rng(seed).normal(size=xy.shape)
    return 300 + 200 * (xy + 0.005 * noise)


def exchanged(values: Array, frames: NDArray[np.bool_]) -> Array:
    result = values.copy()
    result[frames] = values[frames][:, MIRROR]
    return result


def seen(frames: int) -> Array:
    return np.ones((frames, JOINT_COUNT))


@st.composite
def stretches(draw: st.DrawFn, frames: int = 120) -> NDArray[np.bool_]:
    """Swapped in up to three stretches of up to 12 frames, at least 5 frames apart, a third in all.

    None from the first frame on: of who begins so for 2 s and then changes once, it cannot be known
    which was the exchange.
    """
    swapped = np.zeros(frames, dtype=bool)
    start = draw(st.integers(1, 30))
    for _ in range(draw(st.integers(0, 3))):
        length = draw(st.integers(1, 12))
        swapped[start : start + length] = True
        start += length + draw(st.integers(5, 30))
    swapped[-5:] = False
    return swapped


@settings(deadline=None, max_examples=25)
@given(stretches(), st.sampled_from([10.0, 30.0, 60.0]), st.integers(0, 1000))
def test_injected_swaps_are_found_exactly(
    swapped: NDArray[np.bool_], rate: float, seed: int
) -> None:
    xy = exchanged(walking(len(swapped), rate, seed), swapped)
    found = find_swaps(xy, seen(len(xy)), np.arange(len(xy)) / rate)
    np.testing.assert_array_equal(found, swapped)


@settings(deadline=None, max_examples=25)
@given(
    st.integers(0, 10_000),
    st.integers(1, 60),
    st.floats(0, 1),
    st.sampled_from([0.0, 0.2, 0.9]),
    st.sampled_from([1 / 60, 1 / 30, 0.4]),
)
def test_a_repaired_sequence_needs_no_repair(
    seed: int, frames: int, noise: float, absent: float, frame_s: float
) -> None:
    """Also for nonsense: half noise, joints and people missing, odd times."""
    rng = np.random.default_rng(seed)
    xy = exchanged(walking(frames), rng.random(frames) < 0.3)
    xy += 100 * noise * rng.normal(size=xy.shape)
    conf = rng.random((frames, JOINT_COUNT))
    xy[rng.random(frames) < absent] = np.nan
    conf[rng.random(conf.shape) < absent] = 0.0
    time_s = np.cumsum(rng.exponential(frame_s, frames))
    swapped = find_swaps(xy, conf, time_s)
    repaired = find_swaps(exchanged(xy, swapped), exchanged(conf, swapped), time_s)
    assert not repaired.any()


@settings(deadline=None, max_examples=20)
@given(st.floats(0.01, 100), st.floats(-1000, 1000), stretches())
def test_size_and_place_of_the_person_do_not_matter(
    scale: float, shift: float, swapped: NDArray[np.bool_]
) -> None:
    xy = exchanged(walking(len(swapped)), swapped)
    np.testing.assert_array_equal(find_swaps(shift + scale * xy, seen(len(xy))), swapped)


def test_the_causal_form_sees_a_swap_when_it_begins_and_when_it_ends() -> None:
    swapped = np.zeros(90, dtype=bool)
    swapped[[30, *range(50, 62)]] = True
    xy = exchanged(walking(90), swapped)
    tracker = SwapTracker()
    found = [tracker.step(frame, _ALL_SEEN, index / 30) for index, frame in enumerate(xy)]
    np.testing.assert_array_equal(found, swapped)


def test_the_causal_form_comes_back_from_a_wrong_belief() -> None:
    """Swapped from the start, so that the first change looks like the beginning of a swap."""
    swapped = np.arange(240) < 30
    xy = exchanged(walking(240), swapped)
    tracker = SwapTracker()
    found = np.array([tracker.step(frame, _ALL_SEEN, i / 30) for i, frame in enumerate(xy)])
    assert found[30:40].all(), "the change itself was not noticed"
    assert not found[-60:].any()


def test_most_frames_are_right() -> None:
    """A clip that starts swapped: the few frames before the change, not the many after it."""
    swapped = np.arange(120) < 12
    xy = exchanged(walking(120), swapped)
    np.testing.assert_array_equal(find_swaps(xy, seen(120)), swapped)


def test_turning_round_is_no_swap() -> None:
    """Half a turn in 0.4 s: the sides truly change places."""
    for rate in (15.0, 30.0, 60.0):
        time_s = np.arange(int(3 * rate)) / rate
        yaw = np.pi * np.clip((time_s - 1) / 0.4, 0, 1)
        xy = walking(len(time_s), rate)
        centre = xy[:, :1, 0]
        xy[..., 0] = centre + np.cos(yaw)[:, None] * (xy[..., 0] - centre)
        assert not find_swaps(xy, seen(len(xy)), time_s).any()


def test_crossed_arms_are_no_swap() -> None:
    xy = walking(90)
    wrists = [JOINT["left_wrist"], JOINT["right_wrist"]]
    elbows = [JOINT["left_elbow"], JOINT["right_elbow"]]
    for pair in (wrists, elbows):
        xy[30:60, pair] = xy[30:60, pair[::-1]]
    conf = seen(90)
    assert not find_swaps(xy, conf).any()
    conf[:, [JOINT[name] for name in ("left_knee", "right_knee", "left_ankle", "right_ankle")]] = 0
    assert not find_swaps(xy, conf).any()


def test_swaps_are_found_with_the_legs_out_of_sight() -> None:
    swapped = np.zeros(90, dtype=bool)
    swapped[40:47] = True
    xy = exchanged(walking(90), swapped)
    conf = seen(90)
    legs = [JOINT[side + name] for side in ("left_", "right_") for name in ("knee", "ankle")]
    conf[:, legs] = 0.02
    xy[:, legs] += 60 * np.random.default_rng(0).normal(size=(90, 4, 2))
    np.testing.assert_array_equal(find_swaps(xy, conf), swapped)


def test_guesses_for_hidden_joints_prove_nothing() -> None:
    """Arms and legs out of sight change sides for a while; shoulders and hips do not."""
    hidden = [JOINT[side + part] for side in ("left_", "right_")
              for part in ("elbow", "wrist", "knee", "ankle")]  # fmt: skip
    xy, conf = walking(90), seen(90)
    xy[40:50, hidden] = xy[40:50][:, [MIRROR[joint] for joint in hidden]]
    conf[:, hidden] = 0.05
    assert not find_swaps(xy, conf).any()


def test_a_swap_over_a_short_absence_is_found_and_a_long_one_starts_anew() -> None:
    for absent, expected in ((10, True), (60, False)):
        frames = 30 + absent + 30
        swapped = np.arange(frames) >= 30 + absent
        swapped[-15:] = False
        xy = exchanged(walking(frames), swapped)
        xy[30 : 30 + absent] = np.nan
        found = find_swaps(xy, seen(frames))
        assert not found[: 30 + absent].any()
        if expected:
            np.testing.assert_array_equal(found, swapped)
    xy = exchanged(walking(120), np.arange(120) >= 60)
    xy[30:61] = np.nan
    assert not find_swaps(xy, seen(120)).any(), "positions of a second ago decided"


def test_absent_people_and_nan_confidence_are_not_swapped() -> None:
    xy = np.full((5, JOINT_COUNT, 2), np.nan)
    conf = np.full((5, JOINT_COUNT), np.nan)
    assert find_swaps(xy, conf).tolist() == [False] * 5
    assert SwapTracker().step(xy[0], conf[0]) is False
    assert find_swaps(xy[:0], conf[:0]).shape == (0,)
    assert find_swaps(walking(1), seen(1)).tolist() == [False]
    assert not find_swaps(np.zeros((9, JOINT_COUNT, 2)), seen(9)).any(), "all joints in one point"


def test_causal_and_whole_agree_on_the_costs() -> None:
    """The last frame's decision is the same: nothing comes after it."""
    rng = np.random.default_rng(3)
    for _ in range(20):
        xy = exchanged(walking(40), rng.random(40) < 0.2)
        xy[rng.random(40) < 0.2] = np.nan
        conf = rng.random((40, JOINT_COUNT))
        time_s = np.cumsum(rng.uniform(0.01, 0.5, 40))
        tracker = SwapTracker()
        causal = [tracker.step(xy[i], conf[i], time_s[i]) for i in range(40)]
        assert causal[-1] == find_swaps(xy, conf, time_s)[-1]


@pytest.mark.slow
def test_precision_and_recall_on_simulated_detections(shared: Path) -> None:
    clips = [
        clip
        for name in ("cmu120", "cmu_actions120", "reactidle24")
        for clip in load_pack(shared / "mocap" / f"{name}.mcp")
        if len(clip[1]) > 4 * clip[0]
    ]
    rng = np.random.default_rng(7)
    takes = [simulate(rng, *clips[rng.integers(len(clips))]) for _ in range(300)]
    found = [find_swaps(take.xy, take.conf, take.time_s) for take in takes]
    precision, recall = _figures(takes, found)
    assert precision > 0.94
    assert recall > 0.9
    precision, recall = _figures(takes, [_causally(take) for take in takes])
    assert precision > 0.8
    assert recall > 0.7


def _causally(take: Detections) -> NDArray[np.bool_]:
    tracker = SwapTracker()
    steps = zip(take.xy, take.conf, take.time_s.tolist(), strict=True)
    return np.array([tracker.step(*step) for step in steps])


def _figures(takes: list[Detections], found: list[NDArray[np.bool_]]) -> tuple[float, float]:
    clear = np.concatenate([take.clear for take in takes])
    true = np.concatenate([take.swapped for take in takes])[clear]
    said = np.concatenate(found)[clear]
    right = np.sum(true & said)
    return float(right / said.sum()), float(right / true.sum())


@pytest.mark.parametrize("camera", ["cam01", "cam02", "cam03", "cam04"])
def test_none_is_found_in_real_footage_without_swaps(shared: Path, camera: str) -> None:
    """Compared with the reference of four cameras, no frame of these clips is swapped."""
    path = shared / "realeval" / "p2s_cgwoman" / f"mediapipe_full_{camera}.npz"
    landmarks = np.load(path)["lm"]
    xy = joints_from_landmarks(landmarks[..., :2])
    conf = confidence_from_landmarks(landmarks[..., 3])
    assert not find_swaps(xy, conf, np.arange(len(xy)) / 60).any()
    swapped = np.zeros(len(xy), dtype=bool)
    swapped[[20, *range(40, 55)]] = True
    found = find_swaps(exchanged(xy, swapped), exchanged(conf, swapped), np.arange(len(xy)) / 60)
    np.testing.assert_array_equal(found, swapped)
