"""What has just happened, said in the strip under the panes until it is dismissed or outdated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NewsButton:
    """A thing to do about it."""

    label: str
    pressed: Callable[[], None]


@dataclass(frozen=True, slots=True)
class News:
    """One sentence, and what can be done about it."""

    text: str
    buttons: tuple[NewsButton, ...] = ()
