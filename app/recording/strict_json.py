"""Parsing of JSON from recordings, which may be untrusted."""

from __future__ import annotations

import json
from typing import Final

_MOST_DIGITS: Final = 18
"""Fits into 64 bits; Python's integers are unlimited, and large ones cannot become floats."""


def loads(text: str | bytes) -> object:
    """Return the parsed ``text``.  Raises ValueError if it is damaged or a number is too large."""
    found: object = json.loads(text, parse_int=_whole)
    return found


def _whole(digits: str) -> int:
    if len(digits.lstrip("-")) > _MOST_DIGITS:
        raise ValueError(f"it has a number of {len(digits)} digits")
    return int(digits)
