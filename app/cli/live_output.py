"""Live output of poses while a command runs, and its status messages."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from app.cli.exits import say
from app.cli.live_options import targets
from app.cli.model_options import lift_options
from app.errors import MixposeError, SourceError
from app.pipeline import Snapshot, State
from app.stream_out.sender import Sender
from app.system import logs

if TYPE_CHECKING:
    from app.cli.progress import StatusLine
    from models.lifter import Lifter

_UNHEARD: Final = 90
"""Poses (three seconds) after which a message reports that there is no receiver."""


class Sending:
    """The senders that the command line asks for, possibly none.

    Raises:
        LiveOutError: a library for it is missing.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        wanted = targets(options).values()
        for target in wanted:
            target.require()
        self.senders = tuple(Sender(target) for target in wanted)
        self._said: set[MixposeError] = set()
        self._unheard: set[Sender] = set()

    @property
    def error(self) -> MixposeError | None:
        """Reason why nothing is sent any more, once no sender is left."""
        errors = [sender.error for sender in self.senders if sender.failed]
        return errors[0] if errors and len(errors) == len(self.senders) else None

    def tell(self, line: StatusLine) -> None:
        """Report each problem once."""
        for sender in self.senders:
            error = sender.error
            if error is not None and error not in self._said:
                self._said.add(error)
                if error is not self.error:
                    line.warn(f"mixpose: Warning: {error}")
            figures = sender.figures()
            if sender not in self._unheard and not figures.heard and figures.sent >= _UNHEARD:
                self._unheard.add(sender)
                line.warn(f"mixpose: {sender.target.label}: nobody receives the poses.")

    def status(self, before: str = "") -> str:
        """Return ``before`` followed by the current rate, latency and loss, for the status line."""
        found = []
        for sender in self.senders:
            now = sender.figures()
            late = "" if now.latency_ms is None else f", {now.latency_ms:.0f} ms"
            lost = f", {now.lost} lost" if now.lost else ""
            found.append(f"{sender.target.label}: {now.rate:.1f} poses/s{late}{lost}")
        return before + "; ".join(found) if found else ""

    def close(self) -> bool:
        """Close all senders; return whether that succeeded."""
        ended = [sender.close() for sender in self.senders]
        return all(ended)

    def report(self) -> None:
        """Print the statistics of the whole run."""
        for sender in self.senders:
            say(f"{sender.target.label}: {sender.figures().summary()}")


class WatchedRun:
    """A live run driven by a command, with its messages.

    Args:
        source: the source to open.
        line: status line for messages.
        sending: sends the poses, and reports on that.
    """

    def __init__(self, source: str, line: StatusLine, sending: Sending) -> None:
        self._line, self._sending = line, sending
        self._label = self._asked = logs.without_credentials(source)
        self._lost = False
        self.warnings: tuple[str, ...] = ()
        """Warnings about the source, as sentences."""
        self.hangs = False
        """Whether a thread could not be ended, as a driver hangs."""

    def _look_at_source(self, now: Snapshot) -> None:
        if now.source is not None:
            self._label, self.warnings = now.source.label, now.source.warnings

    def _tell_lost(self, now: Snapshot) -> None:
        """Report once that the source is lost, or is back."""
        lost = now.state is State.LOST
        if lost is not self._lost:
            self._lost = lost
            waiting = "has stopped sending pictures; it is tried again every second"
            said = waiting if lost else "sends pictures again"
            self._line.warn(f"mixpose: {self._label} {said}.")

    def _show(self, now: Snapshot, text: str) -> None:
        """Show ``text`` on the status line, or for how long no frames have arrived."""
        if now.lost_for_s is not None:
            text = f"{self._label}: no pictures for {now.lost_for_s:.0f} s"
        self._line.show(text)

    def _no_frames(self) -> SourceError:
        return SourceError(f"{self._asked} holds no frames that can be read.")


def lifter_factory(options: argparse.Namespace) -> Callable[[], Lifter]:
    """Return a function that loads the network; it is called in a thread of the live run."""
    wanted = lift_options(options)

    def load() -> Lifter:
        from app.lifting.work import make_lifter

        return make_lifter(wanted)

    return load
