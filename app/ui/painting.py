"""Painting that ends whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from PyQt6.QtGui import QPainter

_Painter = TypeVar("_Painter", bound=QPainter)


@contextmanager
def painting(painter: _Painter) -> Iterator[_Painter]:
    """Have ``painter`` end with the block.

    After an error its traceback keeps the painter, and a widget or a picture that goes while it is
    painted on takes the whole program with it.
    """
    try:
        yield painter
    finally:
        painter.end()
