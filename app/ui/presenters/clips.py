"""Clips that can be played: recordings and videos, lifted or not, with their pictures."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import numpy as np

from app.lifting.clip import OTHERS, Track
from app.lifting.video import Found, VideoClip
from app.packets import Frame
from models.skeleton import world_joints

if TYPE_CHECKING:
    from app.recording.reader import Recording


class RecordedClip:
    """A recording, with the interface of :class:`VideoClip` that playback uses."""

    share = 1.0
    lifting = False

    def __init__(self, recording: Recording) -> None:
        # It imports OpenCV, which would delay the start of the window.
        from app.recording.locks import OpenLock

        self.recording = recording
        self.path, self.label = recording.path, recording.path.stem
        self.size, self.events = recording.size, recording.events
        self.has_pictures = recording.video_path is not None
        self._lock = OpenLock(recording.path)
        self._keypoints = recording.keypoints
        self._found = self._made()

    def found(self) -> Found:
        """Return the complete track as corrected, with poses if it has been lifted."""
        data = self.recording.keypoints
        if self._found.poses is not self.recording.poses or self._keypoints is not data:
            self._keypoints = data
            self._found = self._made()
        return self._found

    def frame_at(self, time_s: float) -> Frame | None:
        """Return the picture of the frame shown at ``time_s``; None if it was not recorded."""
        times = self._keypoints.time_s
        row = max(0, int(np.searchsorted(times, time_s + 5e-7, side="right")) - 1)
        image = self.recording.picture(row)
        now = time.perf_counter()
        return None if image is None else Frame(row, float(times[row]), image, now)

    def close(self) -> None:
        """Release the lock, so that the recording can be moved."""
        self._lock.release()

    def _made(self) -> Found:
        data = self._keypoints
        count = len(data.time_s)
        track = Track(
            time_s=data.time_s,
            tracked=data.tracked,
            xy=data.xy,
            conf=data.conf,
            world=world_joints(data.world).astype(np.float32),
            feet=self.recording.foot_evidence,
            person=data.person,
            chosen=np.ones(count, bool),
            others=np.full((count, OTHERS, 4), np.nan, np.float32),
        )
        return Found(track, self.recording.poses, count, count, complete=True)


Clip = RecordedClip | VideoClip
"""A clip that can be played."""


class Pictures:
    """Fetches the pictures of a clip in a thread; a new request replaces the previous one."""

    def __init__(self, clip: Clip) -> None:
        self._clip = clip
        self._request: float | None = None
        self._changed = threading.Condition()
        self._closed = False
        self._served: tuple[float, Frame | None] | None = None
        self._thread = threading.Thread(target=self._run, name="clip pictures", daemon=True)
        self._thread.start()

    @property
    def served(self) -> tuple[float, Frame | None] | None:
        """The request served last and its picture, which is None if it was not recorded."""
        return self._served

    def request(self, time_s: float) -> None:
        """Request the picture of the frame at that time, on the clock of the clip's frames."""
        with self._changed:
            if self._request != time_s:
                self._request = time_s
                self._changed.notify()

    def forget(self) -> None:
        """Drop the request and the last picture, because no frame is shown at the moment."""
        with self._changed:
            self._request = self._served = None

    def close(self, timeout_s: float) -> bool:
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        answered: float | None = None
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._request != answered)  # noqa: B023
                if self._closed:
                    return
                answered = self._request
            if answered is not None:
                served = answered, self._clip.frame_at(answered)
                with self._changed:
                    if self._request is not None:
                        self._served = served
