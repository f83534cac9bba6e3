"""JSON out of a recording, which may be a stranger's."""

from __future__ import annotations

import json
from typing import Final

_MOST_DIGITS: Final = 18
"""What fits into 64 bits; Python's own whole numbers have no end, and do not become a float."""


def loads(text: str | bytes) -> object:
    """What ``text`` says.  Raises ValueError if it is damaged, or has a number too large to use."""
    found: object = json.loads(text, parse_int=_whole)
    return found


def _whole(digits: str) -> int:
    if len(digits.lstrip("-")) > _MOST_DIGITS:
        raise ValueError(f"it has a number of {len(digits)} digits")
    return int(digits)
