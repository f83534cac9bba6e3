"""Lists of the recordings in a folder, made without reading them completely."""

from __future__ import annotations

import logging
import stat
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from app.errors import RecordingError
from app.recording import locks, notes, poses, video
from app.recording.events import EventList
from app.recording.names import KEYPOINTS_FILE, SUFFIX
from app.recording.reader import read_description
from app.recording.rows import HEADER_BYTES, ROW
from app.recording.storage import open_regular

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RecordingEntry:
    """One entry in a list of recordings."""

    path: Path
    name: str
    started_at: datetime
    frames: int
    """Complete rows in the file, unchecked."""
    duration_s: float
    finished: bool
    """False if it is being written or was interrupted."""
    being_written: bool
    """Whether a living process is still recording it."""
    has_video: bool
    has_poses: bool
    events: int = 0
    notes: str = ""
    fault: str = ""
    """Why it cannot be read, in a sentence; all else is unknown then."""


def interrupted_recordings(folder: Path) -> list[RecordingEntry]:
    """Return the recordings in ``folder`` that were interrupted and have frames, newest first."""
    return [
        entry
        for entry in list_recordings(folder)
        if entry.frames and not entry.finished and not entry.being_written
    ]


def list_recordings(folder: Path, *, damaged: bool = False) -> list[RecordingEntry]:
    """Return the recordings in ``folder``, newest first; none if there is no such folder.

    Those that cannot be read are logged, and left out unless ``damaged`` is set.
    """
    found = []
    try:
        paths = [path for path in folder.iterdir() if path.suffix == SUFFIX]
    except OSError as error:
        _log.info("no recordings are listed: %s", error)
        return []
    for path in paths:
        try:
            found.append(_entry(path))
        except (OSError, RecordingError) as error:
            entry = _damaged(path, error) if damaged else None
            if entry is None:
                _log.warning("%s is not listed: %s", path, error)
            else:
                found.append(entry)
    return sorted(found, key=lambda entry: entry.started_at, reverse=True)


def _entry(path: Path) -> RecordingEntry:
    meta = read_description(path)
    frames, duration_s = _extent(path / KEYPOINTS_FILE)
    return RecordingEntry(
        path=path,
        name=path.stem,
        started_at=meta.started_at,
        frames=frames,
        duration_s=duration_s,
        finished=not locks.has_writing_lock(path),
        being_written=locks.is_being_written(path),
        has_video=(path / video.FILE_NAME).exists(),
        has_poses=(path / poses.FILE_NAME).exists(),
        events=len(EventList(path).marks),
        notes=notes.read(path),
    )


def _damaged(path: Path, error: Exception) -> RecordingEntry | None:
    """The entry of a recording that cannot be read; None if it is no folder, or was deleted."""
    known = isinstance(error, RecordingError)
    try:
        found = path.stat()
    except OSError:
        return None
    if not stat.S_ISDIR(found.st_mode):
        return None
    changed_at = datetime.fromtimestamp(found.st_mtime, timezone.utc).astimezone()
    return RecordingEntry(
        path=path,
        name=path.stem,
        started_at=changed_at,
        frames=0,
        duration_s=0.0,
        finished=True,
        being_written=False,
        has_video=False,
        has_poses=False,
        fault=str(error) if known else f"{path.name} cannot be read ({error}).",
    )


def _extent(path: Path) -> tuple[int, float]:
    """Return the number of complete rows, and the seconds from the first to the last of them."""
    with open_regular(path, "rb") as file:
        frames = max(0, file.seek(0, 2) - HEADER_BYTES) // ROW.itemsize
        if not frames:
            return 0, 0.0
        ends = []
        for row in (0, frames - 1):
            file.seek(HEADER_BYTES + row * ROW.itemsize)
            ends.append(float(np.fromfile(file, ROW, count=1)["time_s"][0]))
    duration_s = ends[1] - ends[0]
    return frames, duration_s if np.isfinite(duration_s) and duration_s >= 0 else 0.0
