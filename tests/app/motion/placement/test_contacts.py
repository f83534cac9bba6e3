from __future__ import annotations

import numpy as np
import pytest

from app.motion.ground import ANKLE_M
from app.motion.placement.contacts import find_contacts, runs

UP = np.array([0.0, -1.0, 0.0])
FLOOR_M = 1.2
RATE = 30


def _found(left: np.ndarray, seen: np.ndarray | None = None, rate: float = RATE) -> np.ndarray:
    """Contacts of the left foot for ankles (N, 3) as (x, height, depth)."""
    count = len(left)
    ankle = np.stack([left[:, 0], FLOOR_M - left[:, 1], left[:, 2]], axis=1)
    ankles = np.stack([ankle, ankle + [0.2, 0, 0]], axis=1)
    slopes = ankles[..., :2] / ankles[..., 2:]
    visible = np.ones((count, 2), bool)
    if seen is not None:
        visible[:, 0] = seen
    times = np.arange(count) / rate
    return find_contacts(times, slopes, ankles, visible, UP, FLOOR_M)[:, 0]


def _step(rate: float = RATE) -> np.ndarray:
    """One second of standing, 0.4 s of a step of 0.5 m, one second of standing."""
    t = np.arange(round(2.4 * rate)) / rate
    share = np.clip((t - 1.0) / 0.4, 0, 1)
    height = ANKLE_M + 0.06 * np.sin(np.pi * share) ** 2
    return np.stack([0.5 * share**2 * (3 - 2 * share), height, np.full_like(t, 3.0)], axis=1)


@pytest.mark.parametrize("rate", [25, 30, 60])
def test_a_step_is_between_two_contacts(rate: int) -> None:
    stands = runs(_found(_step(rate), rate=rate))
    assert len(stands) == 2
    assert stands[0][0] == 0
    assert stands[0][1] / rate == pytest.approx(1.06, abs=0.08)
    assert stands[1][0] / rate == pytest.approx(1.34, abs=0.08)


def test_the_detectors_tremble_does_not_end_a_contact() -> None:
    still = np.tile([0.0, ANKLE_M, 3.0], (90, 1))
    still[:, :2] += np.random.default_rng(0).normal(0, 0.004, (90, 2))
    assert _found(still).mean() > 0.95


def test_a_foot_held_still_in_the_air_does_not_stand() -> None:
    lifted = np.tile([0.0, ANKLE_M + 0.3, 3.0], (60, 1))
    assert not _found(lifted).any()


def test_a_foot_that_glides_over_the_floor_does_not_stand() -> None:
    t = np.arange(60) / RATE
    assert not _found(np.stack([0.8 * t, np.full(60, ANKLE_M), np.full(60, 3.0)], axis=1)).any()


def test_hysteresis_keeps_a_contact_but_does_not_begin_one() -> None:
    t = np.arange(60) / RATE
    creeping = np.stack([0.22 * t, np.full(60, ANKLE_M), np.full(60, 3.0)], axis=1)
    assert not _found(creeping).any()
    stopped = creeping.copy()
    stopped[30:, 0] = stopped[30, 0]
    assert _found(stopped).all()


def test_what_is_not_seen_does_not_stand() -> None:
    seen = np.ones(60, bool)
    seen[20:40] = False
    still = np.tile([0.0, ANKLE_M, 3.0], (60, 1))
    assert _found(still, seen).tolist() == seen.tolist()


def test_a_moment_is_no_contact() -> None:
    fast = np.stack([np.arange(60) * 0.05, np.full(60, ANKLE_M), np.full(60, 3.0)], axis=1)
    fast[30:, 0] -= 0.05  # one frame of rest
    assert not _found(fast).any()


def _slip(height: float = 0.0, frames: int = 6, back: float = 0.0) -> np.ndarray:
    """Whether a foot that jumps away for some frames, and comes back, is held meanwhile."""
    ankle = np.tile([0.0, ANKLE_M, 3.0], (90, 1))
    ankle[40 : 40 + frames] += [0.3, height, 0.0]
    ankle[40 + frames :, 0] += back
    return _found(ankle)[40 : 40 + frames]


def test_an_ankle_taken_for_the_other_for_a_moment_has_not_left() -> None:
    assert _slip().all()
    assert not _slip(height=0.3).any()
    assert not _slip(frames=20).all()
    assert not _slip(back=0.15).all()


@pytest.mark.parametrize("frames", [0, 1, 2])
def test_hardly_any_frames(frames: int) -> None:
    assert _found(np.tile([0.0, ANKLE_M, 3.0], (frames, 1))).shape == (frames,)


def test_runs() -> None:
    assert runs(np.array([True, True, False, True])) == [(0, 2), (3, 4)]
    assert runs(np.zeros(3, bool)) == []
