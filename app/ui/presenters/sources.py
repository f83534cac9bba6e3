"""Entries of the source chooser: cameras by name, listed in the background, the performer, and the
open file or stream.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from app.recording.names import SUFFIX
from app.sources import PERFORMER as PERFORMER
from app.sources import is_url as is_url
from app.sources.stream import has_unescaped
from app.sources.stream import wrong_with as wrong_with
from app.ui.presenters import background
from app.ui.tasks import Control, Job, Jobs

ASK_FILE: Final = "\0file"
ASK_URL: Final = "\0url"
"""Entries that open a dialog instead of a source; no path or name can contain a NUL."""
_ADDRESSES: Final = 5
"""Number of stream addresses that are remembered."""


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """One line of the chooser."""

    label: str
    spec: str
    icon: str
    separated: bool = False
    """Whether a separator is drawn above."""


@dataclass(frozen=True, slots=True)
class SourceList:
    """All entries of the chooser, and the spec of the current one."""

    entries: tuple[SourceEntry, ...]
    current: str


def build(cameras: Sequence[str], current: str, *, performer: bool = True) -> SourceList:
    """Return the cameras, the performer if it can be drawn, the current source if it is none of
    these, and the entries that open a dialog."""
    entries = [SourceEntry(name, name, "camera") for name in cameras]
    if performer:
        entries.append(SourceEntry("Performer (built-in)", PERFORMER, "person"))
    known = {entry.spec for entry in entries}
    if current and current not in known:
        entries.append(SourceEntry(short(current), current, icon_of(current), separated=True))
    entries.append(SourceEntry("Open a video or recording…", ASK_FILE, "folder", separated=True))
    entries.append(SourceEntry("Stream address…", ASK_URL, "camera"))
    return SourceList(tuple(entries), current)


def is_camera(spec: str) -> bool:
    """Whether ``spec`` names a camera: no file (existing or not), address or performer."""
    like_a_file = "/" in spec or "\\" in spec or bool(Path(spec).suffix)
    return spec != PERFORMER and not like_a_file and not Path(spec).exists()


def is_video(spec: str) -> bool:
    """Whether ``spec`` is a file, existing or not, that is not a recording."""
    nothing_else = spec != PERFORMER and not is_url(spec) and not spec.endswith(SUFFIX)
    return nothing_else and not is_camera(spec)


def short(spec: str) -> str:
    """Return a short name: a file without its folders, an address without scheme and user."""
    if is_url(spec):
        return spec.partition("://")[2].rpartition("@")[2]
    if spec == PERFORMER:
        return "Performer"
    path = Path(spec)
    return path.stem if spec.endswith(SUFFIX) else path.name or spec


def to_remember(spec: str) -> str:
    """Return the part of a source that may be saved: an address without its password."""
    if not is_url(spec):
        return spec
    if has_unescaped(spec):  # it cannot be opened, and where the password ends is unknown
        return ""
    try:
        parts = urlsplit(spec)
    except ValueError:
        return ""
    user, at, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=user.partition(":")[0] + at + host))


def with_address(addresses: str, spec: str) -> str:
    """Return the addresses used last, a line each, with ``spec`` first if it is an address."""
    address = to_remember(spec) if is_url(spec) else ""
    others = [each for each in addresses.splitlines() if each != address]
    return "\n".join([address, *others][:_ADDRESSES]) if address else addresses


def icon_of(spec: str) -> str:
    if spec == PERFORMER:
        return "person"
    return "camera" if is_url(spec) or is_camera(spec) else "folder"


log: Final = logging.getLogger(__name__)
_RETRY_S: Final = 10.0
"""Interval of queries while no camera is connected, so that one that is plugged in appears."""


class CameraList:
    """The names of the connected cameras.

    Args:
        jobs: runs the query, which can take seconds.
        changed: called when the list was updated.
    """

    def __init__(self, jobs: Jobs, changed: Callable[[], None]) -> None:
        self._jobs, self._changed = jobs, changed
        self._names: tuple[str, ...] | None = None
        self._queried_at = 0.0
        self._job: Job | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return self._names or ()

    @property
    def none_found(self) -> bool:
        """Whether a query has found no camera; False before the first query."""
        return self._names == ()

    def refresh(self, then: Callable[[], None] | None = None) -> None:
        """Query the cameras now; ``then`` is called when the list was updated."""
        if then is None and self._job is not None and self._job.running:
            return
        self._queried_at = time.monotonic()

        def done(names: tuple[str, ...]) -> None:
            self._names = names
            self._changed()
            if then:
                then()

        def failed(error: BaseException) -> None:
            log.warning("the cameras could not be listed: %s", error)
            done(())

        def find(_control: Control) -> tuple[str, ...]:
            return background.cameras()

        self._job = self._jobs.start(
            Job("Looking for cameras", find, done=done, failed=failed, quiet=True)
        )

    def refresh_if_none(self) -> None:
        """Query every ``_RETRY_S`` until a camera is found; called often while nothing runs."""
        if self.none_found and time.monotonic() - self._queried_at > _RETRY_S:
            self.refresh()
