"""Options of live output to other programs, and those of ``stream``."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from app.cli.exits import UsageError
from app.errors import LiveOutError
from app.stream_out.registry import OUTPUTS
from app.stream_out.targets import Target


def add(parser: argparse._ActionsContainer, default: str | None = argparse.SUPPRESS) -> None:
    """Give ``parser`` an option for each of ``OUTPUTS``: a target, or None."""
    for name, output in OUTPUTS.items():
        parser.add_argument(
            f"--{name}",
            metavar=output.form,
            nargs="?",
            type=_as_argument_type(output.parse),
            const=output.usual,
            default=default,
            help=output.help,
        )


def targets(options: argparse.Namespace) -> dict[str, Target]:
    """Return the targets of live output, by the names of the outputs."""
    asked = {name: getattr(options, name) for name in OUTPUTS}
    return {name: target for name, target in asked.items() if target is not None}


def check(options: argparse.Namespace) -> None:
    """Raise UsageError if ``stream`` has no target."""
    if not targets(options):
        ways = ", ".join(f"--{name}" for name in OUTPUTS)
        raise UsageError(f"stream needs to know where to send the poses: {ways}, or several.")


def _as_argument_type(parse: Callable[[str], object]) -> Callable[[str], object]:
    """Wrap ``parse`` for argparse, which replaces the text of other exceptions than its own."""

    def parsed(text: str) -> object:
        try:
            return parse(text)
        except LiveOutError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return parsed
