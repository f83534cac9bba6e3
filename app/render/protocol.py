"""What parent and child say to each other over the pipe.

The parent sends one :class:`Draw` at a time and waits for its answer, so one block of shared
memory suffices and nothing queues.  The child leaves when the pipe closes, whatever the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["skeleton", "performer"]

SCENES: dict[Kind, tuple[str, str]] = {
    "skeleton": ("app.render.skeleton_scene", "SkeletonScene"),
    "performer": ("app.synthetic.performer.scene", "PerformerScene"),
}
"""Module and class that draw each kind; imported in the child only."""


@dataclass(frozen=True, slots=True)
class Start:
    """First message to the child."""

    kind: Kind
    setup: object
    size: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Draw:
    """Paint one picture into the shared memory block called ``block``."""

    params: object
    size: tuple[int, int]
    block: str


@dataclass(frozen=True, slots=True)
class Done:
    """Started, or painted."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The child gives up."""

    reason: str
    """A plain sentence for the user."""
    detail: str
    """A traceback for the log, or empty."""
