"""Presenter of a recording or video: its clock, and picture, 2D and 3D pose of each frame."""

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
_HINT_S = 8.0
_HOLE = "No picture came at that time: the camera was lost"
_SETTLED = 30
"""Frames after which :func:`seen_mask` no longer depends on the frame at which it began."""
_AROUND_S = LONGEST_GAP_S + 0.2
"""Seconds before and after a frame that are used to estimate its feet and bridge their gaps."""
_HOLE_S = 1.5
"""Shortest interval without frames that counts as lost: a slow camera takes one per second."""
_LAST_FRAME_S = 0.1
"""Seconds for which the last frame before such an interval stays visible."""
_NO_LANDMARKS = np.full((LANDMARK_COUNT, 5), np.nan, np.float32)


class PlaybackPresenter:
    """Shows one clip: a recording, or a video."""

    def __init__(
        self, clip: Clip, now: Callable[[], float] = time.monotonic, clock: Clock | None = None
    ) -> None:
        """With a given ``clock``, it follows that and does not start to play automatically."""
        self.clip = clip
        self.label = clip.label
        self.clock = clock or Clock(0.0, now)
        self._sinks: tuple[PoseSink, ...] = ()
        self.sending: Callable[[], tuple[words.Segment, ...]] = tuple
        """Returns the status line's segments about sent poses; set by the sending presenter."""
        self.selection = Selection()
        self.marks: tuple[Mark, ...] = ()
        self._ticks: tuple[Tick, ...] = ()
        self._last = ViewState()
        self._shown: int | None = None
        """Frame of ``_last``, -1 for an interval without frames; None to compose it again."""
        self._sent = -1
        self._began_at = time.monotonic()
        self._seen = np.zeros((0, JOINT_COUNT), np.bool_)
        self._seen_count = 0
        """Number of frames for which ``_seen`` is known."""
        self._people_hints, self._fit = PeopleHints(), FitHint()
        self.people = ShownPeople()
        """All people, if there are several."""
        self._update(clip.found())
        self._pictures = Pictures(clip) if clip.has_pictures else None
        if clock is None:
            self.clock.play()

    def _update(self, found: Found) -> None:
        """Update from the present results of the clip."""
        self._found, self._data = found, found.track
        self.time_s: NDArray[np.float64] = self._data.time_s - self._data.time_s[:1]
        """(N,) times of the frames, in seconds from the first."""
        self.person = self._data.person
        """(N,) identity of the person in each frame."""
        self.poses: SavedPoses | None = found.poses
        """Poses of the frames; None until there are any."""
        self.people.update(found)
        self._seen = self._seen_in(found)
        self.clock.duration_s = float(self.time_s[-1])
        self._gaps = gaps(self.time_s, self._data.tracked[: found.detected])
        self._holes = holes(self.time_s)
        self._shown = None
        self.read_events()

    def _seen_in(self, found: Found) -> NDArray[np.bool_]:
        """Return (N, 17) which joints are drawn in the picture.

        While frames are added, only those are computed: one hour of frames takes one second.
        """
        conf = found.track.conf
        if found.complete:
            return seen_mask(conf)
        seen = np.zeros(conf.shape, np.bool_)
        done, upto = min(self._seen_count, found.detected), found.detected
        begin = max(0, done - _SETTLED)
        seen[:done] = self._seen[:done]
        seen[done:upto] = seen_mask(conf[begin:upto])[done - begin :]
        self._seen_count = upto
        return seen

    @property
    def shown_pose(self) -> Pose3D | None:
        """The pose of the frame shown; None if there is none."""
        return self._last.pose

    def feet(self, rows: slice) -> NDArray[np.float32]:
        """Return (R, 4, 3) heels and toes of R ``rows``, as :attr:`app.packets.Pose3D.feet`.

        Only if there are poses.
        """
        assert self.poses is not None
        return feet_in(self._data, self.poses, self.clip.size, rows).xyz

    def _feet_at(self, index: int, poses: LiftedPoses) -> Feet:
        """Return heels and toes of one frame."""
        around = self.time_s[index] + np.array([-_AROUND_S, _AROUND_S])
        first, end = np.searchsorted(self.time_s, around).tolist()
        found = feet_in(self._data, poses, self.clip.size, slice(first, end))
        return Feet(*(each[index - first] for each in found))

    @property
    def lifted(self) -> bool:
        """Whether there are 3D poses to show and export."""
        return self.poses is not None

    def read_events(self) -> None:
        """Update ``marks`` and the timeline's ticks from the clip's events."""
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
        """The first frame's time on the clock of the recording's frames and events."""
        return float(self._data.time_s[0])

    @property
    def shown_s(self) -> float:
        """Time of the frame shown, from the first; the clock's time if there is no frame."""
        moment_s = min(self.clock.duration_s, max(0.0, self.clock.read()))
        return moment_s if self._in_hole(moment_s) else float(self.time_s[self._index(moment_s)])

    def why_outside(self, moment_s: float) -> str:
        """Return why ``moment_s`` is outside this clip, as a sentence; empty if it is inside.

        That occurs in a comparison, if the other take begins earlier or ends later.
        """
        after_s = moment_s - self.clock.duration_s
        if moment_s < -5e-7:
            return f"{self.label} begins in {-moment_s:.1f} s"
        return f"{self.label} ended {after_s:.1f} s ago" if after_s > _LAST_FRAME_S else ""

    def _in_hole(self, moment_s: float) -> bool:
        """Whether no frame is shown at a time: the source was lost, or it is outside the clip."""
        length_s = self.clock.duration_s
        return bool(self.why_outside(moment_s)) or any(
            start * length_s + _LAST_FRAME_S < moment_s < end * length_s - 5e-7
            for start, end in self._holes
        )

    def frame_time(self, time_s: float) -> float:
        """Return the time of the frame shown at ``time_s``."""
        return float(self.time_s[self._index(time_s)])

    def frame_after(self, time_s: float) -> float:
        """Return the time of the frame after the one shown at ``time_s``, at most the last."""
        return float(self.time_s[min(self._index(time_s) + 1, len(self.time_s) - 1)])

    def select(self, part: Selection) -> None:
        """Select the part that is exported, and that is repeated when looping."""
        self.selection = part
        self.clock.part = None if part.whole else part.bounds(self.clock.duration_s)

    def go(self, time_s: float) -> None:
        """Pause at the frame of ``time_s``."""
        self.clock.pause()
        self.clock.move(time_s)

    def view_state(self) -> ViewState:
        found = self.clip.found()
        if found is not self._found:
            self._update(found)
        lifting = self.clip.lifting
        growing = lifting and not found.complete
        # Playback waits for the poses, as it would for a slow disk.
        self.clock.ready_s = float(self.time_s[max(0, found.ready - 1)]) if growing else None
        moment_s = self.clock.read()
        if self._in_hole(moment_s):
            index, frame = -1, None
            if self._pictures is not None:
                self._pictures.forget()
        else:
            index, frame = self._decoded(self._index(moment_s))
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
        """Return the choice of the person at this position of the picture shown, in pixels; None
        if there is no person other than the one followed."""
        keypoints = self._last.keypoints
        if keypoints is None or box_at(keypoints.people_in_view.others, x, y) is None:
            return None
        return Choice(x, y, self.starts_at_s + keypoints.time_s)

    def person_at(self, x: float, y: float) -> int | None:
        """Return the number of the person at this position of the picture shown, in pixels."""
        hit = at_place(self._last.people, x, y)
        return None if hit is None else hit.number

    def toggle_person(self, number: int) -> None:
        """Hide a person, or show them again."""
        self.people.toggle(number)
        self._shown = None

    def toggle(self) -> None:
        if self.clock.playing:
            self.clock.pause()
        else:
            self.clock.play()

    def time_at(self, share: float) -> float:
        """Return the time at a fraction of the timeline."""
        begins_s, ends_s = self.clock.timeline_s
        return begins_s + share * (ends_s - begins_s)

    def seek(self, share: float) -> None:
        self.clock.move(self.time_at(share))

    def step(self, frames: int) -> None:
        self.clock.pause()
        moment_s, last = self.clock.read(), len(self.time_s) - 1
        index = self._index(moment_s) + frames
        if 0 <= index <= last and not self.why_outside(moment_s):
            self.clock.move(float(self.time_s[index]))
        else:  # outside this clip, where there is only the other clip of a comparison
            self.clock.move(moment_s + frames * self.clock.duration_s / max(1, last))

    def send_to(self, *sinks: PoseSink) -> None:
        """Pass every pose that is shown to these sinks, instead of to the previous ones."""
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
        """Index of the frame shown."""
        return self._index(self.clock.read())

    def _index(self, time_s: float) -> int:
        # Half a microsecond: a frame's exact time must give that frame in spite of rounding.
        return max(0, int(np.searchsorted(self.time_s, time_s + 5e-7, side="right")) - 1)

    def _decoded(self, index: int) -> tuple[int, Frame | None]:
        """Request the picture of frame ``index``; return index and picture of the frame to show.

        That is the frame whose picture was decoded last, so that picture and pose match.
        """
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
        if poses is not None and poses.swapped[index]:  # same sides as in the 3D view
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
            feet_opacity=feet.opacity,
        )

    def _send(self, view_state: ViewState) -> None:
        """Send each frame shown once: a paused recording sends nothing."""
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
        segments = (
            words.Segment(which, "Pictures"),
            words.Segment(f"{rate:.1f} fps", "Pictures each second, on average"),
        )
        return (*segments, words.lifting(self.clip.share)) if lifting else segments

    def _hint(self, index: int, *, growing: bool, lifting: bool) -> str:
        found = self._found
        if growing and index >= found.ready:
            upto = words.clock(float(self.time_s[found.ready - 1])) if found.ready else ""
            ready = f": ready up to {upto}" if upto else ""
            return f"The 3D poses of this moment are being computed{ready}"
        keypoints, pose, now = self._last.keypoints, self._last.pose, time.monotonic()
        if keypoints is None:
            return self.why_outside(self.clock.last_s) or _HOLE
        if not self.clip.has_pictures and now - self._began_at < _HINT_S:
            return _NO_PICTURES
        apart = None
        if pose is not None and not lifting:  # a correction in progress: the pose may be outdated
            apart = misfit(pose.xyz, keypoints, ~(pose.missing | pose.filled))
        others = self.people.hint(now) or self._people_hints.step(keypoints.people_in_view, now)
        return self._fit.step(apart, now) or others

    def _all_scaled(
        self, intervals: tuple[tuple[float, float], ...]
    ) -> tuple[tuple[float, float], ...]:
        """Convert fractions of this clip to fractions of the timeline."""
        return tuple((self._scaled(start), self._scaled(end)) for start, end in intervals)

    def _scaled(self, share: float) -> float:
        """Convert a fraction of this clip to a fraction of the timeline."""
        if self.clock.bounds_s is None:
            return share
        begins_s, ends_s = self.clock.timeline_s
        place = (share * self.clock.duration_s - begins_s) / ((ends_s - begins_s) or 1.0)
        return min(1.0, max(0.0, place))

    def _part(self) -> tuple[float, float] | None:
        length_s = self.clock.duration_s
        if self.selection.whole or not length_s:
            return None
        start_s, end_s = self.selection.bounds(length_s)
        return self._all_scaled(((start_s / length_s, end_s / length_s),))[0]

    def position(self, *, growing: bool = False) -> Position:
        """Return the timeline's state; if ``growing``, with the fraction that has poses."""
        begins_s, ends_s = self.clock.timeline_s
        moment_s, whole = self.clock.last_s, self.clock.bounds_s is None
        first, last = self._scaled(0.0), self._scaled(1.0)
        without = () if whole else ((0.0, first), (last, 1.0))
        return Position(
            time_s=moment_s,
            duration_s=ends_s - begins_s,
            begins_s=begins_s,
            playing=self.clock.playing,
            loop=self.clock.loop,
            speed=self.clock.speed,
            gaps=self._all_scaled(self._gaps) + without,
            holes=self._all_scaled(self._holes),
            ticks=self._ticks
            if whole
            else tuple(replace(tick, share=self._scaled(tick.share)) for tick in self._ticks),
            part=self._part(),
            ready=self._scaled(self._found.ready / len(self.time_s)) if growing else None,
        )


def gaps(
    time_s: NDArray[np.float64], tracked: NDArray[np.bool_]
) -> tuple[tuple[float, float], ...]:
    """Return the intervals without a person, as fractions (start, end) of the clip.

    Args:
        time_s: (N,) times of the frames, from 0.
        tracked: (M,) whether there is a person in each of the first M frames.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[True], tracked, [True]]).astype(np.int8)))
    ends = np.append(time_s, time_s[-1])
    length_s = float(time_s[-1]) or 1.0
    shares = (ends[edges] / length_s).tolist()
    return tuple(zip(shares[::2], shares[1::2], strict=True))


def holes(time_s: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    """Return the intervals in which the source was lost, as fractions (start, end) of the clip.

    Those are gaps of more than ``_HOLE_S`` between the (N,) times of the frames.
    """
    before = np.flatnonzero(np.diff(time_s) > _HOLE_S)
    length_s = float(time_s[-1]) or 1.0
    starts, ends = time_s[before] / length_s, time_s[before + 1] / length_s
    return tuple(zip(starts.tolist(), ends.tolist(), strict=True))


def _boxes(others: NDArray[np.float32]) -> tuple[Box, ...]:
    """Return the boxes of (K, 4) that are not NaN."""
    known = others[np.isfinite(others[:, 0])].tolist()
    return tuple((left, top, right, bottom) for left, top, right, bottom in known)
