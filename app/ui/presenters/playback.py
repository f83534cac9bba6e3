"""A recording or a video shown: its clock, and the picture, 2D and 3D of each frame."""

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
from app.ui.presenters.clock import Clock
from app.ui.presenters.people import ShownPeople, at_place
from app.ui.presenters.people_hints import Box, FitHint, PeopleHints, box_at
from app.ui.presenters.view_state import Position, Tick, ViewState
from models.feet import Feet
from models.skeleton import FOOT_MIRROR, JOINT_COUNT, LANDMARK_COUNT, MIRROR
from models.timing import LONGEST_GAP_S
from models.visibility import seen_mask

if TYPE_CHECKING:
    from app.lifting.video import Found
    from app.pipeline.status import PoseSink
    from app.recording.events import Mark
    from app.recording.poses import LiftedPoses, SavedPoses
    from app.ui.presenters.clips import Clip

_NO_PICTURES = "Recorded without its pictures: only the joints were kept"
_SAID_S = 8.0
_HOLE = "No picture came at that time: the camera was lost"
_SETTLED = 30
"""Frames after which what is drawn no longer depends on where one began to look."""
_AROUND_S = LONGEST_GAP_S + 0.2
"""Seconds on either side by which the feet of one frame are found, and their gaps bridged."""
_HOLE_S = 1.5
"""A slow camera takes a picture a second."""
_STAYS_S = 0.1
"""The last frame before a hole is shown for so long."""
_NO_LANDMARKS = np.full((LANDMARK_COUNT, 5), np.nan, np.float32)


class PlaybackPresenter:
    """Shows one clip: a recording, or a video."""

    def __init__(
        self, clip: Clip, now: Callable[[], float] = time.monotonic, clock: Clock | None = None
    ) -> None:
        """With a ``clock`` of another it runs by that, and does not begin to play by itself."""
        self.clip = clip
        self.label = clip.label
        self.clock = clock or Clock(0.0, now)
        self._sinks: tuple[PoseSink, ...] = ()
        self.sending: Callable[[], tuple[words.Segment, ...]] = tuple
        """Set by who sends the poses on, for the status line."""
        self.selection = Selection()
        self.marks: tuple[Mark, ...] = ()
        self._ticks: tuple[Tick, ...] = ()
        self._last = ViewState()
        self._shown: int | None = None
        """The frame that ``_last`` is of, -1 for a hole; None if it is to be made anew."""
        self._sent = -1
        self._began_at = time.monotonic()
        self._seen = np.zeros((0, JOINT_COUNT), np.bool_)
        self._looked_at = 0
        """Frames of which it is known which joints are drawn."""
        self._people_hints, self._fit = PeopleHints(), FitHint()
        self.people = ShownPeople()
        """Everybody, where there are several."""
        self._take_up(clip.found())
        self._pictures = Pictures(clip) if clip.has_pictures else None
        if clock is None:
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

    def _feet_at(self, index: int, poses: LiftedPoses) -> Feet:
        """Those of one frame."""
        around = self.time_s[index] + np.array([-_AROUND_S, _AROUND_S])
        first, end = np.searchsorted(self.time_s, around).tolist()
        found = feet_in(self._data, poses, self.clip.size, slice(first, end))
        return Feet(*(each[index - first] for each in found))

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
        moment_s = min(self.clock.duration_s, max(0.0, self.clock.read()))
        return moment_s if self._in_hole(moment_s) else float(self.time_s[self._index(moment_s)])

    def away(self, moment_s: float) -> str:
        """Why there is nothing of this clip then, in words: another that runs beside it began
        earlier, or ends later.  Empty from its first frame to its last."""
        after_s = moment_s - self.clock.duration_s
        if moment_s < -5e-7:
            return f"{self.label} begins in {-moment_s:.1f} s"
        return f"{self.label} ended {after_s:.1f} s ago" if after_s > _STAYS_S else ""

    def _in_hole(self, moment_s: float) -> bool:
        """Whether no frame is shown at a time: the source had been lost, or it is outside."""
        length_s = self.clock.duration_s
        return bool(self.away(moment_s)) or any(
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

    def view_state(self) -> ViewState:
        found = self.clip.found()
        if found is not self._found:
            self._take_up(found)
        lifting = self.clip.lifting
        growing = lifting and not found.complete
        # Playing waits for the poses, as it would for a slow disk.
        self.clock.ready_s = float(self.time_s[max(0, found.ready - 1)]) if growing else None
        moment_s = self.clock.read()
        if self._in_hole(moment_s):
            index, frame = -1, None
            if self._pictures is not None:
                self._pictures.forget()
        else:
            index, frame = self._newest(self._index(moment_s))
        if index != self._shown or frame is not self._last.frame:
            nothing = ViewState(size=self.clip.size)
            self._last = nothing if index < 0 else self._compose(index, frame)
            self._shown = index
            self._send(self._last)
        return replace(
            self._last,
            position=self.position(growing=growing),
            status=self._status(index, lifting=lifting) + self.sending(),
            hint=self._hint(index, growing=growing, lifting=lifting),
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
        hit = at_place(self._last.people, x, y)
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

    def time_at(self, share: float) -> float:
        """The time at a share of the timeline."""
        begins_s, ends_s = self.clock.line_s
        return begins_s + share * (ends_s - begins_s)

    def seek(self, share: float) -> None:
        self.clock.move(self.time_at(share))

    def step(self, frames: int) -> None:
        self.clock.pause()
        moment_s, last = self.clock.read(), len(self.time_s) - 1
        index = self._index(moment_s) + frames
        if 0 <= index <= last and not self.away(moment_s):
            self.clock.move(float(self.time_s[index]))
        else:  # on, or back, where only another clip is
            self.clock.move(moment_s + frames * self.clock.duration_s / max(1, last))

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
        self._pictures.request(float(self._data.time_s[index]))
        served = self._pictures.served
        if served is None:
            return index, None
        time_s, frame = served
        return self._index(time_s - self.starts_at_s), frame

    def _compose(self, index: int, frame: Frame | None) -> ViewState:
        data, poses = self._data, self.poses
        xy, conf, seen = data.xy[index], data.conf[index], self._seen[index]
        evidence = data.feet[index]
        if poses is not None and poses.swapped[index]:  # the picture shows what the 3D view shows
            xy, conf, seen = xy[list(MIRROR)], conf[list(MIRROR)], seen[list(MIRROR)]
            evidence = evidence[list(FOOT_MIRROR)]
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
            feet=evidence,
        )
        return ViewState(
            frame=frame,
            keypoints=keypoints,
            seen=seen,
            pose=self._pose_at(index, stamp),
            opacity=opacity(conf),
            size=self.clip.size,
            people=self.people.at(index),
        )

    def _pose_at(self, index: int, stamp: float) -> Pose3D | None:
        poses = self.poses
        if poses is None or poses.missing[index].all():
            return None
        feet = self._feet_at(index, poses)
        return Pose3D(
            index=index,
            time_s=float(self.time_s[index]),
            xyz=poses.xyz[index],
            filled=poses.filled[index],
            missing=poses.missing[index],
            captured_at=stamp,
            detected_at=stamp,
            lifted_at=stamp,
            level=poses.level,
            feet=feet.xyz,
            feet_conf=feet.conf,
            feet_firm=feet.firm,
        )

    def _send(self, view_state: ViewState) -> None:
        """Once for each frame shown: a recording that stands still sends nothing."""
        if (
            view_state.pose is not None
            and view_state.keypoints is not None
            and view_state.pose.index != self._sent
        ):
            self._sent = view_state.pose.index
            for sink in self._sinks:
                sink.put(view_state.pose, view_state.keypoints.conf)

    def _status(self, index: int, *, lifting: bool) -> tuple[words.Segment, ...]:
        count = len(self.time_s)
        rate = (count - 1) / self.clock.duration_s if self.clock.duration_s > 0 else 0.0
        which = f"frame {index + 1} of {count}" if index >= 0 else f"no frame of {count}"
        said = (
            words.Segment(which, "Pictures"),
            words.Segment(f"{rate:.1f} fps", "Pictures each second, on average"),
        )
        return (*said, words.lifting(self.clip.share)) if lifting else said

    def _hint(self, index: int, *, growing: bool, lifting: bool) -> str:
        found = self._found
        if growing and index >= found.ready:
            upto = words.clock(float(self.time_s[found.ready - 1])) if found.ready else ""
            ready = f": ready up to {upto}" if upto else ""
            return f"The 3D poses of this moment are being computed{ready}"
        keypoints, pose, now = self._last.keypoints, self._last.pose, time.monotonic()
        if keypoints is None:
            return self.away(self.clock.last_s) or _HOLE
        if not self.clip.has_pictures and now - self._began_at < _SAID_S:
            return _NO_PICTURES
        apart = None
        if pose is not None and not lifting:  # after a correction the pose may be the one before
            apart = misfit(pose.xyz, keypoints, ~(pose.missing | pose.filled))
        others = self.people.hint(now) or self._people_hints.step(keypoints.people_in_view, now)
        return self._fit.step(apart, now) or others

    def _along(self, stretches: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
        """Shares of this clip as shares of the timeline."""
        return tuple((self._place(start), self._place(end)) for start, end in stretches)

    def _place(self, share: float) -> float:
        """:meth:`_along` of one."""
        if self.clock.bounds_s is None:
            return share
        begins_s, ends_s = self.clock.line_s
        place = (share * self.clock.duration_s - begins_s) / ((ends_s - begins_s) or 1.0)
        return min(1.0, max(0.0, place))

    def _part(self) -> tuple[float, float] | None:
        length_s = self.clock.duration_s
        if self.selection.whole or not length_s:
            return None
        start_s, end_s = self.selection.bounds(length_s)
        return self._along(((start_s / length_s, end_s / length_s),))[0]

    def position(self, *, growing: bool = False) -> Position:
        """Where it is on the timeline; while it is ``growing``, also how far there are poses."""
        begins_s, ends_s = self.clock.line_s
        moment_s, whole = self.clock.last_s, self.clock.bounds_s is None
        first, last = self._place(0.0), self._place(1.0)
        without = () if whole else ((0.0, first), (last, 1.0))
        return Position(
            time_s=moment_s,
            duration_s=ends_s - begins_s,
            begins_s=begins_s,
            playing=self.clock.playing,
            loop=self.clock.loop,
            speed=self.clock.speed,
            gaps=self._along(self._gaps) + without,
            holes=self._along(self._holes),
            ticks=self._ticks
            if whole
            else tuple(replace(tick, share=self._place(tick.share)) for tick in self._ticks),
            part=self._part(),
            ready=self._place(self._found.ready / len(self.time_s)) if growing else None,
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
