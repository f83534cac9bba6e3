"""What has just happened, said in the strip under the panes until it is dismissed or outdated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class MessageButton:
    """A thing to do about it."""

    label: str
    pressed: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence, and what can be done about it."""

    text: str
    buttons: tuple[MessageButton, ...] = ()
    about: Path | None = None
    """The recording it is of: it goes when that is renamed or deleted."""
    of_shown: bool = False
    """Whether it is of what is shown, and goes with that."""
