"""What sending costs, how long it takes to a receiver in another process, and what is lost."""

from __future__ import annotations

import os
import time

import numpy as np
import psutil
import pytest

from app.packets import Pose3D
from app.stream_out.sender import Sender
from app.stream_out.targets import Channel, LslTarget, OscTarget
from models.skeleton import JOINT_COUNT
from tests.support.live_receivers import Receiver, wait_for_lsl
from tests.support.skeletons import performed

pytestmark = [pytest.mark.timing, pytest.mark.slow]
RATE = 30.0
SECONDS = 4
NOTHING = np.zeros(JOINT_COUNT, np.bool_)
ALL = np.ones(JOINT_COUNT, np.float32)


class Heard(LslTarget):
    """Sends nothing before somebody listens."""

    def open(self) -> Channel:
        channel = super().open()
        wait_for_lsl(channel)
        return channel


def test_thirty_poses_a_second_arrive_at_once_and_whole() -> None:
    name = f"bench-{os.getpid()}"
    xyz = (performed(SECONDS, rigid=True) * (1, -1, -1)).astype(np.float32)
    with Receiver("vmc", 0) as avatar, Receiver("lsl", name) as recorder:
        senders = [Sender(OscTarget(port=avatar.port)), Sender(Heard(name))]
        recorder.connected()
        began, cpu = time.perf_counter(), psutil.Process().cpu_times()
        stamps = []
        for number, joints in enumerate(xyz):
            time.sleep(max(0.0, began + number / RATE - time.perf_counter()))
            at = time.perf_counter()
            stamps.append(at)
            for sender in senders:
                sender.put(Pose3D(number, number / RATE, joints, NOTHING, NOTHING, at, at, at), ALL)
        took, spent = time.perf_counter() - began, psutil.Process().cpu_times()
        for sender in senders:
            assert sender.close()
        frames, take = avatar.frames(), recorder.take()
    share = (spent.user + spent.system - cpu.user - cpu.system) / took
    sent_ms = [sender.figures().median_ms for sender in senders]
    vmc_ms = [1000 * (frame.at - stamps[0] - frame.time_s) for frame in frames]
    lsl_ms = 1000 * (np.array(take.arrived) - take.stamps)
    for label, each in (("VMC", vmc_ms), ("LSL", lsl_ms)):
        print(
            f"\n{label}: {len(each)} of {len(xyz)} poses arrived, {len(each) / took:.1f} a second; "
            f"{np.median(each):.1f} ms to the receiver (95 %: {np.percentile(each, 95):.1f} ms)",
            end="",
        )
    print(f"\nsending: {sent_ms} ms, {100 * share:.0f} % of a processor for both")
    assert len(frames) == len(take.stamps) == len(xyz), "nothing is lost"
    assert np.median(vmc_ms) < 50
    assert np.median(lsl_ms) < 50
