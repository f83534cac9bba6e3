"""``bench``: the speed of each stage on this machine, measured by ``app.lab.bench``."""

from __future__ import annotations

import argparse

from app.cli.exits import Exit, exit_on_signals, say, warn
from app.system import logs


def run(options: argparse.Namespace) -> int:
    """Measure, and print the table."""
    logs.divert_native_stderr()
    from app.lab.bench import FULL, QUICK, measure, report

    with exit_on_signals():
        rows = measure(
            QUICK if options.quick else FULL,
            weights=options.weights,
            device=options.device or "auto",
            source=options.source,
            detector=options.detector,
            note=warn,
        )
    say(report(rows))
    return Exit.OK
