"""A part of a motion: its frames, its times, its events, and what it says of itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import ExportError
from app.motion.angles import ANGLE_COUNT
from app.motion.data import Event, MotionData
from app.motion.selection import Selection, nearest_rows, select
from tests.support.motion import ORIGIN, motion

FRAMES = 50


def whole() -> MotionData:
    """50 frames at 25 frames/s in a room, with a hole in their numbers and four events."""
    events = (Event(-0.01, "before"), Event(0.49, "a"), Event(1.19, "b"), Event(3.0, "late"))
    return replace(
        motion(FRAMES),
        frame=np.arange(FRAMES) + np.where(np.arange(FRAMES) < 10, 0, 1),
        root=np.random.default_rng(1).normal(size=(FRAMES, 3)),
        angles=np.random.default_rng(2).normal(size=(FRAMES, ANGLE_COUNT)),
        contacts=np.random.default_rng(3).uniform(size=(FRAMES, 2)) < 0.5,
        events=events,
    )


def test_every_row_is_the_row_of_the_whole() -> None:
    data = whole()
    part = select(data, Selection(0.4, 1.2))
    rows = slice(10, 31)  # frames at 0.40 s and at 1.20 s belong to it
    assert part.frame.tolist() == data.frame[rows].tolist()
    np.testing.assert_allclose(part.time_s, data.time_s[rows] - 0.4)
    assert part.time_s[0] == 0
    of_frames = ("tracked", "xyz", "conf", "filled", "missing", "xy", "root", "angles", "contacts")
    for name in of_frames:
        np.testing.assert_array_equal(getattr(part, name), getattr(data, name)[rows])
    np.testing.assert_array_equal(part.axes, data.axes)
    assert part.size == data.size


def test_it_says_where_it_was() -> None:
    dropped = np.arange(FRAMES) * 2
    part = select(whole(), Selection(0.4, 1.2), dropped).provenance
    assert part.selection == {
        "first_frame": 11,
        "last_frame": 31,
        "start_s": 0.4,
        "end_s": 1.2,
        "of_frames": 50,
        "of_s": 1.96,
    }
    assert part.dropped == 40
    assert ORIGIN.started_at is not None
    assert part.started_at == ORIGIN.started_at + timedelta(seconds=0.4)


def test_an_event_goes_with_the_frame_nearest_to_it() -> None:
    data = whole()
    assert nearest_rows(data).tolist() == [0, 12, 30, 49]
    # 1.19 s is nearest to the frame at 1.20 s, which is left out.
    assert select(data, Selection(0.4, 1.19)).events == (Event(pytest.approx(0.09), "a"),)
    both = select(data, Selection(0.4, 1.2)).events
    assert both == (Event(pytest.approx(0.09), "a"), Event(pytest.approx(0.79), "b"))
    assert [event.label for event in select(data, Selection(1.5)).events] == ["late"]
    assert [event.label for event in select(data, Selection(None, 0.1)).events] == ["before"]


def test_all_of_it_is_itself_and_none_of_it_is_refused() -> None:
    data = whole()
    assert select(data, Selection()) is data
    assert len(select(data, Selection(0.0, 99.0)).frame) == FRAMES
    with pytest.raises(ExportError, match=r"no frame in that selection: the whole has 1\.96 s"):
        select(data, Selection(5.0))
    with pytest.raises(ExportError, match="no frame"):
        select(data, Selection(0.41, 0.43))


@settings(max_examples=50, deadline=None)
@given(first=st.integers(0, 49), last=st.integers(0, 49))
def test_the_times_of_two_frames_select_what_lies_between(first: int, last: int) -> None:
    first, last = sorted((first, last))
    data = motion(FRAMES)
    ends = [float(f"{data.time_s[row]:.6f}") for row in (first, last)]  # as a table shows them
    part = select(data, Selection(*ends))
    assert part.frame.tolist() == list(range(first, last + 1))
