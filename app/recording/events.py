"""``events.log``: the moments marked by the user, one line each, in an append-only file.

A line is the CRC-32 of the rest in eight hexadecimal digits, a space, and JSON::

    5d1c0a7e {"number": 3, "time_s": 12.345678, "label": "Event 3"}

``time_s`` is on the clock of ``keypoints.bin``.  A later line with the same number renames or moves
the event; one without a label removes it.  Nothing is changed in place, so only the last line can
be truncated by a kill, and its checksum reveals that.  It can be read without this program::

    import json, zlib
    events = {}
    for line in open("events.log", "rb"):
        crc, _, text = line.rstrip(b"\\n").partition(b" ")
        if int(crc, 16) == zlib.crc32(text):
            event = json.loads(text)
            events[event["number"]] = event
    events = [event for event in events.values() if event["label"] is not None]
"""

from __future__ import annotations

import errno
import json
import logging
import math
import os
import threading
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from app.errors import RecordingError
from app.recording.locks import is_being_written
from app.recording.storage import AppendOnlyFile, load_json, open_regular
from app.system.files import lock_with_retry, plain_reason, sync_folder

_log = logging.getLogger(__name__)

FILE_NAME: Final = "events.log"
LABEL_LENGTH: Final = 120
"""Characters; longer labels are truncated."""
_MAX_BYTES: Final = 16 * 2**20
"""A hundred thousand events: the rest of a larger file is ignored."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One marked moment of a recording."""

    number: int
    """Counts from 1; never reused."""
    time_s: float
    """On the clock of the recording's rows."""
    label: str


def tidy(label: str, number: int) -> str:
    """Return ``label`` on one line and at most :data:`LABEL_LENGTH` long; ``Event 3`` if empty."""
    words = " ".join("".join(c if c.isprintable() else " " for c in label).split())
    return words[:LABEL_LENGTH].rstrip() or f"Event {number}"


def line(number: int, time_s: float, label: str | None) -> bytes:
    """Return the line that is appended for one event; without a label it removes the event."""
    event = {"number": number, "time_s": round(time_s, 6), "label": label}
    text = json.dumps(event, ensure_ascii=False).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


class EventWriter:
    """The events of a recording that is being written in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self._waiting: deque[bytes] = deque()
        self.file: AppendOnlyFile | None = None
        """None until there is an event."""

    def add(self, time_s: float, label: str) -> Mark:
        """Mark the time ``time_s`` without waiting for the disk.  For one thread at a time."""
        self._count += 1
        mark = Mark(self._count, time_s, tidy(label, self._count))
        self._waiting.append(line(mark.number, mark.time_s, mark.label))
        return mark

    def write(self) -> None:
        """Write the waiting events to the file; may run in another thread.  Raises OSError."""
        while self._waiting:
            if self.file is None:
                self.file = AppendOnlyFile(self._folder / FILE_NAME)
                sync_folder(self._folder)
            self.file.append(self._waiting.popleft())


class EventList:
    """The events of a recording on disk; every change is saved when a method returns.

    May be used by several threads, and while other windows change the same events: every change
    first reads the file again.  Every method that changes something raises RecordingError if that
    cannot be saved, and changes nothing then.
    """

    def __init__(self, folder: Path, *, make_folder: bool = False) -> None:
        """Read the events of the recording in ``folder``; damaged lines are left out.

        With ``make_folder`` the folder is created by the first event: events of a video of the
        user's are kept in a separate folder.
        """
        self._folder, self._make_folder = folder, make_folder
        self._lock = threading.Lock()
        self._entries = _last_entries(_content(folder))

    @property
    def marks(self) -> tuple[Mark, ...]:
        """All events in order of time."""
        marks = [
            Mark(number, time_s, label)
            for number, (time_s, label) in list(self._entries.items())
            if label is not None
        ]
        return tuple(sorted(marks, key=lambda mark: (mark.time_s, mark.number)))

    def add(self, time_s: float, label: str = "") -> Mark:
        """Mark the moment ``time_s`` on the clock of the recording's rows."""
        with self._changing() as log:
            number = max(self._entries, default=0) + 1
            mark = Mark(number, time_s, tidy(label, number))
            self._append(log, number, time_s, mark.label)
            return mark

    def rename(self, number: int, label: str) -> None:
        """Give an event another label.  Raises KeyError if there is no such event."""
        with self._changing() as log:
            self._append(log, number, self._entries[number][0], tidy(label, number))

    def remove(self, number: int) -> None:
        """Remove an event; :meth:`put_back` can undo that."""
        with self._changing() as log:
            self._append(log, number, self._entries[number][0], None)

    def put_back(self, mark: Mark) -> None:
        """Undo :meth:`remove` or :meth:`rename`: restore the event as given by ``mark``."""
        with self._changing() as log:
            self._append(log, mark.number, mark.time_s, mark.label)

    @contextmanager
    def _changing(self) -> Iterator[IO[bytes]]:
        """Open and lock the log, and read its events again."""
        if is_being_written(self._folder):
            raise RecordingError(
                f"{self._folder.stem} is still being recorded. "
                "Change its events when the recording has ended."
            )
        try:
            if self._make_folder:
                self._folder.mkdir(parents=True, exist_ok=True)
            # Two windows that choose a number at the same time would overwrite each other's event.
            with self._lock, open_regular(self._folder / FILE_NAME, "a+b") as log:
                if not lock_with_retry(log, exclusive=True):
                    raise BlockingIOError(errno.EAGAIN, "another one holds it")
                log.seek(0)
                self._entries = _last_entries(log.read(_MAX_BYTES))
                yield log
        except OSError as error:
            raise RecordingError(
                f"The events of {self._folder.name} cannot be changed: {plain_reason(error)}. "
                "Copy the recording to where it can be written to."
            ) from error

    def _append(self, log: IO[bytes], number: int, time_s: float, label: str | None) -> None:
        """Append a line to the log and sync it to disk.  Raises OSError."""
        size = log.seek(0, os.SEEK_END)
        # A truncated line must not be joined with the next one.
        torn = size and not _ends_whole(log)
        log.write(b"\n" * bool(torn) + line(number, time_s, label))
        log.flush()
        os.fsync(log.fileno())
        if not size:
            sync_folder(self._folder)
        self._entries[number] = (round(time_s, 6), label)


def _content(folder: Path) -> bytes:
    """Return the content of the log; empty if there is none, or it cannot be read."""
    try:
        with open_regular(folder / FILE_NAME, "rb") as file:
            found: bytes = file.read(_MAX_BYTES)
            return found
    except FileNotFoundError:
        return b""
    except OSError as error:
        _log.warning("the events of %s cannot be read: %s", folder, error)
        return b""


def _last_entries(content: bytes) -> dict[int, tuple[float, str | None]]:
    """Return time and label by number, as last written; an event without a label was removed."""
    found: dict[int, tuple[float, str | None]] = {}
    for each in filter(None, content.split(b"\n")):
        try:
            number, time_s, label = _read(each)
        except (ValueError, RecursionError) as error:
            _log.warning("an event is left out: %s", error)
            continue
        found[number] = (time_s, label)
    return found


def _read(found: bytes) -> tuple[int, float, str | None]:
    crc, _, text = found.partition(b" ")
    if int(crc, 16) != zlib.crc32(text):
        raise ValueError("its checksum is wrong")
    values = load_json(text)
    if not isinstance(values, dict):
        raise ValueError("it is no JSON object")
    number, time_s, label = (values.get(name) for name in ("number", "time_s", "label"))
    if not isinstance(number, int) or number < 1:
        raise ValueError(f"its number is {number!r}")
    if not isinstance(time_s, (int, float)) or not math.isfinite(time_s):
        raise ValueError(f"its time is {time_s!r}")
    if label is not None:
        label = tidy(str(label), number)
    return number, float(time_s), label


def _ends_whole(log: IO[bytes]) -> bool:
    log.seek(-1, os.SEEK_END)
    return log.read(1) == b"\n"
