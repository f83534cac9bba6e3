"""What can be played, a recording or a video that is being lifted or has been, and its pictures."""

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
    """A recording."""

    share = 1.0
    lifting = False

    def __init__(self, recording: Recording) -> None:
        # It imports OpenCV, which the window's start can spare.
        from app.recording.locks import OpenLock

        self.recording = recording
        self.path, self.label = recording.path, recording.path.stem
        self.size, self.events = recording.size, recording.events
        self.has_pictures = recording.video_path is not None
        self._hold = OpenLock(recording.path)
        self._keypoints = recording.keypoints
        self._found = self._made()

    def found(self) -> Found:
        """All of it, from the beginning, as corrected; its poses once it has been lifted."""
        data = self.recording.keypoints
        if self._found.poses is not self.recording.poses or self._keypoints is not data:
            self._keypoints = data
            self._found = self._made()
        return self._found

    def frame_at(self, time_s: float) -> Frame | None:
        """The picture of the frame shown then; None if it was not kept."""
        times = self._keypoints.time_s
        row = max(0, int(np.searchsorted(times, time_s + 5e-7, side="right")) - 1)
        image = self.recording.picture(row)
        now = time.perf_counter()
        return None if image is None else Frame(row, float(times[row]), image, now)

    def close(self) -> None:
        """Others may move it from now on."""
        self._hold.release()

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
"""What is played."""


class Pictures:
    """Fetches the pictures of a clip in a thread; only the newest request counts."""

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
        """The request served last, and its picture; no picture if that one was not kept."""
        return self._served

    def request(self, time_s: float) -> None:
        """Ask for the picture of the frame of that time, on the clock of the frames."""
        with self._changed:
            if self._request != time_s:
                self._request = time_s
                self._changed.notify()

    def forget(self) -> None:
        """No picture is shown at the moment, and the last one is none of what comes next."""
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
