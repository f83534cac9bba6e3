"""The whole live pipeline on the performer, whose exact 3D is known at every moment."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from app.packets import Pose3D
from app.pipeline import BodyInView, LiveRun, State
from app.sources.paced import PacedSource
from app.synthetic.performer.source import PerformerSource
from models.lifter import Lifter
from models.metrics import p_mpjpe
from tests.support.waiting import until

pytestmark = pytest.mark.timing

RATE = 30.0


def error_mm(poses: list[Pose3D], performer: PerformerSource, shift_s: float = 0.0) -> float:
    truth = np.stack([performer.truth(round((each.time_s + shift_s) * RATE)) for each in poses])
    return 1000 * p_mpjpe(np.stack([each.xyz for each in poses]), truth)


@pytest.mark.slow
def test_poses_are_those_of_the_moment_they_claim() -> None:
    performer = PerformerSource(size=(640, 480), rate=RATE)
    run = LiveRun(lambda: PacedSource(performer), lambda: Lifter(device="cpu"), delay=2)
    poses: dict[float, Pose3D] = {}
    run.start()
    try:
        until(lambda: run.latest().pose is not None, "the first pose", 60)
        while run.latest().keypoints.time_s < 4.0:
            until(lambda: run.latest().pose.time_s not in poses, "the next pose")
            pose = run.latest().pose
            poses[pose.time_s] = pose
        shot = run.latest()
        assert shot.state is State.RUNNING
        assert shot.body_in_view is BodyInView.WHOLE
    finally:
        assert run.stop()
    idle = [pose for time_s, pose in poses.items() if time_s > 1.0]
    assert len(idle) > 15
    own = error_mm(idle, performer)
    assert own < 80
    assert own < error_mm(idle, performer, 0.3)
    assert own < error_mm(idle, performer, -0.3)


def test_stopping_wakes_a_reader_that_waits_for_the_performer() -> None:
    performer = PerformerSource(size=(320, 240))
    run = LiveRun(lambda: performer, lambda: Lifter(device="cpu"))
    run.start()
    until(lambda: run.latest().source is not None, "the open source")
    began = time.monotonic()
    run.stop(0)
    until(lambda: not capturing(), "the end of the capture thread")
    assert time.monotonic() - began < 3.0
    assert performer.read() is None, "the performer is still open"


def capturing() -> bool:
    return any(thread.name == "mixpose-capture" for thread in threading.enumerate())
