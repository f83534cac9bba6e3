"""Clips that can be played: recordings and videos, lifted or not, with their pictures."""

from __future__ import annotations

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
