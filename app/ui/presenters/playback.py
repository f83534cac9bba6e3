"""A recording on stage: its own clock, the 2D and 3D of each frame, and the pictures if kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.motion.selection import Selection
from app.packets import Company, Frame, Keypoints2D, Pose3D
from app.render.colours import opacity
from app.ui import words
from app.ui.presenters.stage import Look, Position, Tick
from models.skeleton import MIRROR
from models.visibility import seen_mask

if TYPE_CHECKING:
    from app.pipeline.sink import PoseSink
    from app.recording.events import Mark
    from app.recording.poses import SavedPoses
    from app.recording.reader import Recording


class Clock:
    """Where playing stands; time passes by itself while playing.

    Args:
        duration_s: the last frame's time.
        now: monotonic seconds.
    """

    def __init__(self, duration_s: float, now: Callable[[], float] = time.monotonic) -> None:
        self.duration_s = duration_s
        self.loop = False
        self.part: tuple[float, float] | None = None
        """What is played again and again with ``loop``; None for the whole."""
        self._now = now
        self._speed = 1.0
        self._playing = False
        self._time_s = 0.0
        self._since = now()

    @property
    def playing(self) -> bool:
        return self._playing

    @property
    def speed(self) -> float:
        return self._speed

    def read(self) -> float:
        """The position in seconds, after letting time pass."""
        now = self._now()
        if self._playing:
            self._time_s += (now - self._since) * self._speed
            start_s, end_s = self._stretch
            if self._time_s >= end_s:
                self._end(start_s, end_s)
        self._since = now
        return self._time_s

    def play(self) -> None:
        self.read()
        start_s, end_s = self._stretch
        if self._time_s >= end_s:
            self._time_s = start_s
        self._playing = True

    def pause(self) -> None:
        self.read()
        self._playing = False

    def move(self, time_s: float) -> None:
        self.read()
        self._time_s = min(self.duration_s, max(0.0, time_s))

    def set_speed(self, speed: float) -> None:
        self.read()
        self._speed = speed

    @property
    def _stretch(self) -> tuple[float, float]:
        """From where to where it plays."""
        return self.part if self.loop and self.part is not None else (0.0, self.duration_s)

    def _end(self, start_s: float, end_s: float) -> None:
        if self.loop and end_s > start_s:
            self._time_s = start_s + (self._time_s - start_s) % (end_s - start_s)
        else:
            self._time_s, self._playing = self.duration_s, False


class Pictures:
    """Fetches the pictures of a recording in a thread; only the newest wish counts."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._wish = -1
        self._changed = threading.Condition()
        self._closed = False
        self._frame: Frame | None = None
        self._thread = threading.Thread(target=self._run, name="recorded pictures", daemon=True)
        self._thread.start()

    @property
    def frame(self) -> Frame | None:
        """The picture read last; None if that one was not kept."""
        return self._frame

    def wish(self, index: int) -> None:
        """Ask for the picture of this recorded frame."""
        with self._changed:
            if self._wish != index:
                self._wish = index
                self._changed.notify()

    def close(self, timeout_s: float) -> bool:
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        served = -1
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._wish != served)  # noqa: B023
                if self._closed:
                    return
                served = self._wish
            image = self._recording.picture(served)
            time_s = float(self._recording.keypoints.time_s[served])
            self._frame = (
                None if image is None else Frame(served, time_s, image, time.perf_counter())
            )


class PlaybackStage:
    """Shows one recording."""

    recordable = False

    def __init__(self, recording: Recording, now: Callable[[], float] = time.monotonic) -> None:
        self.recording = recording
        self.label = recording.path.stem
        self._data = recording.keypoints
        self.time_s: NDArray[np.float64] = self._data.time_s - self._data.time_s[:1]
        """(N,) of the frames, from the first."""
        self.person = self._data.person
        """(N,) whom each frame is of."""
        self._seen = seen_mask(self._data.conf)
        self.clock = Clock(float(self.time_s[-1]) if len(self.time_s) else 0.0, now)
        self._gaps = gaps(self._data.tracked)
        self.poses: SavedPoses | None = recording.poses
        """Of the frames; None until it is lifted."""
        self._pictures = Pictures(recording) if recording.video_path else None
        from app.recording.hold import Hold  # it imports OpenCV, which the window's start can spare

        self._hold = Hold(recording.path)
        self._last = Look()
        self._shown = -1
        self._sinks: tuple[PoseSink, ...] = ()
        self.sending: Callable[[], tuple[words.Segment, ...]] = tuple
        """Set by who sends the poses on, for the status line."""
        self.selection = Selection()
        self.marks: tuple[Mark, ...] = ()
        self._ticks: tuple[Tick, ...] = ()
        self.read_events()
        self.clock.play()

    @property
    def lifted(self) -> bool:
        """Whether there are 3D poses to show and export."""
        return self.poses is not None

    def show_poses(self, poses: SavedPoses) -> None:
        """The recording has been lifted."""
        self.poses = poses
        self._shown = -1

    def read_events(self) -> None:
        """Take up what has become of the events."""
        self.marks = self.recording.events.marks
        length_s = self.clock.duration_s or 1.0
        self._ticks = tuple(
            Tick(
                mark.number,
                min(1.0, max(0.0, (mark.time_s - self.starts_at_s) / length_s)),
                mark.label,
            )
            for mark in self.marks
        )

    @property
    def starts_at_s(self) -> float:
        """The first frame's time on the clock of the recording's rows and events."""
        return float(self._data.time_s[0])

    @property
    def shown_s(self) -> float:
        """The time of the frame shown, from the first."""
        return float(self.time_s[self.index])

    def frame_time(self, time_s: float) -> float:
        """The time of the frame shown at ``time_s``."""
        return float(self.time_s[self._index(time_s)])

    def frame_after(self, time_s: float) -> float:
        """The time of the frame after the one shown at ``time_s``, or of the last one."""
        return float(self.time_s[min(self._index(time_s) + 1, len(self.time_s) - 1)])

    def select(self, part: Selection) -> None:
        """Choose the part that is exported, and played again and again if that is wanted."""
        self.selection = part
        self.clock.part = None if part.whole else part.bounds(self.clock.duration_s)

    def go(self, time_s: float) -> None:
        """Stop at the frame of ``time_s``."""
        self.clock.pause()
        self.clock.move(time_s)

    def look(self) -> Look:
        index = self._index(self.clock.read())
        frame = self._frame(index)
        if index != self._shown or frame is not self._last.frame:
            self._last = self._compose(index, frame)
        if index != self._shown:
            self._send(self._last)
            self._shown = index
        status = self._last.status + self.sending()
        return replace(self._last, position=self._position(), status=status)

    def toggle(self) -> None:
        if self.clock.playing:
            self.clock.pause()
        else:
            self.clock.play()

    def seek(self, share: float) -> None:
        self.clock.move(share * self.clock.duration_s)

    def step(self, frames: int) -> None:
        self.clock.pause()
        index = self._index(self.clock.read()) + frames
        index = min(len(self.time_s) - 1, max(0, index))
        self.clock.move(float(self.time_s[index]))

    def send_to(self, *sinks: PoseSink) -> None:
        """Give every pose to these too when it is shown, and no longer to those before them."""
        self._sinks = sinks

    def set_speed(self, speed: float) -> None:
        self.clock.set_speed(speed)

    def set_loop(self, loop: bool) -> None:
        self.clock.loop = loop

    def close(self, timeout_s: float) -> bool:
        self._hold.let_go()
        return self._pictures.close(timeout_s) if self._pictures else True

    @property
    def index(self) -> int:
        """The frame shown."""
        return self._index(self.clock.read())

    def _index(self, time_s: float) -> int:
        # Half a microsecond: a frame's own time must give that frame in spite of rounding.
        return max(0, int(np.searchsorted(self.time_s, time_s + 5e-7, side="right")) - 1)

    def _frame(self, index: int) -> Frame | None:
        if self._pictures is None:
            return None
        self._pictures.wish(index)
        return self._pictures.frame

    def _compose(self, index: int, frame: Frame | None) -> Look:
        data, poses = self._data, self.poses
        xy, conf, seen = data.xy[index], data.conf[index], self._seen[index]
        if poses is not None and poses.swapped[index]:  # the picture shows what the 3D view shows
            xy, conf, seen = xy[list(MIRROR)], conf[list(MIRROR)], seen[list(MIRROR)]
        stamp = time.perf_counter()
        keypoints = Keypoints2D(
            index=index,
            time_s=float(self.time_s[index]),
            size=self.recording.size,
            tracked=bool(data.tracked[index]),
            landmarks=data.landmarks[index],
            world=data.world[index],
            xy=xy,
            conf=conf,
            captured_at=stamp,
            detected_at=stamp,
            company=Company(followed=int(self.person[index])),
        )
        pose = None
        if poses is not None:
            pose = Pose3D(
                index=index,
                time_s=keypoints.time_s,
                xyz=poses.xyz[index],
                filled=poses.filled[index],
                missing=poses.missing[index],
                captured_at=stamp,
                detected_at=stamp,
                lifted_at=stamp,
                level=poses.level,
            )
        return Look(
            frame=frame,
            keypoints=keypoints,
            seen=seen,
            pose=pose,
            opacity=opacity(conf),
            size=self.recording.size,
            status=self._status(index),
        )

    def _send(self, look: Look) -> None:
        """Once for each frame shown: a recording that stands still sends nothing."""
        if look.pose is not None and look.keypoints is not None:
            for sink in self._sinks:
                sink.put(look.pose, look.keypoints.conf)

    def _status(self, index: int) -> tuple[words.Segment, ...]:
        count = len(self.time_s)
        rate = (count - 1) / self.clock.duration_s if self.clock.duration_s > 0 else 0.0
        return (
            words.Segment(f"frame {index + 1} of {count}", "Recorded pictures"),
            words.Segment(f"{rate:.1f} fps", "Pictures recorded each second, on average"),
        )

    def _part(self) -> tuple[float, float] | None:
        length_s = self.clock.duration_s
        if self.selection.whole or not length_s:
            return None
        start_s, end_s = self.selection.bounds(length_s)
        return start_s / length_s, end_s / length_s

    def _position(self) -> Position:
        return Position(
            time_s=self.clock.read(),
            duration_s=self.clock.duration_s,
            playing=self.clock.playing,
            loop=self.clock.loop,
            speed=self.clock.speed,
            gaps=self._gaps,
            ticks=self._ticks,
            part=self._part(),
        )


def gaps(tracked: NDArray[np.bool_]) -> tuple[tuple[float, float], ...]:
    """Runs of frames without a person, as shares (start, end) of the whole."""
    count = len(tracked)
    edges = np.flatnonzero(np.diff(np.concatenate([[True], tracked, [True]]).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    return tuple(
        (a / count, b / count) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)
    )
