"""Windows lifted before the clip has ended: the same poses, and hardly any window twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from app.bench.network import moving_person
from models.ahead import Ahead
from models.lifter import Lifted, LiftedAhead, Lifter
from models.skeleton import JOINT, MIRROR

SIZE = (1280, 720)
Clip = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Joints, confidences, depths and times."""


@pytest.fixture(scope="module")
def lifter() -> Lifter:
    torch.set_num_threads(1)
    return Lifter(device="cpu", workers=2)


def person(count: int, rate: float = 30.0) -> Clip:
    xy = (moving_person(count, 2)[0].numpy() * 200 + 400).astype(np.float32)
    conf = np.full((count, 17), 0.9, np.float32)
    depth = moving_person(count, 3)[0, ..., 2].numpy()
    return xy, conf, depth, np.arange(count) / rate


def exchanged(clip: Clip) -> Clip:
    """With sides exchanged for a while, nobody for a while, and a hidden wrist that comes back."""
    xy, conf, depth, time_s = clip
    xy[50:58] = xy[50:58][:, MIRROR]
    conf[100:106], xy[100:106] = 0.0, np.nan
    conf[70:80, JOINT["left_wrist"]] = 0.05
    return xy, conf, depth, time_s


def with_a_hole(clip: Clip) -> Clip:
    xy, conf, depth, time_s = clip
    time_s[90:] += 5.0
    return xy, conf, depth, time_s


def with_a_late_frame(clip: Clip) -> Clip:
    xy, conf, depth, time_s = clip
    time_s[90:] += 0.02
    return xy, conf, depth, time_s


def lifted_ahead(lifter: Lifter, clip: Clip) -> LiftedAhead:
    ahead = Ahead(lifter, SIZE)
    for row in zip(*clip, strict=True):
        ahead.push(*row)
    return ahead.poses


def lift(
    lifter: Lifter,
    clip: Clip,
    ahead: LiftedAhead,
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int] = SIZE,
) -> tuple[Lifted, int]:
    """The poses, and the windows that were lifted for them at the end."""
    xy, conf, depth, time_s = clip
    counted = []
    run: Callable[..., np.ndarray] = lifter.lift_windows

    def counting(evidence: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        counted.append(len(evidence))
        return run(evidence, size)

    with monkeypatch.context() as patch:
        patch.setattr(lifter, "lift_windows", counting)
        lifted = lifter.lift(xy, conf, size, time_s, depth=depth, ahead=ahead)
    return lifted, sum(counted)


@pytest.mark.parametrize(
    ("clip", "late"),
    [
        (person(200), 1),
        (person(200, rate=25.0), 2),
        (person(300, rate=60.0), 2),
        (exchanged(person(200)), 10),
        (with_a_hole(person(200)), 2),
        (with_a_late_frame(person(200)), 16),
        (person(20), 1),
        (person(27), 0),
    ],
    ids=["30/s", "25/s", "60/s", "swaps and gaps", "two takes", "late frame", "short", "one"],
)
def test_the_same_poses_to_the_last_bit(
    lifter: Lifter, monkeypatch: pytest.MonkeyPatch, clip: Clip, late: int
) -> None:
    expected, windows = lift(lifter, clip, {}, monkeypatch)
    lifted, again = lift(lifter, clip, lifted_ahead(lifter, clip), monkeypatch)
    np.testing.assert_array_equal(lifted.xyz, expected.xyz)
    assert again <= min(late, windows)


def test_frames_long_past_are_not_kept(lifter: Lifter) -> None:
    ahead = Ahead(lifter, SIZE)
    for row in zip(*person(400), strict=True):
        ahead.push(*row)
    assert len(ahead._time_s) < 120


@pytest.mark.parametrize("differs", ["size", "depth", "weights"])
def test_what_another_network_or_picture_gave_is_not_taken(
    lifter: Lifter, monkeypatch: pytest.MonkeyPatch, differs: str
) -> None:
    clip = person(60)
    ahead = lifted_ahead(lifter, clip)
    second = Lifter(device="cpu", use_depth=differs != "depth")
    if differs == "weights":
        second.info = replace(second.info, sha256="0" * 64)
    size = (640, 480) if differs == "size" else SIZE
    _, windows = lift(second, clip, {}, monkeypatch, size)
    assert lift(second, clip, ahead, monkeypatch, size)[1] == windows > 2
