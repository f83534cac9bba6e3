"""The live window and the drawing, each alone."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import numpy as np

from app.lab.bench.live import VIEW_SIZE, request_for
from app.lab.bench.table import Row
from app.lifting.clip import DetectedClip
from app.packets import Pose3D
from app.render.client import START_TIMEOUT_S, Renderer

if TYPE_CHECKING:
    from models.lifter import Lifter


def window_row(clip: DetectedClip, lifter: Lifter) -> Row:
    """One pass of the live lifter over a full window."""
    from models.live import LiveLifter

    live = LiveLifter(lifter, delay=0)
    times: list[float] = []
    for xy, conf, time_s, world in zip(
        clip.track.xy, clip.track.conf, clip.time_s, clip.track.world, strict=True
    ):
        live.push(xy, conf, clip.size, time_s, world=world)
        began = time.perf_counter()
        live.lift()
        times.append(time.perf_counter() - began)
    median_s = statistics.median(times[len(times) // 2 :])
    info = lifter.info
    note = f"{info.frames} frames at {info.rate:g} per second, {lifter.device}"
    return Row("3D network, live window", 1000 * median_s, 1 / median_s, note)


def drawing_row(renderer: Renderer, pictures: int) -> Row:
    """Pictures of a skeleton, one after the other."""
    first = renderer.wait(renderer.request(request_for(None)), START_TIMEOUT_S)
    if first is None:
        return Row("draw the 3D view", note=renderer.failed or "the drawing process gives nothing")
    times = []
    for turn in range(pictures):
        drawn = renderer.wait(renderer.request(request_for(_someone(turn))), 10.0)
        if drawn is not None:
            times.append(drawn.draw_ms)
    median_ms = statistics.median(times)
    note = f"{VIEW_SIZE[0]}x{VIEW_SIZE[1]}, in its own process"
    return Row("draw the 3D view", median_ms, 1000 / median_ms, note)


def _someone(turn: int) -> Pose3D:
    """A body that is different each time; how it looks does not matter for how long it takes."""
    xyz = np.random.default_rng(turn).normal(0, 0.4, (17, 3)).astype(np.float32)
    seen = np.zeros(17, bool)
    return Pose3D(turn, turn / 30, xyz, seen, seen, 0.0, 0.0, 0.0)
