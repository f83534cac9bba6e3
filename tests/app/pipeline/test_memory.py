"""Nothing grows with the number of frames."""

from __future__ import annotations

import gc
from collections.abc import Callable

import numpy as np
import psutil
import pytest

from app.pipeline import LiveRun, State
from tests.support.scripted import ScriptedSource
from tests.support.waiting import until


@pytest.mark.slow
def test_thousands_of_frames_leave_nothing_behind(
    live_run: Callable[..., LiveRun], person: np.ndarray
) -> None:
    # Unpaced: a hundred frames a second, of which the lifter keeps up with only some.
    source = ScriptedSource(3000, picture=person)
    run = live_run(lambda: source)
    run.start()
    resident: list[float] = []

    def take() -> None:
        gc.collect()
        resident.append(psutil.Process().memory_info().rss / 1e6)
        run.shown(run.latest().pose.index)

    for frames in range(500, 3000, 250):
        until(lambda upto=frames: len(source.delivered) > upto, f"{frames} frames", 120)
        take()
    until(lambda: run.state is State.ENDED, "the end", 120)
    # One picture is 1 MB, the keypoints of 2500 frames 3 MB: keeping either would show.
    assert max(resident[1:]) - resident[0] < 2.0, resident
