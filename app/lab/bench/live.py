"""Benchmark of a live run: a video played in real time like a camera, drawn as by the window."""

from __future__ import annotations

import mmap
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from app.detection.models import FOR_LIVE, Size
from app.lab.bench.table import Row
from app.packets import Pose3D
from app.pipeline import LiveRun, Snapshot, State
from app.render.camera import View
from app.render.client import Renderer
from app.render.colours import DARK_SCENE
from app.render.request import Body, SkeletonRequest
from app.sources import open_source

if TYPE_CHECKING:
    from models.lifter import Lifter

VIEW_SIZE: Final = (800, 600)
VIEW: Final = View(eye=(1.2, 1.4, 2.6), target=(0.0, 0.9, 0.0))
TICK_S: Final = 1 / 60
"""Interval of the window's timer."""
SETTLE_S: Final = 3.0
"""Initial seconds that are not measured: loading, and the first slow passes."""
_TO_WORLD: Final = np.array([1.0, -1.0, -1.0], np.float32)


def request_for(pose: Pose3D | None) -> SkeletonRequest:
    """Return the request that the window would make to draw ``pose``."""
    if pose is None:
        return SkeletonRequest(VIEW, DARK_SCENE)
    joints = pose.xyz * _TO_WORLD
    joints[:, 1] -= joints[:, 1].min()
    body = Body(joints, ~pose.missing, np.ones(len(joints), np.float32))
    return SkeletonRequest(VIEW, DARK_SCENE, body)


class Screen:
    """Draws the newest pose repeatedly, and reports to the run when it would be visible."""

    def __init__(self, run: LiveRun, renderer: Renderer) -> None:
        self._run = run
        self._renderer = renderer
        self._asked: dict[int, Pose3D] = {}
        self._newest: Pose3D | None = None
        self.latencies_s: list[tuple[float, float]] = []
        """(time, latency from capture to the finished picture)."""

    def tick(self, pose: Pose3D | None) -> None:
        """Do what the window does at each tick of its timer."""
        drawn = self._renderer.latest()
        if drawn is not None:
            shown = self._asked.pop(drawn.request, None)
            self._asked = {ask: pose for ask, pose in self._asked.items() if ask > drawn.request}
            if shown is not None:
                now = time.perf_counter()
                self._run.shown(shown.index)
                self.latencies_s.append((now, now - shown.captured_at))
        if pose is not None and pose is not self._newest:
            self._newest = pose
            self._asked[self._renderer.request(request_for(pose))] = pose


@dataclass(slots=True)
class Observed:
    """Measurements of a live run."""

    first_frame_s: float | None = None
    """Seconds since the start of the run."""
    first_pose_s: float | None = None
    fps: list[float] = field(default_factory=list)
    poses_per_s: list[float] = field(default_factory=list)
    detect_ms: list[float] = field(default_factory=list)
    lift_ms: list[float] = field(default_factory=list)
    to_pose_ms: list[float] = field(default_factory=list)
    to_screen_ms: list[float] = field(default_factory=list)
    memory_mb: list[tuple[float, float]] = field(default_factory=list)
    dropped: int = 0

    def note_starting(self, shot: Snapshot, elapsed_s: float) -> None:
        """Record the times of the first frame and pose."""
        if self.first_frame_s is None and shot.frame is not None:
            self.first_frame_s = elapsed_s
        if self.first_pose_s is None and shot.pose is not None:
            self.first_pose_s = elapsed_s

    def note_figures(self, shot: Snapshot, elapsed_s: float) -> None:
        """Record the figures of the last two seconds."""
        stats = shot.stats
        self.fps.append(stats.fps)
        self.poses_per_s.append(stats.poses_per_s)
        for into, value in (
            (self.detect_ms, stats.detect_ms),
            (self.lift_ms, stats.lift_ms),
            (self.to_pose_ms, stats.capture_to_pose_ms),
            (self.to_screen_ms, stats.capture_to_screen_ms),
        ):
            if value is not None:
                into.append(value)
        resident = resident_mb()
        if resident is not None:
            self.memory_mb.append((elapsed_s, resident))
        self.dropped = stats.dropped


def observe(
    path: str,
    lifter_factory: Callable[[], Lifter],
    seconds: float,
    renderer: Renderer | None = None,
    size: Size = FOR_LIVE,
) -> Observed:
    """Play ``path`` for ``seconds`` through the whole live pipeline at k=0, and measure.

    Raises:
        MixposeError: the run has failed.
    """
    run = LiveRun(
        lambda: open_source(path, paced=True),
        lifter_factory,
        detector_size=size,
        delay=0,
        loop=True,
    )
    screen = Screen(run, renderer) if renderer is not None else None
    seen = Observed()
    began = time.perf_counter()
    run.start()
    try:
        next_figures_s = SETTLE_S
        while (elapsed_s := time.perf_counter() - began) < seconds:
            shot = run.latest()
            if shot.state is State.FAILED and shot.error is not None:
                raise shot.error
            seen.note_starting(shot, elapsed_s)
            if screen is not None:
                screen.tick(shot.pose)
            if elapsed_s >= next_figures_s:
                seen.note_figures(shot, elapsed_s)
                next_figures_s += 0.5
            time.sleep(TICK_S)
    finally:
        run.stop()
    return seen


def live_rows(seen: Observed, drawn: bool) -> list[Row]:
    """Return the table's rows of a live run."""
    rows = [
        Row(
            "live: detection",
            _median(seen.detect_ms),
            _median(seen.fps),
            f"{seen.dropped} frames skipped (wanted: 30 per second)",
        ),
        Row(
            "live: poses",
            _median(seen.lift_ms),
            _median(seen.poses_per_s),
            "one pass of the network over its window (wanted: 15 per second)",
        ),
        Row("live: capture to pose", _median(seen.to_pose_ms), None, "at k=0"),
    ]
    if drawn:
        note = "at k=0, without the screen's own delay (wanted: under 120 ms)"
        rows.append(Row("live: capture to drawn 3D", _median(seen.to_screen_ms), None, note))
    if seen.first_frame_s is not None and seen.first_pose_s is not None:
        wait_ms = 1000 * (seen.first_pose_s - seen.first_frame_s)
        rows.append(Row("live: first frame to first pose", wait_ms, None, "wanted: under 1000 ms"))
    rows.extend(_memory_row(seen))
    return rows


def _memory_row(seen: Observed) -> list[Row]:
    if len(seen.memory_mb) < 2:
        return []
    (began_s, began), (ended_s, ended) = (
        seen.memory_mb[len(seen.memory_mb) // 3],
        seen.memory_mb[-1],
    )
    note = f"{ended:.0f} MB, {ended - began:+.1f} MB from second {began_s:.0f} to {ended_s:.0f}"
    return [Row("live: memory", None, None, note)]


def _median(values: list[float]) -> float | None:
    return statistics.median(values) if values else None


_STATM: Final = Path("/proc/self/statm")


def resident_mb() -> float | None:
    """Return the resident memory in MB (10^6 bytes); None if unknown (not on Linux)."""
    try:
        pages = int(_STATM.read_text().split()[1])
    except FileNotFoundError:
        return None
    return pages * mmap.PAGESIZE / 1e6
