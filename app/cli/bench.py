"""``bench``: how fast this machine is, stage by stage; ``app.lab.bench`` measures."""

from __future__ import annotations

import argparse
import io
import sys

from app.cli.exits import say
from app.system import logs


def run(options: argparse.Namespace) -> int:
    """Measure and print the table."""
    logs.divert_native_stderr()
    from app.lab import bench

    table = io.StringIO()
    code = bench.main(
        weights=options.weights,
        device=options.device or "auto",
        source=options.source,
        detector=options.detector,
        quick=options.quick,
        out=table,
        progress=sys.stderr or io.StringIO(),
    )
    say(table.getvalue().rstrip())
    return code
