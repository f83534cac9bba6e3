"""The option that selects the person to track."""

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
        help="of several people track the one at this place of the picture, in pixels from "
        "its upper left corner, S seconds after the beginning (default: the largest at first)",
    )


def choices(options: argparse.Namespace) -> tuple[Choice, ...]:
    """Whom ``options`` ask to follow.

    Raises:
        UsageError: a place in the picture is given for more than one video.
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
