"""Parsing of third-party text files: lines, numbers, and errors that name file and line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from models.errors import MixposeError

_MOST_BYTES: Final = 1 << 30
_LARGEST: Final = 1e7
"""Largest plausible number: no body is ten thousand kilometres away or rotated by ten million
degrees.  Larger numbers mean a damaged file, and would overflow in later arithmetic."""


class MotionFileError(MixposeError):
    """A motion file, or a joint map, cannot be used as it is."""


def fault(path: Path, line: int, what: str) -> MotionFileError:
    """Return the error for a fault in one line, counted from 1."""
    return MotionFileError(f"Cannot read {path}, line {line}: {what}.")


def read_lines(path: Path) -> list[str]:
    """Read the lines of a text file with any line endings; UTF-8, or else Latin-1.

    Raises:
        MotionFileError: the file is absent, not text, or over 1 GiB.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise MotionFileError(f"Cannot read {path}: it is over 1 GiB. Split it into takes.")
        data = path.read_bytes()
    except OSError as error:
        raise MotionFileError(f"Cannot read {path}: {error.strerror or error}.") from error
    if b"\0" in data:
        raise MotionFileError(f"Cannot read {path}: it is not a text file.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def numbers(words: Sequence[str], path: Path, line: int) -> list[float]:
    """Parse finite numbers of a plausible size, with a decimal point or comma."""
    try:
        values = [float(word) for word in words]
    except ValueError:
        # Programs that follow the system's locale write 0,5 in half of Europe.
        values = [_number(word, path, line) for word in words]
    for word, value in zip(words, values, strict=True):
        # Comparisons with NaN are false.
        if not abs(value) <= _LARGEST:
            raise fault(path, line, f"{word!r} is not a number that can be meant")
    return values


def _number(word: str, path: Path, line: int) -> float:
    try:
        return float(word.replace(",", "."))
    except ValueError:
        raise fault(path, line, f"{word[:40]!r} is not a number") from None


def whole_number(word: str, most: int, path: Path, line: int) -> int:
    """Parse a whole number from 0 to ``most``."""
    # Unlike int(), this accepts neither a sign nor any number of digits.
    if not (word.isascii() and word.isdecimal() and len(word) <= 20 and int(word) <= most):
        raise fault(path, line, f"{word[:40]!r} is not a whole number from 0 to {most}")
    return int(word)
