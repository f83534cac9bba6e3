"""Preview poses of a video while it is still being detected, a second or two at a time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Protocol

from app.lifting.clip import Track, describe
from app.recording.poses import SavedPoses, prepare

if TYPE_CHECKING:
    from app.lifting.video_detection import VideoDetection
    from app.lifting.work import Network
    from models.level import Level

_LOOK_S: Final = 0.25
_MANY: Final = 2000
"""Number of frames above which the preview is updated less often, as each update copies all."""
_CHUNK_S: Final = (0.5, 1.5)
"""Length of the first piece lifted for the preview, and of all others."""
_LEAD_S: Final = 1.5
"""Context before such a piece with which it is lifted ..."""
_HELD_BACK_S: Final = 0.2
"""... and after it."""


class Growing(Protocol):
    """A video that shows intermediate results."""

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of its pictures, in pixels."""

    def grow(self, track: Track, poses: SavedPoses | None) -> None:
        """Show the results so far, from the beginning on."""


class Preview:
    """Lifts what has been detected so far, piece by piece."""

    def __init__(self, video: Growing, network: Network, level: Level | None) -> None:
        self._video, self._network, self._level = video, network, level
        self._poses: list[SavedPoses] = []
        self._done = 0
        self._shown = -1
        self._looked_at = 0.0

    def look_on(self, video: VideoDetection) -> None:
        """Lift new detections and update the video."""
        now = time.monotonic()
        if now - self._looked_at < _LOOK_S * max(1.0, self._shown / _MANY):
            return
        self._looked_at = now
        track = video.so_far
        if len(track) == self._shown:
            return
        self._shown = len(track)
        if self._network.ready and len(track):
            self._lift(track)
        poses = SavedPoses.joined(self._poses) if self._poses else None
        self._video.grow(track, poses)

    def _lift(self, track: Track) -> None:
        """Lift the next piece if it is long enough."""
        times = track.time_s
        end = int(times.searchsorted(times[-1] - _HELD_BACK_S))
        if end <= self._done or times[end] - times[self._done] < _CHUNK_S[bool(self._poses)]:
            return
        begin = int(times.searchsorted(times[self._done] - _LEAD_S))
        piece, lifter = track[begin:], self._network.get()
        lifted = lifter.lift(
            *(piece.xy, piece.conf, self._video.size, piece.time_s),
            world=piece.world,
            person=piece.person,
            level=self._level,
        )
        self._level = self._level or lifted.level
        whole = prepare(len(piece), lifted, describe(lifter))
        self._poses.append(whole[self._done - begin : end - begin])
        self._done = end
