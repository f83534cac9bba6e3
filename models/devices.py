"""Where the network runs: CUDA when there is one, Apple's GPU on request, else the CPU."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import torch

from models.errors import DeviceError

DEVICE_NAMES: Final = ("auto", "cpu", "cuda", "mps")


def choose_device(name: str = "auto") -> torch.device:
    """Turn a device's name into a device that exists here.

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


def describe(device: torch.device) -> str:
    """What to call a device in the window: "CPU", or the GPU's own name."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return device.type.upper()


@contextmanager
def cpu_threads(count: int) -> Iterator[None]:
    """Let PyTorch use ``count`` threads for what this thread computes inside the block.

    Handing small operations to two threads while other programs want the same cores costs up to 40
    times their work: each waits for the other to be scheduled (270 against 7 ms, a batch of 256
    training poses on two busy cores).
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
