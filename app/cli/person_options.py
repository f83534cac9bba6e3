"""Options that select which people to lift: one of those in view, or all."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Final

from app.cli.exits import UsageError

if TYPE_CHECKING:
    from app.detection.person_tracker import Choice

_PLACE: Final = re.compile(r"(\d+(?:\.\d+)?),(\d+(?:\.\d+)?)(?:@(\d+(?:\.\d+)?))?")


def add(parser: argparse.ArgumentParser) -> None:
    """Give ``parser`` the option --person."""
    parser.add_argument(
        "--person",
        metavar="X,Y[@S]",
        type=_choice,
        help="of several people track the one at this position in the picture, in pixels from "
        "its upper left corner, S seconds after the beginning (default: the largest at first)",
    )


def add_everybody(parser: argparse.ArgumentParser) -> None:
    """Give ``parser`` the options --people and --one-file."""
    parser.add_argument(
        "--people",
        choices=("one", "all"),
        default="one",
        help="all: lift all people who are in view for a second or more, to OUT.1.csv, OUT.2.csv, "
        "... by first appearance; a person who returns keeps the number (default: one)",
    )
    parser.add_argument(
        "--one-file",
        action="store_true",
        help="with --people all: one long table with a column 'person' (csv-long, parquet)",
    )


def check_everybody(options: argparse.Namespace) -> None:
    """Check the options of ``--people``; store the heights as a list in ``options.heights``.

    Raises:
        UsageError: they contradict each other.
    """
    heights = options.height if isinstance(options.height, tuple) else (options.height,)
    options.heights = tuple(each for each in heights if each is not None)
    if options.people == "one":
        if options.one_file:
            raise UsageError("--one-file is about several people: give --people all too.")
        if len(options.heights) > 1:
            raise UsageError("Several heights are of several people: give --people all too.")
        options.height = options.heights[0] if options.heights else None
        return
    if options.person is not None:
        raise UsageError("--person selects one of the people: leave it or --people all out.")
    for name in ("bone", "heading"):
        if getattr(options, name) is not None:
            raise UsageError(f"--{name} is about one person: leave it or --people all out.")
    options.height = None


def choices(options: argparse.Namespace) -> tuple[Choice, ...]:
    """Return the choices of the person to follow.

    Raises:
        UsageError: a position in the picture is given for more than one video.
    """
    if options.person is None:
        return ()
    from app.cli import batch_options

    if options.command == "lift" and (len(options.sources) > 1 or batch_options.wanted(options)):
        raise UsageError("--person is a place in one video's picture; lift that video by itself")
    return (options.person,)


def _choice(text: str) -> Choice:
    from app.detection.person_tracker import Choice

    found = _PLACE.fullmatch(text.strip())
    if found is None:
        raise argparse.ArgumentTypeError(f"'{text}' is not a place such as 320,240 or 320,240@1.5")
    x, y, time_s = (float(part) if part else 0.0 for part in found.groups())
    return Choice(x, y, time_s)
