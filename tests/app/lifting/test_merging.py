"""Stretches put together: who is who, what is done again, and what is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.detection.person_tracker import Memory
from app.lifting.clip import Track
from app.lifting.merging import SegmentMerger
from app.lifting.options import LiftOptions
from app.lifting.segments import DetectSegment, Part, Plan, Segment

RATE, LENGTH_S, LEAD_S = 10, 4.0, 1.0
NOBODY, SOMEBODY = Memory({"_followed": None}), Memory({"_followed": "somebody"})
HERE, THERE = 100.0, 400.0


def plan(count: int = 3) -> Plan:
    segments = tuple(
        Segment(
            *(Path("a.mp4"), index, LENGTH_S * index, LENGTH_S * (index + 1)),
            next_s=LENGTH_S * (index + 1) - LEAD_S,
            lead_s=LEAD_S if index else 0.0,
        )
        for index in range(count)
    )
    return Plan("a.mp4", (640, 480), RATE, None, "lite", count * 40, segments)


def part(
    index: int,
    at: float | None = HERE,
    *,
    person: int = 0,
    later: int = 0,
    memory: Memory = SOMEBODY,
    frames: int | None = None,
) -> Part:
    """Somebody (nobody if None) at a place, whose number rises by ``later`` in the last second."""
    segment = plan().segments[index]
    time_s = np.arange(round(segment.from_s * RATE), round(segment.end_s * RATE)) / RATE
    time_s = time_s[:frames]
    count = len(time_s)
    body = np.random.default_rng(0).uniform(-60, 60, (17, 2)) + (0 if at is None else at)
    xy = np.broadcast_to(np.full((17, 2), np.nan) if at is None else body, (count, 17, 2))
    track = Track(
        time_s=time_s,
        tracked=np.full(count, at is not None),
        xy=xy.astype(np.float32),
        conf=np.ones((count, 17), np.float32),
        world=np.zeros((count, 17, 3), np.float32),
        feet=np.zeros((count, 4, 6), np.float32),
        person=(person + later * (time_s >= segment.end_s - 0.5)).astype(np.int64),
        chosen=np.ones(count, bool),
        others=np.full((count, 3, 4), np.nan, np.float32),
    )
    return Part(segment, track, frames is None, ended=False, faults=(), memory=memory)


def unit(index: int, memory: Memory | None = None) -> DetectSegment:
    return DetectSegment(plan().segments[index], LiftOptions(), memory)


def joined(*parts: Part) -> SegmentMerger:
    joining = SegmentMerger(plan())
    for each in parts:
        assert joining.again(each, unit(each.segment.index)) is None
        joining.add(each, unit(each.segment.index))
    return joining


def test_one_person_is_one_person() -> None:
    clip = joined(part(0), part(1), part(2)).clip()
    np.testing.assert_allclose(clip.time_s, np.arange(120) / RATE)
    assert set(clip.track.person.tolist()) == {0}
    assert clip.complete


def test_numbers_are_counted_on() -> None:
    clip = joined(part(0, later=1), part(1, person=0), part(2, person=3, later=2)).clip()
    assert clip.track.person[[0, 39, 40, 79, 80, 119]].tolist() == [0, 1, 1, 1, 1, 3]


@pytest.mark.parametrize("other", [THERE, None])
def test_who_is_not_whom_the_one_before_followed_is_found_with_its_memory(
    other: float | None,
) -> None:
    joining = joined(part(0, later=2))
    again = joining.again(part(1, other), unit(1))
    assert again is not None
    assert again.memory is SOMEBODY
    assert joining.again(part(1, other, person=2), again) is None, "once is enough"
    joining.add(part(1, other, person=2), again)
    assert set(joining.clip().track.person[40:].tolist()) == {2}


def test_nobody_at_the_cut_and_somebody_later_may_be_another() -> None:
    joining = joined(part(0, None, memory=SOMEBODY))
    late = part(1)
    gone = np.arange(len(late.track)) < 20
    late = replace(
        late,
        track=replace(
            late.track,
            tracked=~gone,
            xy=np.where(gone[:, None, None], np.nan, late.track.xy).astype(np.float32),
        ),
    )
    again = joining.again(late, unit(1))
    assert again is not None
    assert again.memory is SOMEBODY
    assert joined(part(0, None, memory=NOBODY)).again(late, unit(1)) is None


def test_an_empty_stretch_hands_on_what_the_one_before_knew() -> None:
    joining = joined(part(0, None, later=1, memory=SOMEBODY), part(1, None, memory=NOBODY))
    again = joining.again(part(2), unit(2))
    assert again is not None
    assert again.memory is SOMEBODY
    joining.add(part(2, person=1), again)
    assert joining.clip().track.person[[0, 39, 40, 79, 80]].tolist() == [0, 1, 1, 1, 1]


def test_times_that_differ_are_counted_from_the_beginning() -> None:
    shifted = part(1)
    shifted = replace(shifted, track=replace(shifted.track, time_s=shifted.track.time_s + 0.01))
    again = joined(part(0)).again(shifted, unit(1))
    assert again is not None
    assert not again.segment.sought
    assert again.memory is None


def test_people_who_are_not_told_apart_are_never_looked_for_again() -> None:
    joining = SegmentMerger(plan(), several=False)
    joining.add(part(0), unit(0))
    assert joining.again(part(1, THERE), unit(1)) is None


def test_one_track_goes_over_into_the_other() -> None:
    clip = joined(part(0, HERE), part(1, HERE + 3.0), part(2, HERE + 3.0)).clip()
    x = clip.track.xy[:, 0, 0] - clip.track.xy[0, 0, 0]
    assert x[34] == 0.0
    assert x[40] == pytest.approx(3.0, abs=1e-3)
    assert np.diff(x).max() < 0.8


def test_what_was_stopped_ends_it() -> None:
    joining = joined(part(0), part(1, frames=25))
    assert joining.full
    clip = joining.clip()
    assert len(clip.track) == 40 + 15
    assert not clip.complete
    assert SegmentMerger(plan()).clip().track.xy.shape == (0, 17, 2)


def test_behind_the_end_of_a_film_that_promises_hours_nothing_is_waited_for() -> None:
    long = plan(100)
    joining = SegmentMerger(long)
    for index, segment in enumerate(long.segments[:4]):
        assert not joining.full
        nothing = Track.empty(np.zeros(0))
        track = part(0, frames=25).track if index == 0 else nothing
        joining.add(Part(segment, track, True, ended=True, faults=(), memory=NOBODY), unit(0))
    assert joining.full
    clip = joining.clip()
    assert (len(clip.track), clip.complete) == (25, True)


def test_a_long_gap_in_a_film_is_no_end() -> None:
    long = plan(100)
    joining = SegmentMerger(long)
    nothing = Track.empty(np.zeros(0))
    for segment in long.segments[:20]:
        joining.add(Part(segment, nothing, True, ended=False, faults=(), memory=NOBODY), unit(0))
    assert not joining.full
