"""What this machine offers, compute devices and weights, as lines of text.

For the command ``devices`` and for the diagnostics.  Both functions import torch when called.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from app.errors import MixposeError


def compute_devices() -> list[str]:
    """Return a line per device a network can run on, and why there is no CUDA if so."""
    import torch

    from models.devices import choose_device

    found = [f"cpu  {os.cpu_count()} cores"]
    if torch.cuda.is_available():
        found += [
            f"cuda  {torch.cuda.get_device_name(index)}"
            for index in range(torch.cuda.device_count())
        ]
    elif torch.version.cuda is None:
        found.append("cuda  not available: this build of PyTorch is without CUDA")
    else:
        found.append("cuda  not available: PyTorch finds no device, or its driver is missing")
    if torch.backends.mps.is_available():
        found.append("mps  Apple GPU")
    return [*found, f"auto  takes {choose_device('auto').type}"]


def weights() -> list[str]:
    """Return a line for each of the shipped weights, with facts from its file."""
    from models.checkpoint import DEFAULT_WEIGHTS, available_weights, load

    found = []
    for path in available_weights():
        info = load(path)[1]
        default = ", the default" if path.stem == DEFAULT_WEIGHTS else ""
        found.append(
            f"{path.stem}  {info.frames} frames at {info.rate:g} frames/s, licence {info.licence}"
            f"{default}"
        )
    return found or ["none found; install the program again"]


def lines_or_reason(lines: Callable[[], list[str]]) -> list[str]:
    """Return the lines, or the one sentence that says why there are none."""
    try:
        return lines()
    except (MixposeError, ImportError, OSError) as error:
        return [str(error)]
