"""Nothing grows with the number of frames."""

from __future__ import annotations

import gc
from collections.abc import Callable

import cv2
import numpy as np
import psutil
import pytest

from app.packets import Frame, Keypoints2D, Pose3D
from app.pipeline import LiveRun, State
from app.pipeline.keypoint_queue import CAPACITY
from tests.support.scripted import ScriptedSource
from tests.support.waiting import until

FRAMES = 500


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_many_frames_leave_nothing_behind(
    live_run: Callable[..., LiveRun], person: np.ndarray
) -> None:
    # Unpaced: as many frames as can be detected, of which the lifter keeps up with only some.
    source = ScriptedSource(FRAMES, picture=cv2.resize(person, (256, 256)))
    run = live_run(lambda: source)
    run.start()
    resident: list[float] = []
    for frames in range(200, FRAMES, 150):
        until(lambda upto=frames: len(source.delivered) > upto, f"{frames} frames", 300)
        run.shown(run.latest().pose.index)
        resident.append(psutil.Process().memory_info().rss / 1e6)
    until(lambda: run.state is State.ENDED, "the end", 300)
    assert alive(Frame) < 6
    assert alive(Pose3D) < 6
    assert CAPACITY <= alive(Keypoints2D) < 2 * CAPACITY + 6
    assert max(resident[1:]) - resident[0] < 20, resident  # all pictures would be 30 MB


def alive(kind: type) -> int:
    gc.collect()
    return sum(type(each) is kind for each in gc.get_objects())
