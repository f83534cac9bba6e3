"""A receiver whose process is stopped, as by a debugger or a machine that swaps."""

from __future__ import annotations

import os
import signal
import time

import numpy as np
import psutil
import pytest

from app.packets import Pose3D
from app.stream_out.sender import CAPACITY, Sender
from app.stream_out.targets import LslTarget, OscTarget, Target
from models.skeleton import JOINT_COUNT
from tests.support.live_receivers import Receiver
from tests.support.skeletons import performed

pytestmark = [pytest.mark.timing, pytest.mark.skipif(os.name == "nt", reason="POSIX signals")]
COUNT = 300
NOTHING = np.zeros(JOINT_COUNT, np.bool_)
ALL = np.ones(JOINT_COUNT, np.float32)


@pytest.mark.parametrize("kind", ["vmc", "lsl"])
def test_it_delays_nobody(kind: str) -> None:
    name = f"still-{os.getpid()}"
    xyz = (performed(1)[0] * (1, -1, -1)).astype(np.float32)
    with Receiver(kind, 0 if kind == "vmc" else name) as receiver:
        target: Target = OscTarget(port=receiver.port) if kind == "vmc" else LslTarget(name)
        sender = Sender(target)
        if kind == "lsl":
            receiver.connected()
        receiver.signal(signal.SIGSTOP)
        before = psutil.Process().memory_info().rss
        slowest = 0.0
        for number in range(COUNT):
            while number - sender.figures().sent >= CAPACITY:
                time.sleep(0.001)
            at = time.perf_counter()
            sender.put(Pose3D(number, number / 30, xyz, NOTHING, NOTHING, at, at, at), ALL)
            slowest = max(slowest, time.perf_counter() - at)
        assert sender.close(10.0)
        figures = sender.figures()
        assert psutil.Process().memory_info().rss - before < 30e6
        receiver.signal(signal.SIGCONT)
    assert figures.sent == COUNT
    assert figures.lost == 0
    assert slowest < 0.5, "the lift thread would have waited"
