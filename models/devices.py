"""Compute devices for the network: CUDA if available, Apple's GPU on request, else the CPU."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import torch

from models.errors import DeviceError

DEVICE_NAMES: Final = ("auto", "cpu", "cuda", "mps")


def choose_device(name: str = "auto") -> torch.device:
    """Return the device with the given name.

    Raises:
        DeviceError: the device is unknown, or this machine or this build of PyTorch lacks it.
    """
    kind = name.partition(":")[0]
    if kind not in DEVICE_NAMES:
        raise DeviceError(f"There is no device {name!r}. Choose one of {', '.join(DEVICE_NAMES)}.")
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if kind == "cuda" and not torch.cuda.is_available():
        raise DeviceError(
            "CUDA was asked for, but PyTorch finds no CUDA device. Install the driver and a CUDA "
            "build of PyTorch, or use --device cpu."
        )
    if kind == "mps" and not torch.backends.mps.is_available():
        raise DeviceError("MPS was asked for, but this is not a Mac with it. Use --device cpu.")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise DeviceError(f"{name!r} is not a device's name: {error}.") from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise DeviceError(f"There are only {torch.cuda.device_count()} CUDA devices, not {name}.")
    return device


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only; respects CPU affinity limits
    return len(affinity(0)) if affinity else os.cpu_count() or 1


LIVE_THREADS: Final = max(1, _cores() // 4)
"""Threads of the network while camera, detector and window use the same cores."""
OFFLINE_WORKERS: Final = _cores()
"""Batches of a clip that are lifted in parallel on the CPU, each in a single thread, so that none
waits for another (see ``cpu_threads``)."""


@contextmanager
def cpu_threads(count: int) -> Iterator[None]:
    """Let PyTorch use ``count`` threads for the current thread's operations inside the block.

    More threads are not faster if others use the same cores: at the end of every operation all
    threads wait for the one that was not scheduled.  On two busy cores drawing a batch of 256
    training poses took 7 ms with one thread and 270 ms with two.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
