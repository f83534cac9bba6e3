"""A recording or a video on stage: its clock, and the picture, 2D and 3D of each frame."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.detection.person_tracker import Choice
from app.lifting.clip import feet_in
from app.motion.placement.live import misfit
from app.motion.selection import Selection
from app.packets import Frame, Keypoints2D, PeopleInView, Pose3D
from app.render.colours import opacity
from app.ui import words
from app.ui.presenters.clips import Pictures
from app.ui.presenters.company import Box, CompanyHints, FitHint, box_at
from app.ui.presenters.people import PeopleOnStage, at_place
from app.ui.presenters.stage import Look, Position, Tick
from models.skeleton import JOINT_COUNT, LANDMARK_COUNT, MIRROR
from models.visibility import seen_mask

if TYPE_CHECKING:
    from app.lifting.video import Found
    from app.pipeline.sink import PoseSink
    from app.recording.events import Mark
    from app.recording.poses import SavedPoses
    from app.ui.presenters.clips import Clip

_NO_PICTURES = "Recorded without its pictures: only the joints were kept"
_SAID_S = 8.0
_HOLE = "No picture came at that time: the camera was lost"
_SETTLED = 30
"""Frames after which what is drawn no longer depends on where one began to look."""
_AROUND = 12
"""Frames on either side by which the feet of one are found."""
_HOLE_S = 1.5
"""A slow camera takes a picture a second."""
_STAYS_S = 0.1
"""The last frame before a hole is shown for so long."""
_NO_LANDMARKS = np.full((LANDMARK_COUNT, 5), np.nan, np.float32)


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
        self.ready_s: float | None = None
        """Playing waits there for what is to come; None if nothing is."""
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
            ahead = self._time_s + (now - self._since) * self._speed
            if self.ready_s is not None:
                ahead = max(self._time_s, min(ahead, self.ready_s))
            self._time_s = ahead
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


class PlaybackStage:
    """Shows one clip: a recording, or a video."""

    def __init__(self, clip: Clip, now: Callable[[], float] = time.monotonic) -> None:
        self.clip = clip
        self.label = clip.label
        self.clock = Clock(0.0, now)
        self._sinks: tuple[PoseSink, ...] = ()
        self.sending: Callable[[], tuple[words.Segment, ...]] = tuple
        """Set by who sends the poses on, for the status line."""
        self.selection = Selection()
        self.marks: tuple[Mark, ...] = ()
        self._ticks: tuple[Tick, ...] = ()
        self._last = Look()
        self._shown: int | None = None
        """The frame that ``_last`` is of, -1 for a hole; None if it is to be made anew."""
        self._sent = -1
        self._began_at = time.monotonic()
        self._seen = np.zeros((0, JOINT_COUNT), np.bool_)
        self._looked_at = 0
        """Frames of which it is known which joints are drawn."""
        self._company, self._fit = CompanyHints(), FitHint()
        self.people = PeopleOnStage()
        """Everybody, where there are several."""
        self._take_up(clip.found())
        self._pictures = Pictures(clip) if clip.has_pictures else None
        self.clock.play()

    def _take_up(self, found: Found) -> None:
        """Show what is known by now."""
        self._found, self._data = found, found.track
        self.time_s: NDArray[np.float64] = self._data.time_s - self._data.time_s[:1]
        """(N,) of the frames, from the first."""
        self.person = self._data.person
        """(N,) whom each frame is of."""
        self.poses: SavedPoses | None = found.poses
        """Of the frames; None until there are any."""
        self.people.take_up(found)
        self._seen = self._seen_in(found)
        self.clock.duration_s = float(self.time_s[-1])
        self._gaps = gaps(self.time_s, self._data.tracked[: found.detected])
        self._holes = holes(self.time_s)
        self._shown = None
        self.read_events()

    def _seen_in(self, found: Found) -> NDArray[np.bool_]:
        """(N, 17) which joints are drawn in the picture.  While frames are added only those are
        looked at: an hour of them takes a second."""
        conf = found.track.conf
        if found.complete:
            return seen_mask(conf)
        seen = np.zeros(conf.shape, np.bool_)
        done, upto = min(self._looked_at, found.detected), found.detected
        begin = max(0, done - _SETTLED)
        seen[:done] = self._seen[:done]
        seen[done:upto] = seen_mask(conf[begin:upto])[done - begin :]
        self._looked_at = upto
        return seen

    @property
    def shown_pose(self) -> Pose3D | None:
        """That of the frame shown."""
        return self._last.pose

    def feet(self, rows: slice) -> NDArray[np.float32]:
        """(R, 4, 3) heels and toes of R ``rows``, as :attr:`app.packets.Pose3D.feet`; there are
        poses."""
        assert self.poses is not None
        return feet_in(self._data, self.poses, self.clip.size, rows).xyz

    @property
    def lifted(self) -> bool:
        """Whether there are 3D poses to show and export."""
        return self.poses is not None

    def read_events(self) -> None:
        """Take up what has become of the events."""
        self.marks = self.clip.events.marks
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
        """The time of the frame shown, from the first; where none is, the moment itself."""
        moment_s = self.clock.read()
        return moment_s if self._in_hole(moment_s) else float(self.time_s[self._index(moment_s)])

    def _in_hole(self, moment_s: float) -> bool:
        """Whether no frame is shown at a time because the source had been lost."""
        length_s = self.clock.duration_s
        return any(
            start * length_s + _STAYS_S < moment_s < end * length_s - 5e-7
            for start, end in self._holes
        )

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
        found = self.clip.found()
        if found is not self._found:
            self._take_up(found)
        growing = self.clip.lifting and not found.complete
        # Playing waits for the poses, as it would for a slow disk.
        self.clock.ready_s = float(self.time_s[max(0, found.ready - 1)]) if growing else None
        moment_s = self.clock.read()
        if self._in_hole(moment_s):
            index, frame = -1, None
        else:
            index, frame = self._newest(self._index(moment_s))
        if index != self._shown or frame is not self._last.frame:
            nothing = Look(size=self.clip.size)
            self._last = nothing if index < 0 else self._compose(index, frame)
            self._shown = index
            self._send(self._last)
        return replace(
            self._last,
            position=self._position(growing=growing),
            status=self._status(index, growing=growing) + self.sending(),
            hint=self._hint(index, growing=growing),
            roster=self.people.roster(index),
        )

    def choose_person(self, x: float, y: float) -> Choice | None:
        """Who is at this place of the picture shown, in pixels, if it is not the one followed."""
        keypoints = self._last.keypoints
        if keypoints is None or box_at(keypoints.people_in_view.others, x, y) is None:
            return None
        return Choice(x, y, self.starts_at_s + keypoints.time_s)

    def person_at(self, x: float, y: float) -> int | None:
        """The number of who is at this place of the picture shown, in pixels."""
        hit = at_place(self._last.company, x, y)
        return None if hit is None else hit.number

    def toggle_person(self, number: int) -> None:
        """Hide one of several people, or show them again."""
        self.people.toggle(number)
        self._shown = None

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
        ended = self._pictures.close(timeout_s) if self._pictures else True
        self.clip.close()
        return ended

    @property
    def index(self) -> int:
        """The frame shown."""
        return self._index(self.clock.read())

    def _index(self, time_s: float) -> int:
        # Half a microsecond: a frame's own time must give that frame in spite of rounding.
        return max(0, int(np.searchsorted(self.time_s, time_s + 5e-7, side="right")) - 1)

    def _newest(self, index: int) -> tuple[int, Frame | None]:
        """The frame to be shown while ``index`` is wanted: the newest whose picture is there, so
        that picture and pose are of one frame."""
        if self._pictures is None:
            return index, None
        self._pictures.wish(float(self._data.time_s[index]))
        served = self._pictures.served
        if served is None:
            return index, None
        time_s, frame = served
        return self._index(time_s - self.starts_at_s), frame

    def _compose(self, index: int, frame: Frame | None) -> Look:
        data, poses = self._data, self.poses
        xy, conf, seen = data.xy[index], data.conf[index], self._seen[index]
        if poses is not None and poses.swapped[index]:  # the picture shows what the 3D view shows
            xy, conf, seen = xy[list(MIRROR)], conf[list(MIRROR)], seen[list(MIRROR)]
        stamp = time.perf_counter()
        keypoints = Keypoints2D(
            index=index,
            time_s=float(self.time_s[index]),
            size=self.clip.size,
            tracked=bool(data.tracked[index]),
            landmarks=_NO_LANDMARKS,
            world=_NO_LANDMARKS[:, :3],
            xy=xy,
            conf=conf,
            captured_at=stamp,
            detected_at=stamp,
            people_in_view=PeopleInView(
                others=_boxes(data.others[index]),
                followed=int(self.person[index]),
                chosen=bool(data.chosen[index]),
            ),
        )
        pose = None
        if poses is not None and not poses.missing[index].all():
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
                feet=self.feet(slice(max(0, index - _AROUND), index + _AROUND + 1))[
                    min(index, _AROUND)
                ],
            )
        return Look(
            frame=frame,
            keypoints=keypoints,
            seen=seen,
            pose=pose,
            opacity=opacity(conf),
            size=self.clip.size,
            company=self.people.at(index),
        )

    def _send(self, look: Look) -> None:
        """Once for each frame shown: a recording that stands still sends nothing."""
        if look.pose is not None and look.keypoints is not None and look.pose.index != self._sent:
            self._sent = look.pose.index
            for sink in self._sinks:
                sink.put(look.pose, look.keypoints.conf)

    def _status(self, index: int, *, growing: bool) -> tuple[words.Segment, ...]:
        count = len(self.time_s)
        rate = (count - 1) / self.clock.duration_s if self.clock.duration_s > 0 else 0.0
        which = f"frame {index + 1} of {count}" if index >= 0 else f"no frame of {count}"
        said = (
            words.Segment(which, "Pictures"),
            words.Segment(f"{rate:.1f} fps", "Pictures each second, on average"),
        )
        return (*said, words.lifting(self.clip.share)) if growing else said

    def _hint(self, index: int, *, growing: bool) -> str:
        found = self._found
        if growing and index >= found.ready:
            upto = words.clock(float(self.time_s[found.ready - 1])) if found.ready else ""
            ready = f": ready up to {upto}" if upto else ""
            return f"The 3D poses of this moment are being computed{ready}"
        keypoints, pose, now = self._last.keypoints, self._last.pose, time.monotonic()
        if keypoints is None:
            return _HOLE
        if not self.clip.has_pictures and now - self._began_at < _SAID_S:
            return _NO_PICTURES
        apart = None if pose is None else misfit(pose.xyz, keypoints, ~(pose.missing | pose.filled))
        others = self.people.hint(now) or self._company.step(keypoints.people_in_view, now)
        return self._fit.step(apart, now) or others

    def _part(self) -> tuple[float, float] | None:
        length_s = self.clock.duration_s
        if self.selection.whole or not length_s:
            return None
        start_s, end_s = self.selection.bounds(length_s)
        return start_s / length_s, end_s / length_s

    def _position(self, *, growing: bool) -> Position:
        return Position(
            time_s=self.clock.read(),
            duration_s=self.clock.duration_s,
            playing=self.clock.playing,
            loop=self.clock.loop,
            speed=self.clock.speed,
            gaps=self._gaps,
            holes=self._holes,
            ticks=self._ticks,
            part=self._part(),
            ready=self._found.ready / len(self.time_s) if growing else None,
        )


def gaps(
    time_s: NDArray[np.float64], tracked: NDArray[np.bool_]
) -> tuple[tuple[float, float], ...]:
    """Runs without a person in the first frames, those of ``tracked``, as shares (start, end) of
    the whole time of (N,) frames."""
    edges = np.flatnonzero(np.diff(np.concatenate([[True], tracked, [True]]).astype(np.int8)))
    ends = np.append(time_s, time_s[-1])
    length_s = float(time_s[-1]) or 1.0
    shares = (ends[edges] / length_s).tolist()
    return tuple(zip(shares[::2], shares[1::2], strict=True))


def holes(time_s: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    """Where (N,) frames are so far apart that the source must have been lost, as shares."""
    before = np.flatnonzero(np.diff(time_s) > _HOLE_S)
    length_s = float(time_s[-1]) or 1.0
    starts, ends = time_s[before] / length_s, time_s[before + 1] / length_s
    return tuple(zip(starts.tolist(), ends.tolist(), strict=True))


def _boxes(others: NDArray[np.float32]) -> tuple[Box, ...]:
    """Those of (K, 4) that are there."""
    known = others[np.isfinite(others[:, 0])].tolist()
    return tuple((left, top, right, bottom) for left, top, right, bottom in known)
