"""Receivers in processes of their own, built on other people's software alone.

``python live_receivers.py vmc PORT`` (python-osc's server; port 0 takes a free one) or
``lsl NAME`` (pylsl's inlet).  They print a line when they are ready, and what came at the end of
their input.
Times are of clocks that all processes of a machine share on Linux.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class VmcFrame:
    """What came between one ``/VMC/Ext/OK`` and the next."""

    at: float
    """``time.perf_counter()`` of its arrival."""
    ok: list[int]
    time_s: float
    root: list[Any]
    bones: dict[str, list[float]]
    """Name -> position x, y, z and rotation x, y, z, w."""


@dataclass(frozen=True)
class LslTake:
    """What came from a stream."""

    labels: list[str]
    units: list[str]
    kinds: list[str]
    source_id: str
    type: str
    rate: float
    stamps: list[float]
    """Of the samples, on LSL's clock."""
    arrived: list[float]
    """When they arrived, on the same clock."""
    samples: list[list[float]]


class Receiver:
    """One of the two in a process; a context manager.  ``port`` is where the first listens."""

    def __init__(self, kind: str, where: str | int, prefix: tuple[str, ...] = ()) -> None:
        self._process = subprocess.Popen(
            [*prefix, sys.executable, __file__, kind, str(where)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        ready = self._process.stdout.readline().split()
        assert ready[:1] == ["ready"], "the receiver has not begun"
        self.port = int(ready[1])

    def __enter__(self) -> Receiver:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def connected(self) -> Receiver:
        """Wait until a receiver of a stream has found it and gets its samples."""
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "open\n"
        return self

    def signal(self, number: int) -> None:
        """Stop it with SIGSTOP, let it go on with SIGCONT."""
        self._process.send_signal(number)

    def end(self) -> Any:
        """Let it end; what it prints."""
        out, _ = self._process.communicate(timeout=30)
        return json.loads(out.splitlines()[-1])

    def frames(self) -> list[VmcFrame]:
        """End a receiver of the VMC protocol; what came."""
        return [VmcFrame(**frame) for frame in self.end()]

    def take(self) -> LslTake:
        """End a receiver of a stream; what came."""
        return LslTake(**self.end())


def wait_for_lsl(channel: Any) -> None:
    """Wait until what is sent goes to somebody: liblsl sends it from a thread that it starts a
    moment after the receiver has its stream open, and what is sent before that is lost."""
    assert channel._outlet.wait_for_consumers(30.0)


def _ended() -> threading.Event:
    ended = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    return ended


def _receive_vmc(port: int) -> None:
    from pythonosc.dispatcher import Dispatcher
    from pythonosc.osc_server import BlockingOSCUDPServer

    frames: list[dict[str, Any]] = []

    def take(address: str, *arguments: Any) -> None:
        if address == "/VMC/Ext/OK":
            frames.append(
                {"at": time.perf_counter(), "ok": list(arguments), "root": [], "bones": {}}
            )
        elif address == "/VMC/Ext/T":
            frames[-1]["time_s"] = arguments[0]
        elif address == "/VMC/Ext/Root/Pos":
            frames[-1]["root"] = list(arguments)
        elif address == "/VMC/Ext/Bone/Pos":
            frames[-1]["bones"][arguments[0]] = list(arguments[1:])

    dispatcher = Dispatcher()
    dispatcher.set_default_handler(take)
    with BlockingOSCUDPServer(("127.0.0.1", port), dispatcher) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print("ready", server.server_address[1], flush=True)
        _ended().wait()
        time.sleep(0.2)  # what is on its way
        server.shutdown()
    print(json.dumps(frames))


def _receive_lsl(name: str) -> None:
    import pylsl

    print("ready", 0, flush=True)
    ended = _ended()
    found: list[Any] = []
    while not found and not ended.is_set():
        found = pylsl.resolve_byprop("name", name, timeout=0.5)
    if not found:
        print("null")
        return
    inlet = pylsl.StreamInlet(found[0], recover=False)
    info = inlet.info(timeout=10)
    told: dict[str, list[str]] = {"label": [], "unit": [], "type": []}
    channel = info.desc().child("channels").first_child()
    while not channel.empty():
        for key, values in told.items():
            values.append(channel.child_value(key))
        channel = channel.next_sibling()
    stamps, arrived, samples = [], [], []
    inlet.open_stream(timeout=10)
    print("open", flush=True)
    idle_since = time.monotonic()
    while not ended.is_set() or time.monotonic() - idle_since < 0.3:
        try:
            sample, stamp = inlet.pull_sample(timeout=0.1)
        except Exception:  # the stream has ended
            break
        if sample is not None:
            idle_since = time.monotonic()
            stamps.append(stamp)
            arrived.append(pylsl.local_clock())
            samples.append([None if value != value else value for value in sample])
    print(
        json.dumps(
            {
                "labels": told["label"],
                "units": told["unit"],
                "kinds": told["type"],
                "source_id": info.source_id(),
                "type": info.type(),
                "rate": info.nominal_srate(),
                "stamps": stamps,
                "arrived": arrived,
                "samples": samples,
            }
        )
    )


if __name__ == "__main__":
    if sys.argv[1] == "vmc":
        _receive_vmc(int(sys.argv[2]))
    else:
        _receive_lsl(sys.argv[2])
