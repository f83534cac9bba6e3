"""A context manager that ends a QPainter even after an error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from PyQt6.QtGui import QPainter

_Painter = TypeVar("_Painter", bound=QPainter)


@contextmanager
def painting(painter: _Painter) -> Iterator[_Painter]:
    """End ``painter`` when the block ends, also after an error.

    Otherwise the error's traceback keeps the painter alive, and Qt crashes the program when the
    widget or picture is destroyed while it is still being painted on.
    """
    try:
        yield painter
    finally:
        painter.end()
