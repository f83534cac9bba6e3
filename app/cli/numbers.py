"""Numbers as people write them on a command line."""

from __future__ import annotations

import argparse
from typing import Final

RATE_RANGE: Final = (1.0, 100_000.0)


def number(text: str, what: str) -> float:
    """The number in ``text``.  Raises ArgumentTypeError, which names ``what`` was expected."""
    try:
        return float(text.replace(",", "."))  # half of the world writes 1,75
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not {what}") from None


def number_between(text: str, limits: tuple[float, float], what: str) -> float:
    """The same for a number from the first of ``limits`` to the second."""
    low, high = limits
    value = number(text, what)
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"{text} is not between {low:g} and {high:g}")
    return value


def rate(text: str) -> float:
    """Frames a second.  Raises ArgumentTypeError unless a camera can have them."""
    return number_between(text, RATE_RANGE, "a number of frames a second, such as 240")


def seconds(text: str) -> float:
    """A length of time.  Raises ArgumentTypeError unless it is above 0 and has an end."""
    value = number(text, "a number of seconds")
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a time above 0 seconds")
    return value
