"""Parsing of numbers on the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from typing import Final

RATE_RANGE: Final = (1.0, 100_000.0)


def number(text: str, what: str) -> float:
    """Return the number in ``text``.  Raises ArgumentTypeError that says ``what`` was expected."""
    try:
        return float(text.replace(",", "."))  # many languages write 1,75
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not {what}") from None


def number_between(text: str, limits: tuple[float, float], what: str, unit: str = "") -> float:
    """Return the number in ``text`` if it is within ``limits``.  Raises ArgumentTypeError."""
    low, high = limits
    value = number(text, what)
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"{text} is not between {low:g} and {high:g}{unit}")
    return value


def between(limits: tuple[float, float], what: str, unit: str = "") -> Callable[[str], float]:
    """Return :func:`number_between` as the ``type`` of an argument."""
    return partial(number_between, limits=limits, what=what, unit=unit)


def metres(text: str, limits: tuple[float, float], what: str, unit: str = "") -> float:
    """Like :func:`number_between` for a length; the error detects centimetres."""
    low, high = limits
    value = number(text, what)
    if 100 * low <= value <= 100 * high:
        raise argparse.ArgumentTypeError(f"{text} looks like centimetres; write {value / 100:g}")
    return number_between(text, limits, what, unit)


def seconds(text: str) -> float:
    """Parse a duration.  Raises ArgumentTypeError unless it is positive and finite."""
    value = number(text, "a number of seconds")
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a time above 0 seconds")
    return value
