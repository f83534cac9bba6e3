"""Writing of a recording during capture."""

from __future__ import annotations

import logging
import math
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from app.errors import RecordingError
from app.packets import Frame, Keypoints2D
from app.recording import meta as meta_file
from app.recording import rows, video
from app.recording.disk_space import DiskSpace
from app.recording.events import EventWriter, Mark
from app.recording.locks import WritingLock
from app.recording.meta import Ending, Meta, SourceInfo
from app.recording.names import KEYPOINTS_FILE, SUFFIX
from app.recording.storage import AppendOnlyFile
from app.recording.video import PictureWriter
from app.system.files import names_in_turn, plain_reason, safe_name, sync_folder

_log = logging.getLogger(__name__)

_FLUSH_S: Final = 0.2
_SYNC_S: Final = 1.0
_CLOSE_S: Final = 10.0
_SAME_TIME_S: Final = 1e-4
"""Times in a file are rounded: the frame at the end of a second does not count as one more."""
_MAX_WAITING: Final = 50_000
"""Rows queued in memory (65 MB, 28 minutes at 30 frames/s) while the disk does not respond."""


class RecordingWriter:
    """A recording in progress.

    :meth:`append` only queues; one thread writes the rows every 0.2 s, another syncs them to disk
    every second, a third encodes pictures.  Any failure ends the recording, keeps what was written,
    and is reported in :attr:`error`.
    """

    def __init__(
        self, path: Path, meta: Meta, keep_video: bool, seconds: float | None = None
    ) -> None:
        """Start in the new, empty folder ``path``; use :meth:`create`.  Raises OSError."""
        self.path = path
        self.error: RecordingError | None = None
        """Why the recording ended automatically."""
        self.complete = False
        """Whether it has reached the requested duration."""
        self._meta = meta
        self._seconds = math.inf if seconds is None else seconds
        with ExitStack() as undo:
            self._mark = WritingLock(path)
            undo.callback(self._mark.release)
            meta_file.write(meta, path)
            self._file = AppendOnlyFile(path / KEYPOINTS_FILE)
            undo.callback(self._file.close)
            self._file.append(rows.header({"recording": meta.brief()}))
            sync_folder(path)
            video_path = path / video.FILE_NAME
            self._pictures = PictureWriter(video_path, meta.size) if keep_video else None
            undo.pop_all()
        self.disk = DiskSpace(path, self._file, self._pictures)
        """Updated every second."""
        self._events = EventWriter(path)
        self._first: tuple[float, int] | None = None
        self._captured_at = 0.0
        self._last = (0.0, 0)
        self._accepted = 0
        self._written = 0
        self._waiting: deque[bytes] = deque()
        self._lock = threading.Lock()
        self._closed = False
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._guarded, args=(job,), name=name, daemon=True)
            for name, job in (
                ("recording-rows", self._write_rows),
                ("recording-sync", self._watch_disk),
            )
        ]
        for thread in self._threads:
            thread.start()

    @classmethod
    def create(
        cls,
        folder: Path,
        name: str = "",
        *,
        source: SourceInfo,
        size: tuple[int, int],
        keep_video: bool = False,
        settings: Mapping[str, object] | None = None,
        seconds: float | None = None,
    ) -> RecordingWriter:
        """Begin ``NAME.mixpose`` in ``folder``, or ``NAME-2.mixpose`` … if that exists.

        ``name`` may be anything a person types; empty stands for the date and time.  ``size`` is
        (width, height) in pixels.  ``seconds`` after its first frame it accepts no more frames.
        Raises RecordingError if nothing can be written there.
        """
        now = datetime.now().astimezone()
        name = safe_name(name, otherwise=now.strftime("%Y-%m-%d %H.%M.%S"))
        meta = Meta(started_at=now, size=size, source=source, settings=dict(settings or {}))
        path = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path = _make_folder(folder / f"{name}{SUFFIX}")
            return cls(path, meta, keep_video, seconds)
        except OSError as error:
            if path is not None:
                shutil.rmtree(path, ignore_errors=True)
            raise RecordingError(
                f"A recording cannot be made in {folder}: {plain_reason(error)}. "
                "Choose another folder for recordings, or make room."
            ) from error

    @property
    def frames(self) -> int:
        """Frames recorded; after an error, those that reached the file."""
        return self._accepted if self.error is None else self._written

    @property
    def starts_at_s(self) -> float:
        """The first recorded frame's time on the clock of rows and events; 0 before that."""
        return 0.0 if self._first is None else self._first[0]

    @property
    def elapsed_s(self) -> float:
        """Seconds from the first to the last recorded frame, by the source's clock."""
        return 0.0 if self._first is None else self._last[0] - self._first[0]

    @property
    def dropped(self) -> int:
        """Frames the source lost since the first one recorded."""
        return 0 if self._first is None else self._last[1] - self._first[1]

    @property
    def disk_warning(self) -> str | None:
        """A text, without a full stop, if the disk will be full within half an hour."""
        return self.disk.warning

    @property
    def pictures_left_out(self) -> int:
        """Pictures that could not be kept; their keypoints are."""
        return 0 if self._pictures is None else self._pictures.left_out

    @property
    def video_problem(self) -> str | None:
        """Why pictures are no longer kept while the recording continues, in a sentence."""
        return None if self._pictures is None else self._pictures.problem

    def append(
        self, keypoints: Keypoints2D, frame: Frame | None = None, *, dropped: int = 0
    ) -> None:
        """Record one frame, and its picture if video is kept; never waits for the disk.

        ``dropped`` is the total number of frames that the source has lost.  Does nothing once the
        recording has ended or is complete.  Raises ValueError if an array has the wrong shape.
        """
        with self._lock:
            if self._first is not None:
                elapsed_s = keypoints.time_s - self._first[0]
                self.complete |= elapsed_s > self._seconds - _SAME_TIME_S
            if self._stop.is_set() or self.complete:
                return
            obstacle = self._obstacle(keypoints)
            if obstacle is None:
                self._hand_over(keypoints, frame, dropped)
        if obstacle is not None:
            self._fail(obstacle)

    def mark(self, label: str = "", *, last_frame: bool = False) -> Mark | None:
        """Mark this moment; written within 0.2 s, like the rows.  Never waits for the disk.

        With ``last_frame`` the frame recorded last is marked, which is older than this moment by
        the time that detection took.  Returns None before the first frame and after the end.
        """
        with self._lock:
            if self._stop.is_set() or self._first is None:
                return None
            since_s = max(0.0, time.perf_counter() - self._captured_at)
            time_s = self._last[0] + (0.0 if last_frame else since_s)
            return self._events.add(time_s, label)

    def _obstacle(self, keypoints: Keypoints2D) -> str | None:
        if keypoints.size != self._meta.size:
            old, new = ("{} x {}".format(*size) for size in (self._meta.size, keypoints.size))
            return f"the picture's size changed from {old} to {new}"
        if self._first is not None and not keypoints.time_s > self._last[0]:
            return "the source went back in time"
        if len(self._waiting) >= _MAX_WAITING:
            return "the disk has stopped taking data"
        return None

    def _hand_over(self, keypoints: Keypoints2D, frame: Frame | None, dropped: int) -> None:
        number = -1
        if frame is not None and self._pictures is not None:
            number = self._pictures.offer(frame.image, keypoints.time_s)
        self._waiting.append(rows.pack(keypoints, dropped=dropped, video_frame=number))
        self._accepted += 1
        self._last = (keypoints.time_s, dropped)
        self._captured_at = keypoints.captured_at
        if self._first is None:
            self._first = self._last

    def close(self) -> Path:
        """Write what is queued, note the end, and return the folder; then see :attr:`error`.

        Idempotent; returns within about ten seconds even if the disk does not answer.
        """
        with self._lock:
            self._stop.set()
            if self._closed:
                return self.path
            self._closed = True
        deadline = time.perf_counter() + _CLOSE_S
        ended = self._pictures is None or self._pictures.finish(_CLOSE_S)
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.perf_counter()))
            ended = ended and not thread.is_alive()
        if not ended:
            self._fail("the disk does not answer")
            return self.path
        try:
            self._finalise()
        except OSError as error:
            # The lock file stays: the recording opens as an interrupted one.
            self._fail(plain_reason(error))
        finally:
            self._mark.release()
        return self.path

    def discard(self) -> None:
        """Close the recording, and remove it if it has no frames."""
        empty = not self._accepted and self._file.in_place()
        self.close()
        if empty:
            shutil.rmtree(self.path, ignore_errors=True)

    def _finalise(self) -> None:
        files = self._files()
        with ExitStack() as open_files:
            for file in files:
                open_files.callback(file.close)
            for file in files:
                file.sync()
        ending = Ending(
            frames=self._written,
            duration_s=self.elapsed_s,
            dropped=self.dropped,
            pictures=0 if self._pictures is None else self._pictures.written,
            error=None if self.error is None else str(self.error),
        )
        meta_file.write(replace(self._meta, ending=ending), self.path)
        self._mark.remove()
        sync_folder(self.path)

    def _files(self) -> list[AppendOnlyFile]:
        pictures = None if self._pictures is None else self._pictures.file
        return [each for each in (self._file, self._events.file, pictures) if each is not None]

    def _write_rows(self) -> None:
        while True:
            # Checked before emptying, so that rows queued until the end are written, too.
            ending = self._stop.wait(_FLUSH_S)
            while self._waiting:
                self._file.append(self._waiting[0])
                self._waiting.popleft()
                self._written += 1
            self._events.write()
            if ending:
                return

    def _watch_disk(self) -> None:
        # In a thread of its own: fsync can take seconds, during which rows must still be written.
        while not self._stop.wait(_SYNC_S):
            for file in self._files():
                file.sync()
            if not self._file.in_place():
                self._fail("its folder was moved or deleted")
                return
            self.disk.update()
            if self.disk.last:
                self._fail("the disk is nearly full")
                return

    def _guarded(self, job: Callable[[], None]) -> None:
        try:
            job()
        except OSError as error:
            self._fail(plain_reason(error))
        except Exception as error:
            _log.exception("a recording's thread failed")
            self._fail(f"the program has a fault ({type(error).__name__})")

    def _fail(self, reason: str) -> None:
        with self._lock:
            if self.error is None:
                any_kept = self._accepted and self._file.in_place()
                kept = " What was recorded until then is kept." if any_kept else ""
                self.error = RecordingError(
                    f"The recording {self.path.name} ended because {reason}.{kept}"
                )
                _log.error("%s", self.error)
            self._stop.set()


def _make_folder(wanted: Path) -> Path:
    """Make ``wanted`` or the next free name; creation claims it, so no two can get the same."""
    for path in names_in_turn(wanted):
        try:
            path.mkdir()
        except FileExistsError:
            continue
        return path
    raise AssertionError("names_in_turn has no end")
