"""Cards and hints over the camera picture, one for each state of the program, and messages in the
strip below the panes.

A ``Notice`` is a card in the middle: something is needed before pictures can be shown.  A hint is
one line at the bottom of the picture: everything works, but the person can improve something.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from app.pipeline.status import BodyInView
from app.ui import words


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


class Action(enum.Enum):
    """The action of a button on a card."""

    START = "start"
    RETRY = "retry"
    OPEN_FILE = "open file"
    OPEN_URL = "open url"
    PERFORMER = "performer"
    DIAGNOSTICS = "diagnostics"
    DISMISS = "dismiss"


@dataclass(frozen=True, slots=True)
class Button:
    """A button on a card."""

    label: str
    action: Action
    main: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """A card over the picture."""

    icon: str
    title: str
    body: str
    buttons: tuple[Button, ...] = ()
    busy: bool = False
    """Whether something is in progress that ends without the user."""


_OTHER_SOURCES: Final = (
    Button("Open a video…", Action.OPEN_FILE),
    Button("Stream address…", Action.OPEN_URL),
    Button("Show the performer", Action.PERFORMER),
)

_PERFORMER_EXPLAINED: Final = "The performer is a built-in person to try things out with."
NO_CAMERA: Final = Notice(
    "no_camera",
    "No camera found",
    f"Connect one and try again, or start with something else. {_PERFORMER_EXPLAINED}",
    (Button("Try again", Action.RETRY, main=True), *_OTHER_SOURCES),
)
STOPPED: Final = Notice(
    "camera",
    "Stopped",
    "Start the camera again, or drop a video or a recording here.",
    (Button("Start", Action.START, main=True), Button("Open a video…", Action.OPEN_FILE)),
)


def without(notice: Notice, action: Action) -> Notice:
    """Return the card without the buttons of an action."""
    offered = tuple(button for button in notice.buttons if button.action is not action)
    body = (
        notice.body.replace(_PERFORMER_EXPLAINED, "") if action is Action.PERFORMER else notice.body
    )
    return replace(notice, buttons=offered, body=body.strip())


def starting(label: str) -> Notice:
    """Return the card for a source that is being opened."""
    return Notice("camera", f"Starting {label}", "", busy=True)


def failed(error: str, *, no_camera: bool) -> Notice:
    """Return the card for a source that could not be opened or has stopped for good."""
    if no_camera:
        return NO_CAMERA
    title, _, rest = error.partition(". ")
    buttons = (Button("Try again", Action.RETRY, main=True), *_OTHER_SOURCES)
    return Notice("warning", title.rstrip("."), rest, buttons)


_ERROR_LENGTH: Final = 300
"""Characters of an unexpected error for which there is room in the smallest window."""


def program_error(error: str) -> Notice:
    """Return the card for an unexpected error; the log has those that are longer as a whole."""
    if len(error) > _ERROR_LENGTH:
        error = error[:_ERROR_LENGTH] + " …"
    return Notice(
        "warning",
        "Something went wrong",
        f"{error}\nWhat was recorded is safe on the disk. Try again; if it happens once more, "
        "copy the diagnostics and report it.",
        (
            Button("Try again", Action.RETRY, main=True),
            Button("Copy diagnostics", Action.DIAGNOSTICS),
            Button("Close", Action.DISMISS),
        ),
    )


def lost(label: str, seconds: float, *, recording: bool) -> Notice:
    """Return the card for a running camera that sends no pictures any more."""
    kept = " What was recorded so far is kept." if recording else ""
    return Notice(
        "no_camera",
        f"{label} stopped sending pictures",
        f"{words.span(seconds)} ago. Check the connection; it is tried again every second.{kept}",
        (Button("Open a video…", Action.OPEN_FILE), Button("Show the performer", Action.PERFORMER)),
    )


IN_VIEW_HINTS: Final = {
    BodyInView.NOBODY: "Nobody in view: step back until your hips are visible",
    BodyInView.TOO_CLOSE: "Step back until your hips are visible",
    BodyInView.UPPER_BODY: "Your legs are hidden, so they are left out of the 3D view",
}
ONCE_ONLY: Final = frozenset({BodyInView.UPPER_BODY})
"""Shown once only: a person at a desk would otherwise see it all day."""
PERFORMER_HINT: Final = "This is the performer, a built-in person to try things out with"


class InViewHints:
    """Chooses the hint for the part of the body that is in view, without flicker.

    A state must last ``LASTS_S`` before its hint is shown; a hint of ``ONCE_ONLY`` disappears
    after ``ONCE_S``.
    """

    LASTS_S: Final = 1.0
    ONCE_S: Final = 8.0

    def __init__(self) -> None:
        self._body_in_view: BodyInView | None = None
        self._since = 0.0
        self._already_shown: set[BodyInView] = set()

    def step(self, body_in_view: BodyInView | None, now_s: float) -> str:
        """Return the hint to show now, or an empty string; ``now_s`` is a monotonic time."""
        if body_in_view != self._body_in_view:
            if self._body_in_view in ONCE_ONLY and now_s - self._since > self.LASTS_S:
                self._already_shown.add(self._body_in_view)
            self._body_in_view, self._since = body_in_view, now_s
        if (
            body_in_view is None
            or body_in_view in self._already_shown
            or body_in_view not in IN_VIEW_HINTS
        ):
            return ""
        lasted = now_s - self._since
        if lasted < self.LASTS_S:
            return ""
        if body_in_view in ONCE_ONLY and lasted > self.LASTS_S + self.ONCE_S:
            self._already_shown.add(body_in_view)
            return ""
        return IN_VIEW_HINTS[body_in_view]
