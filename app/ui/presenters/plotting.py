"""What the plot of joint angles shows: the last seconds of a live run, or a stretch of a recording.

Only while it is open: nothing is computed for a plot nobody sees.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from app.motion.angles import ANGLE, ANGLE_COUNT, continued, joint_angles
from app.packets import Pose3D
from app.ui.angle_groups import GROUPS
from app.ui.presenters.playback import PlaybackPresenter
from app.ui.presenters.summary import Summary, summarise
from app.ui.presenters.view_state import ViewState
from app.ui.tasks import Job, Jobs
from models.level import CAMERA_LEVEL
from models.timing import LONGEST_GAP_S

if TYPE_CHECKING:
    from app.recording.poses import SavedPoses
    from app.ui.presenters.window import WindowPresenter

LIVE_S: Final = 10.0
"""Of a live run are shown."""
RECORDED_S: Final = 20.0
"""Of a recording are shown at once until one zooms; of a longer one page after page, half as far
apart."""
_LEAST_S: Final = 1.0
_MOST_S: Final = 120.0
_ZOOM: Final = 0.8
_SUMMARISED_S: Final = 0.5
"""A live run is summed up so often."""
_HELD: Final = 1200
"""Live poses kept: 120 a second."""
_GOES_ON: Final = 60
"""Of these, half a second's, what a new one goes on from is among."""
_STEP_DEG: Final = 15.0
_LEAST_SPAN_DEG: Final = 60.0
"""A person standing still shall not look like one who trembles."""
_USUAL_DEG: Final = (0.0, _LEAST_SPAN_DEG)


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """What is to be drawn."""

    time_s: NDArray[np.float64]
    """(M,) seconds, increasing; before now (so at most 0) of a live run, else from its start."""
    degrees: NDArray[np.float64]
    """(M, K) one column a curve, NaN where it breaks off."""
    span_s: tuple[float, float]
    """What the axis of time shows."""
    extent_deg: tuple[float, float]
    """The lowest and the highest of ``degrees``."""
    cursor_s: float | None
    """Where the playhead is; None of a live run."""
    now: tuple[float, ...]
    """(K,) the angles of the pose that is shown, NaN where unknown."""
    part_s: tuple[float, float] | None = None
    """The selection, seconds."""
    beside: Curves | None = None
    """Those of the take it is compared with, on the same axes."""


class LiveTrace:
    """The last seconds of a live run."""

    def __init__(self) -> None:
        self._time_s = np.full(_HELD, np.nan)
        self._degrees = np.full((_HELD, ANGLE_COUNT), np.nan)
        self._person = np.zeros(_HELD, np.int64)
        self._shown: Pose3D | None = None

    def curves(self, view_state: ViewState, columns: tuple[int, ...]) -> Curves:
        """Add the pose shown if it is another than before."""
        if view_state.pose is not None and view_state.pose is not self._shown:
            self._add(
                view_state.pose,
                0 if view_state.keypoints is None else view_state.keypoints.people_in_view.followed,
            )
        end = self._time_s[-1]
        inside = self._time_s >= end - LIVE_S
        time_s, degrees = self._time_s[inside] - end, self._degrees[inside][:, columns]
        now = degrees[-1] if len(degrees) else np.full(len(columns), np.nan)
        time_s, degrees = broken_off(time_s, degrees, self._person[inside])
        return Curves(time_s, degrees, (-LIVE_S, 0.0), _extent(degrees), None, tuple(now.tolist()))

    def _add(self, pose: Pose3D, person: int) -> None:
        self._shown = pose
        # A film may have been moved back, or have begun again.
        self._time_s[self._time_s >= pose.time_s] = np.nan
        self._time_s[:-1] = self._time_s[1:]
        self._degrees[:-1] = self._degrees[1:]
        self._person[:-1] = self._person[1:]
        self._person[-1] = person
        self._time_s[-1] = pose.time_s
        self._degrees[-1] = joint_angles(
            pose.upright[None], pose.missing[None], pose.upright_feet[None]
        )[0]
        new = slice(-_GOES_ON, None)
        self._degrees[new] = continued(self._degrees[new], self._time_s[new], self._person[new])

    def summarise(self, names: tuple[str, ...]) -> Summary | None:
        """What the angles did in the seconds that are shown; None before the first pose."""
        if not math.isfinite(self._time_s[-1]):
            return None
        inside = self._time_s >= self._time_s[-1] - LIVE_S
        degrees = {name: self._degrees[inside, ANGLE[name]] for name in names}
        return summarise(f"Last {LIVE_S:g} s", degrees, self._time_s[inside])


class RecordedTrace:
    """A recording, of which only what is shown is computed; until it is lifted, its times alone.

    The page stays while the playhead crosses its middle half: what does not move is read easily,
    and costs nothing.
    """

    def __init__(
        self,
        time_s: NDArray[np.float64],
        poses: SavedPoses | None,
        person: NDArray[np.int64] | None = None,
        feet: Callable[[slice], NDArray[np.float32]] | None = None,
    ) -> None:
        """``feet`` gives (R, 4, 3) heels and toes of some rows, in the poses' axes."""
        self.poses = poses
        self.page_s = RECORDED_S
        """How much is shown at once."""
        self._feet = feet
        self._time_s = time_s
        self._person = np.zeros(len(time_s), np.int64) if person is None else person
        self._angles = lru_cache(maxsize=2)(self._computed)
        self._page = lru_cache(maxsize=2)(self._cut)

    def curves(self, view_state: ViewState, columns: tuple[int, ...]) -> Curves:
        """The page of what is shown: a frame, or a moment at which there is none."""
        begins, ends = 0.0, float(self._time_s[-1])
        if (
            view_state.position is not None
        ):  # another take beside it may begin earlier, or end later
            begins, ends = view_state.position.line_s
        here = 0.0 if view_state.position is None else view_state.position.time_s
        here = here if view_state.keypoints is None else view_state.keypoints.time_s
        page_s = self.page_s
        turned = math.floor((here - page_s / 4) / (page_s / 2)) * page_s / 2
        start = min(max(begins, turned), max(begins, ends - page_s))
        span_s = (start, min(start + page_s, max(begins + 1.0, ends)))
        page = self._page(start, page_s, columns)
        now = self._now(view_state, start, columns)
        return replace(page, span_s=span_s, cursor_s=here, now=now)

    def behind(
        self,
        view_state: ViewState,
        columns: tuple[int, ...],
        span_s: tuple[float, float],
        offset_s: float,
    ) -> Curves:
        """:meth:`curves` on the page of another take, which is ``offset_s`` earlier."""
        start = span_s[0] + offset_s
        page = self._page(start, self.page_s, columns)
        now = self._now(view_state, start, columns)
        return replace(page, time_s=page.time_s - offset_s, span_s=span_s, now=now)

    def _now(
        self, view_state: ViewState, start: float, columns: tuple[int, ...]
    ) -> tuple[float, ...]:
        """The angles of the frame shown; NaN where there is none."""
        if view_state.keypoints is None:
            return len(columns) * (math.nan,)
        rows, degrees = self._angles(start, self.page_s)
        shown_s = view_state.keypoints.time_s + 5e-7
        at = int(np.searchsorted(self._time_s, shown_s, side="right")) - 1 - rows.start
        return tuple(degrees[at, columns].tolist())

    def summarise(
        self, names: tuple[str, ...], part_s: tuple[float, float], *, whole: bool
    ) -> Summary:
        """What the angles did from ``part_s[0]`` to ``part_s[1]``; takes a second for a quarter of
        an hour of frames."""
        first, last = np.searchsorted(self._time_s, (part_s[0] - 5e-7, part_s[1] + 5e-7))
        angles = self._angles_of(slice(int(first), int(last)))
        return summarise(
            "Whole recording" if whole else "Selected part",
            {name: angles[:, ANGLE[name]] for name in names},
            self._time_s[first:last],
        )

    def _cut(self, start: float, page_s: float, columns: tuple[int, ...]) -> Curves:
        """The page that begins at ``start``, without a playhead."""
        rows, degrees = self._angles(start, page_s)
        degrees = degrees[:, columns]
        extent = _extent(degrees)
        time_s, degrees = broken_off(self._time_s[rows], degrees, self._person[rows])
        return Curves(time_s, degrees, (start, start + page_s), extent, None, ())

    def _computed(self, start: float, page_s: float) -> tuple[slice, NDArray[np.float64]]:
        """The rows of the page that begins at ``start``, and all their angles."""
        # One frame more on each side, so that lines reach the edges.
        first = max(0, int(np.searchsorted(self._time_s, start)) - 1)
        last = int(np.searchsorted(self._time_s, start + page_s, side="right")) + 1
        rows = slice(first, min(last, len(self._time_s)))
        return rows, self._angles_of(rows)

    def _angles_of(self, rows: slice) -> NDArray[np.float64]:
        """(R, A) all angles of these frames."""
        if self.poses is None:
            return np.full((rows.stop - rows.start, ANGLE_COUNT), np.nan)
        level = self.poses.level
        axes = CAMERA_LEVEL if level is None else level.axes
        feet = None if self._feet is None else self._feet(rows) @ axes.T
        angles = joint_angles(self.poses.xyz[rows] @ axes.T, self.poses.missing[rows], feet)
        return continued(angles, self._time_s[rows], self._person[rows])


class _Summing:
    """Sums up a part of a recording in the background, anew whenever another is wanted."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._wanted: tuple[object, ...] = ()
        self._busy = False
        self.summary: Summary | None = None
        """None until it is known."""

    def want(
        self,
        trace: RecordedTrace,
        names: tuple[str, ...],
        part_s: tuple[float, float],
        *,
        whole: bool,
    ) -> None:
        wanted = (trace, names, part_s, whole)
        if wanted != self._wanted:
            self.summary = None
        if wanted == self._wanted or self._busy or trace.poses is None:
            return
        self._wanted, self._busy = wanted, True

        def done(summary: Summary | None) -> None:
            self._busy = False
            if self._wanted == wanted:
                self.summary = summary

        self._jobs.start(
            Job(
                "Measuring the angles",
                lambda _control: trace.summarise(names, part_s, whole=whole),
                done=done,
                stopped=lambda: done(None),
                quiet=True,
                reads_only=True,
            )
        )

    def forget(self) -> None:
        """It is of something else from now on."""
        self.summary, self._wanted = None, ()


class PlotPresenter:
    """What is plotted of what is shown, and of what it is compared with."""

    def __init__(
        self, window: WindowPresenter, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._window, self._clock = window, clock
        self._current: PlaybackPresenter | object = None
        self._beside: PlaybackPresenter | None = None
        self._trace: LiveTrace | RecordedTrace = LiveTrace()
        self._trace_beside: RecordedTrace | None = None
        self._shown: tuple[object, ...] = ()
        self._page_s = RECORDED_S
        self._summing, self._summing_beside = _Summing(window.jobs), _Summing(window.jobs)
        self._live_summary: Summary | None = None
        self._summed: tuple[object, ...] = ()
        """What that is of."""
        self._summed_at = -math.inf
        self.span_deg = _USUAL_DEG
        """What the axis of degrees shows."""

    @property
    def summary(self) -> Summary | None:
        """Of the selection, of a whole recording without one, or of the last seconds; None until it
        is known."""
        recorded = isinstance(self._trace, RecordedTrace)
        return self._summing.summary if recorded else self._live_summary

    @property
    def summary_beside(self) -> Summary | None:
        """Of the same part of the take it is compared with."""
        return None if self._beside is None else self._summing_beside.summary

    @property
    def takes(self) -> tuple[str, str] | None:
        """The names of the two that are compared; None while it is one alone."""
        current = self._window.playback
        if current is None or self._beside is None:
            return None
        return current.label, self._beside.label

    @property
    def group(self) -> str:
        """The key of :data:`GROUPS` that was chosen."""
        return self._window.preferences.plot_group

    @property
    def names(self) -> tuple[str, ...]:
        """The angles of that group."""
        return GROUPS[self.group][1]

    @property
    def open(self) -> bool:
        """Whether the plot is to be seen."""
        return self._window.preferences.plot_open

    def choose(self, group: str) -> None:
        """Show other angles."""
        self._window.set_preference("plot_group", group)

    def toggle(self) -> None:
        """Show or hide the plot."""
        self._window.set_preference("plot_open", not self.open)

    def zoom(self, steps: float) -> None:
        """Show less of a recording at once, and closer; with negative ``steps`` more."""
        self._page_s = min(_MOST_S, max(_LEAST_S, self._page_s * _ZOOM**steps))

    def seek(self, time_s: float) -> None:
        """Move a recording's playhead."""
        current = self._window.playback
        if current is not None:
            current.clock.move(time_s)

    def curves(self, view_state: ViewState, look_beside: ViewState | None = None) -> Curves | None:
        """What to draw with ``look`` on the screen; None if it is what was drawn last."""
        self._take_current()
        self._take_beside()
        trace, part_s = self._trace, self._part_s
        shown: tuple[object, ...] = (trace, view_state.pose, self.group)
        if isinstance(trace, RecordedTrace):
            trace.page_s = self._page_s
            at = view_state.keypoints or (view_state.position and view_state.position.time_s)
            shown = (trace, at, self.group, part_s, self._page_s, *self._shown_beside(look_beside))
        self._sum_up()
        if shown == self._shown:
            return None
        before = self.span_deg if shown[:3:2] == self._shown[:3:2] else _USUAL_DEG
        self._shown = shown
        columns = tuple(ANGLE[name] for name in self.names)
        curves = trace.curves(view_state, columns)
        beside = self._curves_beside(look_beside, columns, curves.span_s)
        both = [curves] if beside is None else [curves, beside]
        lowest, highest = zip(*(each.extent_deg for each in both), strict=True)
        self.span_deg = span(min(lowest), max(highest), before)
        return replace(curves, part_s=part_s, beside=beside)

    @property
    def _part_s(self) -> tuple[float, float] | None:
        """The selection."""
        current = self._window.playback
        if current is None or current.selection.whole:
            return None
        return current.selection.bounds(current.clock.duration_s)

    def _shown_beside(self, view_state: ViewState | None) -> tuple[object, ...]:
        if view_state is None or self._trace_beside is None:
            return ()
        offset_s = self._window.comparison.offset_s
        return (
            self._trace_beside,
            view_state.keypoints,
            offset_s,
            view_state.position and view_state.position.line_s,
        )

    def _curves_beside(
        self, view_state: ViewState | None, columns: tuple[int, ...], span_s: tuple[float, float]
    ) -> Curves | None:
        trace = self._trace_beside
        if view_state is None or trace is None:
            return None
        trace.page_s = self._page_s
        return trace.behind(view_state, columns, span_s, self._window.comparison.offset_s)

    def _sum_up(self) -> None:
        """Have the summaries made anew when they are of something else."""
        trace, now, part_s = self._trace, self._clock(), self._part_s
        current, beside = self._window.playback, self._beside
        if isinstance(trace, LiveTrace):
            if now >= self._summed_at + _SUMMARISED_S or self._summed != (trace, self.group):
                self._summed, self._summed_at = (trace, self.group), now
                self._live_summary = trace.summarise(self.names)
        elif current is not None:
            whole_s = (0.0, current.clock.duration_s)
            self._summing.want(trace, self.names, part_s or whole_s, whole=part_s is None)
        if beside is not None and self._trace_beside is not None:
            of_s = (0.0, beside.clock.duration_s)
            if part_s is not None:
                offset_s = self._window.comparison.offset_s
                of_s = (part_s[0] + offset_s, part_s[1] + offset_s)
            self._summing_beside.want(self._trace_beside, self.names, of_s, whole=part_s is None)

    def _take_current(self) -> None:
        """Begin anew when something else is shown, or when a recording has been lifted."""
        current = self._window.current
        if isinstance(current, PlaybackPresenter):
            drawn = self._trace.poses if isinstance(self._trace, RecordedTrace) else None
            if current is not self._current or drawn is not current.poses:
                self._trace = _trace_of(current)
        elif current is not self._current:
            self._trace = LiveTrace()
        if current is not self._current:
            self._live_summary = None
            self._summing.forget()
        self._current = current

    def _take_beside(self) -> None:
        """As :meth:`_take_stage`, for the take it is compared with."""
        beside, trace = self._window.comparison.playback, self._trace_beside
        if beside is None:
            self._trace_beside = None
        elif trace is None or beside is not self._beside or trace.poses is not beside.poses:
            self._trace_beside = _trace_of(beside)
        if beside is not self._beside:
            self._summing_beside.forget()
        self._beside = beside


def _trace_of(current: PlaybackPresenter) -> RecordedTrace:
    return RecordedTrace(current.time_s, current.poses, current.person, feet=current.feet)


def broken_off(
    time_s: NDArray[np.float64], degrees: NDArray[np.float64], person: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(M,) and (M, K) with a row of NaN in each gap too long to be bridged by a line, and wherever
    (M,) another person begins."""
    gaps = np.flatnonzero((np.diff(time_s) > LONGEST_GAP_S) | (np.diff(person) != 0)) + 1
    return np.insert(time_s, gaps, time_s[gaps]), np.insert(degrees, gaps, np.nan, axis=0)


def span(low: float, high: float, before: tuple[float, float]) -> tuple[float, float]:
    """What the axis shows of degrees from ``low`` to ``high``: round, roomy, and as ``before``
    unless that is too small, or more than twice too large."""
    low, high = math.floor(low / _STEP_DEG) * _STEP_DEG, math.ceil(high / _STEP_DEG) * _STEP_DEG
    size = max(high - low, _LEAST_SPAN_DEG)
    if before[0] <= low and high <= before[1] and before[1] - before[0] <= 2 * size:
        return before
    low -= math.floor((size - (high - low)) / 2 / _STEP_DEG) * _STEP_DEG
    return low, low + size


def _extent(degrees: NDArray[np.float64]) -> tuple[float, float]:
    """The lowest and the highest; (0, 0) if there are none."""
    known = degrees[np.isfinite(degrees)]
    return (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
