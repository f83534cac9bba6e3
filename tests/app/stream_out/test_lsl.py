"""What a receiver of the Lab Streaming Layer in another process gets, and who can be one."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import psutil
import pylsl
import pytest

from app.errors import LiveOutError
from app.packets import Pose3D
from app.stream_out.lsl import CHANNELS, LslChannel
from models.skeleton import FOOT_JOINT_COUNT, FOOT_JOINT_NAMES, JOINT, JOINT_COUNT, JOINT_NAMES
from tests.support.live_receivers import LslTake, Receiver, wait_for_lsl

NO_LEFT_TOE = np.array([[0.0], [0.0], [np.nan], [0.0]], np.float32)
NOTHING = np.zeros(JOINT_COUNT, np.bool_)


def poses(count: int) -> list[Pose3D]:
    """A second ago and later, 33 ms apart, in camera axes (y down)."""
    rng = np.random.default_rng(0)
    began = time.perf_counter() - 1.0
    missing = NOTHING.copy()
    missing[JOINT["left_ankle"]] = True
    return [
        Pose3D(
            number,
            number / 30,
            rng.normal(size=(JOINT_COUNT, 3)).astype(np.float32),
            NOTHING,
            missing,
            began + number / 30,
            0.0,
            0.0,
            feet=rng.normal(size=(FOOT_JOINT_COUNT, 3)).astype(np.float32) + NO_LEFT_TOE,
            feet_conf=np.array([0.9, np.nan, 0.8, 0.7], np.float32),
        )
        for number in range(count)
    ]


def confidence() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    conf = np.linspace(0.5, 1, JOINT_COUNT, dtype=np.float32)
    conf[[JOINT["left_ankle"], JOINT["nose"]]] = np.nan
    return conf


def received(name: str, sent: list[Pose3D]) -> LslTake:
    with Receiver("lsl", name) as receiver:
        channel = LslChannel(name, network=False)
        receiver.connected()
        wait_for_lsl(channel)
        for pose in sent:
            assert channel.send(pose, confidence())
        take = receiver.take()
        channel.close()
        return take


def clock_offset() -> float:
    """Seconds by which LSL's clock is before ``perf_counter``; the quickest of some looks counts,
    as a busy machine stops a process between the two."""
    looks = []
    for _ in range(20):
        before = time.perf_counter()
        there = pylsl.local_clock()
        after = time.perf_counter()
        looks.append((after - before, there - (before + after) / 2))
    return min(looks)[1]


@pytest.mark.timing
def test_a_receiver_gets_named_channels_and_the_times_of_the_pictures() -> None:
    sent = poses(30)
    offset = clock_offset()
    take = received("mixpose-test", sent)
    assert take.labels == [
        f"{joint}_{part}"
        for joint in (*JOINT_NAMES, *FOOT_JOINT_NAMES)
        for part in ("x", "y", "z", "conf")
    ]
    assert len(take.labels) == 84
    assert set(zip(take.kinds, take.units, strict=True)) == {
        ("PositionX", "meters"), ("PositionY", "meters"), ("PositionZ", "meters"),
        ("Confidence", "normalized"),
    }  # fmt: skip
    assert (take.type, take.rate) == ("MoCap", pylsl.IRREGULAR_RATE)
    assert take.source_id == f"mixpose:mixpose-test@{socket.gethostname()}", "stable"
    assert len(take.samples) == len(sent)
    stamps = np.array(take.stamps) - offset
    np.testing.assert_allclose(stamps, [pose.captured_at for pose in sent], atol=0.002)
    everything = np.array(take.samples, dtype=float).reshape(-1, 21, 4)
    feet = np.stack([pose.feet for pose in sent if pose.feet is not None]) * (1, -1, -1)
    np.testing.assert_allclose(everything[:, JOINT_COUNT:, :3], feet, atol=1e-6)
    told = np.broadcast_to([0.9, np.nan, np.nan, 0.7], (30, 4))  # a held heel has no confidence
    np.testing.assert_allclose(everything[:, JOINT_COUNT:, 3], told, atol=1e-6)
    values = everything[:, :JOINT_COUNT]
    wanted = np.stack([pose.xyz for pose in sent]) * (1, -1, -1)
    ankle, nose = JOINT["left_ankle"], JOINT["nose"]
    wanted[:, ankle] = np.nan
    np.testing.assert_allclose(values[..., :3], wanted, atol=1e-6)
    assert np.isnan(values[:, [ankle, nose], 3]).all()
    assert np.isfinite(values[:, nose, :3]).all(), "bridged: a place, and no confidence"
    np.testing.assert_allclose(values[:, 0, 3], 0.5)


def test_a_stream_is_found_again_by_its_source() -> None:
    """A receiver with ``recover`` goes on when the sender has been started again."""
    first = LslChannel("mixpose-again", network=False)
    (info,) = pylsl.resolve_byprop("name", "mixpose-again", timeout=5)
    inlet = pylsl.StreamInlet(info, recover=True)
    inlet.open_stream(timeout=5)
    sent = poses(2)
    first.send(sent[0], confidence())
    sample, _ = inlet.pull_sample(timeout=5)
    assert sample is not None
    first.close()
    second = LslChannel("mixpose-again", network=False)
    deadline = time.monotonic() + 20
    sample = None
    while sample is None and time.monotonic() < deadline:
        second.send(sent[1], confidence())
        sample, _ = inlet.pull_sample(timeout=0.2)
    second.close()
    assert sample is not None
    np.testing.assert_allclose(sample[0], sent[1].xyz[0, 0], atol=1e-6)


def test_the_network_has_to_be_asked_for_at_the_start() -> None:
    LslChannel("mixpose-alone", network=False).close()
    with pytest.raises(LiveOutError, match="To send by LSL to other computers too, start"):
        LslChannel("mixpose-alone", network=True)


@pytest.mark.skipif(sys.platform != "linux", reason="counts what Linux shows")
def test_no_handle_is_left() -> None:
    def handles() -> int:
        return psutil.Process().num_fds()

    LslChannel("mixpose-handles", network=False).close()
    before = handles()
    for _ in range(3):
        LslChannel("mixpose-handles", network=False).close()
    assert handles() == before


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it cannot be done at all")
@pytest.mark.parametrize("obstacle", ["refused", "not found"])
def test_a_stream_that_cannot_be_kept_from_others_is_refused(
    monkeypatch: pytest.MonkeyPatch, obstacle: str
) -> None:
    LslChannel("mixpose-open", network=False).close()
    before = psutil.Process().num_fds()

    class Unprivileged(socket.socket):
        """As before Linux 5.7."""

        def setsockopt(self, *args: object) -> None:
            if args[1] == socket.SO_BINDTODEVICE:
                raise PermissionError(errno.EPERM, "Operation not permitted")
            super().setsockopt(*args)  # type: ignore[call-overload]

    if obstacle == "refused":
        monkeypatch.setattr(socket, "socket", Unprivileged)
    else:
        monkeypatch.setattr(os, "listdir", lambda _path: [])
    with pytest.raises(LiveOutError, match=r"kept to this computer .*mixpose-open@network\."):
        LslChannel("mixpose-open", network=False)
    monkeypatch.undo()
    assert psutil.Process().num_fds() == before, "nothing listens any more"


def test_there_are_four_channels_a_joint() -> None:
    assert len(CHANNELS) == len(set(CHANNELS)) == 84


@contextmanager
def other_computer() -> Iterator[tuple[str, tuple[str, ...]]]:
    """A network with another computer in it: our address there, and how to run something on it."""
    ip = shutil.which("ip")
    if ip is None or sys.platform != "linux":
        pytest.skip("NOT PROVEN: there is no ip command (apt install iproute2)")
    there = f"mixpose{os.getpid()}"
    here, far = f"mp{os.getpid()}a"[:15], f"mp{os.getpid()}b"[:15]
    steps = [
        f"netns add {there}",
        f"link add {here} type veth peer name {far} netns {there}",
        f"addr add 10.219.73.1/24 dev {here}",
        f"link set {here} up",
        f"-n {there} addr add 10.219.73.2/24 dev {far}",
        f"-n {there} link set {far} up",
        f"-n {there} link set lo up",
    ]
    try:
        for step in steps:
            done = subprocess.run([ip, *step.split()], capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"NOT PROVEN: a network cannot be made here: {done.stderr.strip()}")
        yield "10.219.73.1", (ip, "netns", "exec", there)
    finally:
        subprocess.run([ip, "netns", "del", there], capture_output=True, check=False)


_STREAM = """
import sys, time
from app.stream_out.lsl import LslChannel
channel = LslChannel("mixpose-far", network=sys.argv[1] == "network")
root = channel._outlet.get_info().desc().parent()
print(root.child_value("v4data_port"), flush=True)
sys.stdin.read()
"""
_REACH = """
import socket, sys
try:
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=3):
        print("reached")
except OSError as error:
    print("not reached")
"""


@pytest.mark.parametrize("scope", ["alone", "network"])
def test_another_computer_reaches_it_only_if_that_was_asked_for(scope: str) -> None:
    with other_computer() as (address, elsewhere):
        stream = subprocess.Popen(
            [sys.executable, "-c", _STREAM, scope],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        with stream:
            assert stream.stdout is not None
            port = stream.stdout.readline().strip()
            answers = [
                subprocess.run(
                    [*prefix, sys.executable, "-c", _REACH, where, port],
                    capture_output=True, text=True, check=True,
                ).stdout.strip()
                for prefix, where in (((), "127.0.0.1"), (elsewhere, address))
            ]  # fmt: skip
            stream.kill()
    assert answers == ["reached", "reached" if scope == "network" else "not reached"]
