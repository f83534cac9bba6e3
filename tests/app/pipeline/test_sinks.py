"""Every pose that is shown goes to the sinks too, and the run does not wait for them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from app.packets import Keypoints2D, Pose3D
from app.pipeline import LiveRun
from app.pipeline.controls import Controls
from app.pipeline.keypoint_queue import KeypointQueue
from app.pipeline.lifting import Lifting
from app.pipeline.results import LatestResults
from app.pipeline.threads import WorkerThreads
from app.stream_out.sender import Sender
from models.feet import Feet
from models.live import LivePose
from models.skeleton import JOINT, MIRROR
from tests.app.stream_out.test_sender import Network
from tests.support.scripted import ScriptedSource
from tests.support.waiting import until

Make = Callable[..., LiveRun]


class Kept:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.poses: list[Pose3D] = []
        self.conf: list[NDArray[np.float32]] = []

    def put(self, pose: Pose3D, conf: NDArray[np.float32]) -> None:
        self.poses.append(pose)
        self.conf.append(conf)


def wait_for_poses(run: LiveRun, count: int) -> None:
    """Until the run has made so many more."""
    before = run.latest().pose
    assert before is not None
    until(lambda: run.latest().pose.index >= before.index + count, f"{count} poses", 60)


@pytest.mark.slow
def test_sinks_get_each_pose_until_they_are_exchanged(
    live_run: Make, person: NDArray[np.uint8]
) -> None:
    first, second = Kept(), Kept()
    run = live_run(lambda: ScriptedSource(rate=30, live=True, picture=person))
    run.send_to(first)
    run.start()
    until(lambda: len(first.poses) > 12, "ten poses")
    run.send_to(second)
    until(lambda: len(second.poses) > 3, "three poses")
    count = len(first.poses)
    indices = [pose.index for pose in first.poses + second.poses]
    assert indices == sorted(indices)
    assert len(set(indices)) > 10
    until(lambda: run.latest().pose is second.poses[-1], "the board to show what was sent")
    assert len(first.poses) == count
    assert all(conf.shape == (17,) and (conf[[1, 4]] > 0.5).all() for conf in first.conf)
    run.send_to()
    wait_for_poses(run, 3)  # the one at work by then is not called back
    count = len(second.poses)
    wait_for_poses(run, 10)
    assert len(second.poses) == count


def test_confidences_are_exchanged_with_the_joints() -> None:
    """Where left was taken for right, both the place and how sure it is belong to the other."""
    threads = WorkerThreads(failed=print, wake=lambda: None)
    controls = Controls(delay=0, height_m=None, loop=False)
    lifting = Lifting(
        controls=controls, results=LatestResults(), keypoint_queue=KeypointQueue(), threads=threads
    )
    kept = Kept()
    lifting.sinks = (kept,)
    conf = np.linspace(0, 1, 17, dtype=np.float32)
    nothing = np.zeros(17, bool)
    lifting._recent.append(
        Keypoints2D(
            0, 0.0, (640, 480), True, np.zeros((33, 5), np.float32), np.zeros((33, 3), np.float32),
            np.zeros((17, 2), np.float32), conf, 0.0, 0.0,
        )
    )  # fmt: skip
    xyz = np.zeros((17, 3), np.float32)
    feet = Feet(np.zeros((4, 3), np.float32), np.zeros(4, np.float32), np.ones(4, np.float32))
    for swapped in (False, True):
        pose = LivePose(xyz, nothing, nothing, swapped, 0, 0.0, feet, None)
        lifting._publish(pose, xyz, 0.0)
    assert kept.poses[0].feet_conf is feet.conf
    assert kept.poses[0].feet_opacity is feet.opacity
    straight, exchanged = kept.conf
    np.testing.assert_array_equal(straight, conf)
    np.testing.assert_array_equal(exchanged, conf[list(MIRROR)])
    assert exchanged[JOINT["left_wrist"]] == conf[JOINT["right_wrist"]]


@pytest.mark.timing
def test_a_receiver_that_hangs_does_not_slow_the_run(
    live_run: Make, person: NDArray[np.uint8]
) -> None:
    network = Network()
    sender = Sender(network)
    run = live_run(lambda: ScriptedSource(rate=30, live=True, picture=person))
    run.start()
    until(lambda: run.latest().stats.poses_per_s > 0, "poses")
    wait_for_poses(run, 45)
    before = run.latest().stats.poses_per_s
    run.send_to(sender)
    wait_for_poses(run, 45)
    assert run.latest().stats.poses_per_s > 0.6 * before
    assert sender.figures().sent == 0
    network.free.set()
    assert run.stop()
    assert sender.close()
    assert network.got == sorted(network.got)
