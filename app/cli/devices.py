"""``devices``: the cameras, compute devices and weights of this machine."""

from __future__ import annotations

import argparse

from app.cli.exits import Exit, say
from app.sources import camera_lines
from app.system import logs, machine


def run(options: argparse.Namespace) -> int:
    """Print cameras, compute devices and weights."""
    logs.divert_native_stderr()
    for title, lines in (
        ("Cameras (--source NUMBER or NAME; or 'performer', which needs none)", camera_lines),
        ("Compute devices (--device NAME)", machine.compute_devices),
        ("Weights (--weights NAME)", machine.weights),
    ):
        say(title)
        for line in machine.lines_or_reason(lines):
            say(f"  {line}")
    return Exit.OK
