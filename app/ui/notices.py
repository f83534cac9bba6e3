"""What the window says: the cards and hints that lie over the camera picture, one for each state of
the program, and messages in the strip under the panes.

A ``Notice`` is a card in the middle: something is needed before pictures can be shown.  A hint is
one line at the picture's foot: everything works, but the person can do something better.
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


class Do(enum.Enum):
    """What a button on a card does."""

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
    do: Do
    main: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """A card over the picture."""

    icon: str
    title: str
    body: str
    buttons: tuple[Button, ...] = ()
    busy: bool = False
    """Something is going on that will end by itself."""


_ELSEWHERE: Final = (
    Button("Open a video…", Do.OPEN_FILE),
    Button("Stream address…", Do.OPEN_URL),
    Button("Show the performer", Do.PERFORMER),
)

_PERFORMER_EXPLAINED: Final = "The performer is a built-in person to try things out with."
NO_CAMERA: Final = Notice(
    "no_camera",
    "No camera found",
    f"Connect one and try again, or start with something else. {_PERFORMER_EXPLAINED}",
    (Button("Try again", Do.RETRY, main=True), *_ELSEWHERE),
)
STOPPED: Final = Notice(
    "camera",
    "Stopped",
    "Start the camera again, or drop a video or a recording here.",
    (Button("Start", Do.START, main=True), Button("Open a video…", Do.OPEN_FILE)),
)


def without(notice: Notice, what: Do) -> Notice:
    """A card that does not offer something."""
    offered = tuple(button for button in notice.buttons if button.do is not what)
    body = notice.body.replace(_PERFORMER_EXPLAINED, "") if what is Do.PERFORMER else notice.body
    return replace(notice, buttons=offered, body=body.strip())


def starting(label: str) -> Notice:
    """The source is being opened."""
    return Notice("camera", f"Starting {label}", "", busy=True)


def failed(error: str, *, no_camera: bool) -> Notice:
    """The source could not be opened or has stopped for good."""
    if no_camera:
        return NO_CAMERA
    title, _, rest = error.partition(". ")
    buttons = (Button("Try again", Do.RETRY, main=True), *_ELSEWHERE)
    return Notice("warning", title.rstrip("."), rest, buttons)


def program_error(error: str) -> Notice:
    """Something went wrong that nobody had foreseen."""
    return Notice(
        "warning",
        "Something went wrong",
        f"{error}\nWhat was recorded is safe on the disk. Try again; if it happens once more, "
        "copy the diagnostics and report it.",
        (
            Button("Try again", Do.RETRY, main=True),
            Button("Copy diagnostics", Do.DIAGNOSTICS),
            Button("Close", Do.DISMISS),
        ),
    )


def lost(label: str, seconds: float, *, recording: bool) -> Notice:
    """A camera that ran has stopped sending."""
    kept = " What was recorded so far is kept." if recording else ""
    return Notice(
        "no_camera",
        f"{label} stopped sending pictures",
        f"{words.span(seconds)} ago. Check the connection; it is tried again every second.{kept}",
        (Button("Open a video…", Do.OPEN_FILE), Button("Show the performer", Do.PERFORMER)),
    )


SIGHT_HINTS: Final = {
    BodyInView.NOBODY: "Nobody in view: step back until your hips are visible",
    BodyInView.TOO_CLOSE: "Step back until your hips are visible",
    BodyInView.UPPER_BODY: "Your legs are hidden, so they are left out of the 3D view",
}
ONCE_ONLY: Final = frozenset({BodyInView.UPPER_BODY})
"""Said once: someone at a desk does not want to hear it all day."""
PERFORMER_HINT: Final = "This is the performer, a built-in person to try things out with"


class SightHints:
    """Chooses the hint for what is in view, without flicker.

    A sight must last before it is mentioned, and what is said only once goes away by itself.
    """

    LASTS_S: Final = 1.0
    ONCE_S: Final = 8.0

    def __init__(self) -> None:
        self._body_in_view: BodyInView | None = None
        self._since = 0.0
        self._said: set[BodyInView] = set()

    def step(self, sight: BodyInView | None, now_s: float) -> str:
        """The hint to show now, or an empty string.  ``now_s`` is a monotonic time."""
        if sight != self._body_in_view:
            if (
                self._body_in_view in ONCE_ONLY
                and self._body_in_view
                and now_s - self._since > self.LASTS_S
            ):
                self._said.add(self._body_in_view)
            self._body_in_view, self._since = sight, now_s
        if sight is None or sight in self._said or sight not in SIGHT_HINTS:
            return ""
        lasted = now_s - self._since
        if lasted < self.LASTS_S:
            return ""
        if sight in ONCE_ONLY and lasted > self.LASTS_S + self.ONCE_S:
            self._said.add(sight)
            return ""
        return SIGHT_HINTS[sight]
