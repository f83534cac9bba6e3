"""Messages in the strip below the panes, shown until they are dismissed or outdated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class MessageButton:
    """A button next to the message."""

    label: str
    pressed: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence, with buttons for possible actions."""

    text: str
    buttons: tuple[MessageButton, ...] = ()
    about: Path | None = None
    """The recording it concerns; it disappears when that is renamed or deleted."""
    of_shown: bool = False
    """Whether it concerns the source shown, and disappears with it."""
