"""Curves of the joint-angle plot: the last seconds of a live run, or an interval of a recording.

Nothing is computed while the plot is closed.
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
"""Length of a live run that is shown."""
RECORDED_S: Final = 20.0
"""Length of a recording that is shown before zooming.  A longer one is shown page by page, with
pages half this far apart."""
_SHORTEST_PAGE_S: Final = 1.0
_LONGEST_PAGE_S: Final = 120.0
_ZOOM: Final = 0.8
_SUMMARISED_S: Final = 0.5
"""Interval at which a live run is summarised."""
_KEPT: Final = 1200
"""Number of live poses kept: ``LIVE_S`` at 120 per second."""
_UNWRAPPED: Final = 60
"""Number of newest poses, half a second at 120 per second, that are unwrapped with a new one."""
_STEP_DEG: Final = 15.0
_LEAST_SPAN_DEG: Final = 60.0
"""Smallest range of the axis: otherwise the noise of a person standing still looks like tremor."""
_USUAL_DEG: Final = (0.0, _LEAST_SPAN_DEG)


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """The curves to be drawn."""

    time_s: NDArray[np.float64]
    """(M,) seconds, increasing: from a recording's start, or relative to now (so at most 0) in a
    live run."""
    degrees: NDArray[np.float64]
    """(M, K) one column per curve, NaN where it is interrupted."""
    span_s: tuple[float, float]
    """Range of the time axis."""
    extent_deg: tuple[float, float]
    """The lowest and the highest of ``degrees``."""
    cursor_s: float | None
    """Time of the playhead; None in a live run."""
    now: tuple[float, ...]
    """(K,) the angles of the pose that is shown, NaN where unknown."""
    part_s: tuple[float, float] | None = None
    """The selection, (start, end) in seconds; None without one."""
    second: Curves | None = None
    """The curves of the second take of a comparison, on the same axes; None without one."""


class LiveTrace:
    """Joint angles of the last seconds of a live run."""

    def __init__(self) -> None:
        self._time_s = np.full(_KEPT, np.nan)
        self._degrees = np.full((_KEPT, ANGLE_COUNT), np.nan)
        self._person = np.zeros(_KEPT, np.int64)
        self._shown: Pose3D | None = None

    def curves(self, view_state: ViewState, columns: tuple[int, ...]) -> Curves:
        """Add the pose shown if it is a new one, and return the curves of ``columns``."""
        if view_state.pose is not None and view_state.pose is not self._shown:
            self._add(
                view_state.pose,
                0 if view_state.keypoints is None else view_state.keypoints.people_in_view.followed,
            )
        end = self._time_s[-1]
        inside = self._time_s >= end - LIVE_S
        time_s, degrees = self._time_s[inside] - end, self._degrees[inside][:, columns]
        now = degrees[-1] if len(degrees) else np.full(len(columns), np.nan)
        time_s, degrees = with_breaks(time_s, degrees, self._person[inside])
        return Curves(time_s, degrees, (-LIVE_S, 0.0), _extent(degrees), None, tuple(now.tolist()))

    def _add(self, pose: Pose3D, person: int) -> None:
        self._shown = pose
        # The source's clock may have jumped back, or restarted.
        self._time_s[self._time_s >= pose.time_s] = np.nan
        self._time_s[:-1] = self._time_s[1:]
        self._degrees[:-1] = self._degrees[1:]
        self._person[:-1] = self._person[1:]
        self._person[-1] = person
        self._time_s[-1] = pose.time_s
        self._degrees[-1] = joint_angles(
            pose.upright[None], pose.missing[None], pose.upright_feet[None]
        )[0]
        new = slice(-_UNWRAPPED, None)
        self._degrees[new] = continued(self._degrees[new], self._time_s[new], self._person[new])

    def summarise(self, names: tuple[str, ...]) -> Summary | None:
        """Summarise the angles in the seconds that are shown; None before the first pose."""
        if not math.isfinite(self._time_s[-1]):
            return None
        inside = self._time_s >= self._time_s[-1] - LIVE_S
        degrees = {name: self._degrees[inside, ANGLE[name]] for name in names}
        return summarise(f"Last {LIVE_S:g} s", degrees, self._time_s[inside])


class RecordedTrace:
    """Joint angles of a recording, computed only for the page shown; all NaN until it is lifted.

    The page stays while the playhead crosses its middle half: a plot that does not scroll is easier
    to read, and is not computed again.
    """

    def __init__(
        self,
        time_s: NDArray[np.float64],
        poses: SavedPoses | None,
        person: NDArray[np.int64] | None = None,
        feet: Callable[[slice], NDArray[np.float32]] | None = None,
    ) -> None:
        """(N,) times in seconds, poses (None until lifted) and (N,) identities of the person
        (None: only one) of the frames; ``feet`` returns (R, 4, 3) heels and toes of R rows, in the
        poses' axes."""
        self.poses = poses
        self.page_s = RECORDED_S
        """Length of the page, seconds."""
        self._feet = feet
        self._time_s = time_s
        self._person = np.zeros(len(time_s), np.int64) if person is None else person
        self._angles = lru_cache(maxsize=2)(self._computed)
        self._page = lru_cache(maxsize=2)(self._cut)

    def curves(self, view_state: ViewState, columns: tuple[int, ...]) -> Curves:
        """Return the page that contains the position shown, whether there is a frame or not."""
        begins, ends = 0.0, float(self._time_s[-1])
        if (
            view_state.position is not None
        ):  # the second take of a comparison may begin earlier, or end later
            begins, ends = view_state.position.timeline_s
        here = 0.0 if view_state.position is None else view_state.position.time_s
        here = here if view_state.keypoints is None else view_state.keypoints.time_s
        page_s = self.page_s
        page_start = math.floor((here - page_s / 4) / (page_s / 2)) * page_s / 2
        start = min(max(begins, page_start), max(begins, ends - page_s))
        span_s = (start, min(start + page_s, max(begins + 1.0, ends)))
        page = self._page(start, page_s, columns)
        now = self._now(view_state, start, columns)
        return replace(page, span_s=span_s, cursor_s=here, now=now)

    def curves_on_page(
        self,
        view_state: ViewState,
        columns: tuple[int, ...],
        span_s: tuple[float, float],
        offset_s: float,
    ) -> Curves:
        """:meth:`curves` on the page of the first take, whose times are ``offset_s`` earlier."""
        start = span_s[0] + offset_s
        page = self._page(start, self.page_s, columns)
        now = self._now(view_state, start, columns)
        return replace(page, time_s=page.time_s - offset_s, span_s=span_s, now=now)

    def _now(
        self, view_state: ViewState, start: float, columns: tuple[int, ...]
    ) -> tuple[float, ...]:
        """Return the angles of the frame shown; NaN if there is no frame."""
        if view_state.keypoints is None:
            return len(columns) * (math.nan,)
        rows, degrees = self._angles(start, self.page_s)
        shown_s = view_state.keypoints.time_s + 5e-7
        at = int(np.searchsorted(self._time_s, shown_s, side="right")) - 1 - rows.start
        return tuple(degrees[at, columns].tolist())

    def summarise(
        self, names: tuple[str, ...], part_s: tuple[float, float], *, whole: bool
    ) -> Summary:
        """Summarise the angles from ``part_s[0]`` to ``part_s[1]``; takes one second for 15 minutes
        of frames."""
        first, last = np.searchsorted(self._time_s, (part_s[0] - 5e-7, part_s[1] + 5e-7))
        angles = self._angles_of(slice(int(first), int(last)))
        return summarise(
            "Whole recording" if whole else "Selected part",
            {name: angles[:, ANGLE[name]] for name in names},
            self._time_s[first:last],
        )

    def _cut(self, start: float, page_s: float, columns: tuple[int, ...]) -> Curves:
        """Return the page that begins at ``start``, without a playhead."""
        rows, degrees = self._angles(start, page_s)
        degrees = degrees[:, columns]
        extent = _extent(degrees)
        time_s, degrees = with_breaks(self._time_s[rows], degrees, self._person[rows])
        return Curves(time_s, degrees, (start, start + page_s), extent, None, ())

    def _computed(self, start: float, page_s: float) -> tuple[slice, NDArray[np.float64]]:
        """Return the rows of the page that begins at ``start``, and all their angles."""
        # One additional frame on each side, so that the lines reach the edges.
        first = max(0, int(np.searchsorted(self._time_s, start)) - 1)
        last = int(np.searchsorted(self._time_s, start + page_s, side="right")) + 1
        rows = slice(first, min(last, len(self._time_s)))
        return rows, self._angles_of(rows)

    def _angles_of(self, rows: slice) -> NDArray[np.float64]:
        """Return (R, A) all angles of R frames."""
        if self.poses is None:
            return np.full((rows.stop - rows.start, ANGLE_COUNT), np.nan)
        level = self.poses.level
        axes = CAMERA_LEVEL if level is None else level.axes
        feet = None if self._feet is None else self._feet(rows) @ axes.T
        angles = joint_angles(self.poses.xyz[rows] @ axes.T, self.poses.missing[rows], feet)
        return continued(angles, self._time_s[rows], self._person[rows])


class _Summariser:
    """Summarises a part of a recording in the background, again whenever another is requested."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._wanted: tuple[object, ...] = ()
        self._busy = False
        self.summary: Summary | None = None
        """The summary; None until it is computed."""

    def request(
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
        """Drop the summary, because another source is shown."""
        self.summary, self._wanted = None, ()


class PlotPresenter:
    """Curves and summaries of the source shown, and of the take it is compared with."""

    def __init__(
        self, window: WindowPresenter, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._window, self._clock = window, clock
        self._current: PlaybackPresenter | object = None
        self._second: PlaybackPresenter | None = None
        self._trace: LiveTrace | RecordedTrace = LiveTrace()
        self._second_trace: RecordedTrace | None = None
        self._shown: tuple[object, ...] = ()
        self._page_s = RECORDED_S
        self._summariser, self._second_summariser = (
            _Summariser(window.jobs),
            _Summariser(window.jobs),
        )
        self._live_summary: Summary | None = None
        self._summed: tuple[object, ...] = ()
        """The trace and group of ``_live_summary``."""
        self._summed_at = -math.inf
        self.span_deg = _USUAL_DEG
        """Range of the axis of degrees."""

    @property
    def summary(self) -> Summary | None:
        """Summary of the selection, else of the whole recording, or of the last seconds of a live
        run; None until it is computed."""
        recorded = isinstance(self._trace, RecordedTrace)
        return self._summariser.summary if recorded else self._live_summary

    @property
    def second_summary(self) -> Summary | None:
        """Summary of the same part of the take it is compared with; None without one."""
        return None if self._second is None else self._second_summariser.summary

    @property
    def takes(self) -> tuple[str, str] | None:
        """The labels of the two takes that are compared; None without a comparison."""
        current = self._window.playback
        if current is None or self._second is None:
            return None
        return current.label, self._second.label

    @property
    def group(self) -> str:
        """The chosen key of :data:`GROUPS`."""
        return self._window.preferences.plot_group

    @property
    def names(self) -> tuple[str, ...]:
        """The angles of that group."""
        return GROUPS[self.group][1]

    @property
    def open(self) -> bool:
        """Whether the plot is open."""
        return self._window.preferences.plot_open

    def choose(self, group: str) -> None:
        """Show the angles of another group."""
        self._window.set_preference("plot_group", group)

    def toggle(self) -> None:
        """Show or hide the plot."""
        self._window.set_preference("plot_open", not self.open)

    def zoom(self, steps: float) -> None:
        """Zoom in on a recording's time axis; with negative ``steps``, out."""
        self._page_s = min(_LONGEST_PAGE_S, max(_SHORTEST_PAGE_S, self._page_s * _ZOOM**steps))

    def seek(self, time_s: float) -> None:
        """Move a recording's playhead."""
        current = self._window.playback
        if current is not None:
            current.clock.move(time_s)

    def curves(self, view_state: ViewState, second_state: ViewState | None = None) -> Curves | None:
        """Return the curves for the view states of the source shown and of the second take; None if
        nothing has changed since the last call."""
        self._update_trace()
        self._update_second_trace()
        trace, part_s = self._trace, self._part_s
        shown: tuple[object, ...] = (trace, view_state.pose, self.group)
        if isinstance(trace, RecordedTrace):
            trace.page_s = self._page_s
            at = view_state.keypoints or (view_state.position and view_state.position.time_s)
            shown = (trace, at, self.group, part_s, self._page_s, *self._second_shown(second_state))
        self._update_summaries()
        if shown == self._shown:
            return None
        before = self.span_deg if shown[:3:2] == self._shown[:3:2] else _USUAL_DEG
        self._shown = shown
        columns = tuple(ANGLE[name] for name in self.names)
        curves = trace.curves(view_state, columns)
        second = self._second_curves(second_state, columns, curves.span_s)
        both = [curves] if second is None else [curves, second]
        lowest, highest = zip(*(each.extent_deg for each in both), strict=True)
        self.span_deg = span(min(lowest), max(highest), before)
        return replace(curves, part_s=part_s, second=second)

    @property
    def _part_s(self) -> tuple[float, float] | None:
        """The selection, (start, end) in seconds; None without one."""
        current = self._window.playback
        if current is None or current.selection.whole:
            return None
        return current.selection.bounds(current.clock.duration_s)

    def _second_shown(self, view_state: ViewState | None) -> tuple[object, ...]:
        if view_state is None or self._second_trace is None:
            return ()
        offset_s = self._window.comparison.offset_s
        return (
            self._second_trace,
            view_state.keypoints,
            offset_s,
            view_state.position and view_state.position.timeline_s,
        )

    def _second_curves(
        self, view_state: ViewState | None, columns: tuple[int, ...], span_s: tuple[float, float]
    ) -> Curves | None:
        trace = self._second_trace
        if view_state is None or trace is None:
            return None
        trace.page_s = self._page_s
        return trace.curves_on_page(view_state, columns, span_s, self._window.comparison.offset_s)

    def _update_summaries(self) -> None:
        """Update the summaries if they are of another part, source or group."""
        trace, now, part_s = self._trace, self._clock(), self._part_s
        current, second = self._window.playback, self._second
        if isinstance(trace, LiveTrace):
            if now >= self._summed_at + _SUMMARISED_S or self._summed != (trace, self.group):
                self._summed, self._summed_at = (trace, self.group), now
                self._live_summary = trace.summarise(self.names)
        elif current is not None:
            whole_s = (0.0, current.clock.duration_s)
            self._summariser.request(trace, self.names, part_s or whole_s, whole=part_s is None)
        if second is not None and self._second_trace is not None:
            of_s = (0.0, second.clock.duration_s)
            if part_s is not None:
                offset_s = self._window.comparison.offset_s
                of_s = (part_s[0] + offset_s, part_s[1] + offset_s)
            self._second_summariser.request(
                self._second_trace, self.names, of_s, whole=part_s is None
            )

    def _update_trace(self) -> None:
        """Replace the trace if another source is shown, or the recording has been lifted."""
        current = self._window.current
        if isinstance(current, PlaybackPresenter):
            drawn = self._trace.poses if isinstance(self._trace, RecordedTrace) else None
            if current is not self._current or drawn is not current.poses:
                self._trace = _trace_of(current)
        elif current is not self._current:
            self._trace = LiveTrace()
        if current is not self._current:
            self._live_summary = None
            self._summariser.forget()
        self._current = current

    def _update_second_trace(self) -> None:
        """As :meth:`_update_trace`, for the take it is compared with."""
        second, trace = self._window.comparison.playback, self._second_trace
        if second is None:
            self._second_trace = None
        elif trace is None or second is not self._second or trace.poses is not second.poses:
            self._second_trace = _trace_of(second)
        if second is not self._second:
            self._second_summariser.forget()
        self._second = second


def _trace_of(current: PlaybackPresenter) -> RecordedTrace:
    return RecordedTrace(current.time_s, current.poses, current.person, feet=current.feet)


def with_breaks(
    time_s: NDArray[np.float64], degrees: NDArray[np.float64], person: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (M,) times and (M, K) degrees with rows of NaN inserted, which interrupt the lines.

    They are inserted in each gap longer than ``LONGEST_GAP_S``, and wherever the (M,) ``person``
    changes.
    """
    gaps = np.flatnonzero((np.diff(time_s) > LONGEST_GAP_S) | (np.diff(person) != 0)) + 1
    return np.insert(time_s, gaps, time_s[gaps]), np.insert(degrees, gaps, np.nan, axis=0)


def span(low: float, high: float, before: tuple[float, float]) -> tuple[float, float]:
    """Return the axis range for degrees from ``low`` to ``high``, in multiples of ``_STEP_DEG``.

    The range ``before`` is kept unless it is too small, or more than twice as large as needed.
    """
    low, high = math.floor(low / _STEP_DEG) * _STEP_DEG, math.ceil(high / _STEP_DEG) * _STEP_DEG
    size = max(high - low, _LEAST_SPAN_DEG)
    if before[0] <= low and high <= before[1] and before[1] - before[0] <= 2 * size:
        return before
    low -= math.floor((size - (high - low)) / 2 / _STEP_DEG) * _STEP_DEG
    return low, low + size


def _extent(degrees: NDArray[np.float64]) -> tuple[float, float]:
    """Return the lowest and the highest known value; (0, 0) if there is none."""
    known = degrees[np.isfinite(degrees)]
    return (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
