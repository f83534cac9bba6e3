"""Options of ``export`` that take a part of the recording."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from app.cli.exits import UsageError
from app.cli.numbers import number

if TYPE_CHECKING:
    from app.motion.selection import Selection


def add(parser: argparse.ArgumentParser) -> None:
    """Give ``parser`` the options that :func:`wanted` reads."""
    group = parser.add_argument_group("which part of the recording (default: all of it)")
    for option, dest, words in (
        ("--from", "start_s", "leave out what comes before TIME"),
        ("--until", "end_s", "leave out what comes after TIME"),
    ):
        group.add_argument(
            option,
            dest=dest,
            metavar="TIME",
            type=_moment,
            help=f"{words}: seconds from the first frame, or 1:02.5; times in the file are counted "
            "from the selection's first frame, and the sidecar says where it was",
        )


def wanted(options: argparse.Namespace) -> Selection:
    """What the options ask for.

    Raises:
        UsageError: it ends before it begins.
    """
    from app.motion.selection import Selection

    start_s, end_s = options.start_s, options.end_s
    if start_s is not None and end_s is not None and end_s <= start_s:
        raise UsageError("--until must be later than --from.")
    return Selection(start_s, end_s)


def _moment(text: str) -> float:
    what = "a time: write seconds, such as 12.5, or 1:02.5"
    seconds = 0.0
    for part in text.split(":"):
        value = number(part, what)
        if not 0 <= value < float("inf"):
            raise argparse.ArgumentTypeError(f"'{text}' is not {what}")
        seconds = 60 * seconds + value
    return seconds
