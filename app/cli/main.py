"""Runs the command given on the command line, and converts its errors to exit codes."""

from __future__ import annotations

import argparse
import errno
import logging
import signal
from importlib import import_module
from pathlib import Path
from typing import Final

from app.cli.arguments import parse
from app.cli.exits import Exit, UsageError, flush, warn
from app.detection import no_telemetry
from app.errors import MixposeError
from app.system import logs, paths, startup

log: Final = logging.getLogger(__name__)

_COMMANDS: Final = {
    None: "app.cli.window",
    "lift": "app.cli.lift",
    "record": "app.cli.record",
    "export": "app.cli.export",
    "report": "app.cli.report",
    "stream": "app.cli.stream",
    "devices": "app.cli.devices",
    "bench": "app.cli.bench",
    "evaluate": "app.cli.evaluate",
    "menu": "app.cli.menu",
}


def main(arguments: list[str]) -> int:
    """Run the command in ``arguments`` (without the program's name) and return its exit code."""
    startup.prepare()
    no_telemetry.reserve()
    try:
        options = parse(arguments)
    except SystemExit as end:  # --help, --version, or wrong arguments: argparse has printed it
        flush()
        return int(end.code or 0)
    logs.start_logging()
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _require_current_folder()
        return _run(options)
    except MixposeError as error:
        log.warning("%s", error)
        warn(f"mixpose: {error}")
        return Exit.FAILED
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
            # Any operation on such a name fails, even checking whether the file exists.
            warn(f"mixpose: The name {error.filename} is too long. Choose a shorter one.")
            return Exit.FAILED
        log.exception("unforeseen error in %s", options.command or "the window")
        warn(
            f"mixpose: A fault in the program ended it: {type(error).__name__}: {error}. "
            f"The details are in {paths.log_file()}"
        )
        return Exit.FAULT


def _require_current_folder() -> None:
    """Raise UsageError if the current folder was deleted: MediaPipe exits silently then (1.2.2),
    and torch cannot be imported (2.13)."""
    try:
        Path.cwd()
    except OSError as error:
        raise UsageError(
            "The current folder no longer exists. Change to another one, and start again."
        ) from error


def _run(options: argparse.Namespace) -> int:
    return int(import_module(_COMMANDS[options.command]).run(options))
