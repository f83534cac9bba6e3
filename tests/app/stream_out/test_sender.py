"""Whoever receives, slowly or not at all, delays nobody."""

from __future__ import annotations

import errno
import threading
import time
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from app.errors import LiveOutError
from app.packets import Pose3D
from app.stream_out import sender as module
from app.stream_out.sender import CAPACITY, Sender
from app.stream_out.targets import LslTarget, OscTarget
from models.skeleton import JOINT_COUNT
from tests.support.waiting import remains, until

NOTHING = np.zeros(JOINT_COUNT, np.bool_)
ALL = np.ones(JOINT_COUNT, np.float32)


@dataclass
class Network:
    """A network whose every move the test decides; no real one hangs or fails on demand."""

    label: str = "a network"
    free: threading.Event = field(default_factory=threading.Event)
    trouble: OSError | Exception | None = None
    got: list[int] = field(default_factory=list)
    closed: bool = False

    def require(self) -> None:
        pass

    def open(self) -> Network:
        return self

    def send(self, pose: Pose3D, conf: NDArray[np.float32]) -> bool:
        self.free.wait(20)
        if self.trouble is not None:
            raise self.trouble
        self.got.append(pose.index)
        return True

    def close(self) -> None:
        self.closed = True


def pose(number: int) -> Pose3D:
    at = time.perf_counter()
    xyz = np.zeros((JOINT_COUNT, 3), np.float32)
    return Pose3D(number, number / 30, xyz, NOTHING, NOTHING, at, at, at)


@pytest.mark.timing
def test_one_that_hangs_delays_nobody_and_takes_no_memory() -> None:
    network = Network()
    sender = Sender(network)
    times = []
    for number in range(5000):
        began = time.perf_counter()
        sender.put(pose(number), ALL)
        times.append(time.perf_counter() - began)
    assert np.median(times) < 0.0005
    assert len(sender._waiting) == CAPACITY
    assert 5000 - CAPACITY - 1 <= sender.figures().lost <= 5000 - CAPACITY
    began = time.monotonic()
    assert not sender.close(0.1)
    assert time.monotonic() - began < 2
    network.free.set()
    until(lambda: network.closed, "the end")
    assert network.got[-1] == 4999, "the newest are kept"
    assert len(network.got) + sender.figures().lost == 5000


def test_trouble_is_said_once_and_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(trouble=OSError(errno.ENETUNREACH, "Network is unreachable"))
    network.free.set()
    sender = Sender(network)
    sender.put(pose(0), ALL)
    until(lambda: sender.error is not None, "the trouble to be said")
    first = sender.error
    for number in range(1, 5):
        sender.put(pose(number), ALL)
    until(lambda: sender.figures().lost == 5, "five losses")
    remains(lambda: sender.error is first, "one error for all in a row", 0.05)
    assert isinstance(first, LiveOutError)
    assert "cannot be sent at the moment (a network): network is unreachable" in str(first)
    assert not sender.failed
    network.trouble = None
    sender.put(pose(5), ALL)
    until(lambda: network.got == [5], "the pose after the trouble")
    monkeypatch.setattr(module, "_PATIENCE_S", 0.0)
    network.trouble = OSError(errno.EPERM, "Operation not permitted")
    sender.put(pose(6), ALL)
    until(lambda: sender.error is not first, "the next trouble to be said")
    assert sender.close()


def test_a_fault_ends_the_sender_and_not_the_program(caplog: pytest.LogCaptureFixture) -> None:
    network = Network(trouble=ZeroDivisionError("unforeseen"))
    network.free.set()
    sender = Sender(network)
    sender.put(pose(0), ALL)
    until(lambda: sender.failed, "the end")
    assert "The log file has the details" in str(sender.error)
    assert "ZeroDivisionError" in caplog.text
    assert network.closed
    sender.put(pose(1), ALL)
    assert sender.close()


def test_no_pose_is_sent_twice_or_after_a_newer_one() -> None:
    network = Network()
    network.free.set()
    sender = Sender(network)
    older, newer = pose(0), pose(1)
    for each in (newer, newer, older):
        sender.put(each, ALL)
    assert sender.close()
    assert network.got == [1]


@pytest.mark.parametrize(
    ("target", "library"), [(OscTarget(), "pythonosc"), (LslTarget(), "pylsl")]
)
def test_without_the_library_it_says_what_to_install(
    target: OscTarget | LslTarget, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.stream_out import targets

    monkeypatch.setattr(targets, "find_spec", lambda name: None if name == library else object())
    with pytest.raises(LiveOutError, match=r"pip install '\.\[live\]'"):
        Sender(target)
