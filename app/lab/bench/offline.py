"""Benchmarks of each stage of ``lift`` and of the live view alone, and of the whole ``lift``."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.detection.detector import Detector
from app.detection.models import Size
from app.lab.bench.live import VIEW_SIZE, request_for
from app.lab.bench.table import Row
from app.lifting.clip import DetectedClip, lift_clip
from app.lifting.options import LiftOptions
from app.lifting.pool import cores
from app.lifting.segments import DetectSegment, Segment
from app.lifting.work import detect, make_engine
from app.lifting.work_units import Done, Engine
from app.packets import Frame, Pose3D
from app.render.client import START_TIMEOUT_S, Renderer
from app.sources import open_source

if TYPE_CHECKING:
    from models.lifter import Lifter


@dataclass(frozen=True, slots=True)
class Alone:
    """The time of decoding, and that of detecting the frames of another pass."""

    frames: int
    decode_s: float
    detect_s: float
    detect_ms: float
    """Median per frame."""


def frames_of(path: str, seconds: float) -> Iterator[Frame]:
    """Yield the frames of the first ``seconds`` of a file, as fast as they can be decoded."""
    with open_source(path) as source:
        while (frame := source.read()) is not None and frame.time_s < seconds:
            yield frame


def detector_alone(path: str, seconds: float, size: Size) -> Alone:
    """Decode a file; then run MediaPipe over it, with nothing but the decoding beside it."""
    began = time.perf_counter()
    frames = sum(1 for _ in frames_of(path, seconds))
    decode_s = time.perf_counter() - began
    times: list[float] = []
    with closing(Detector(size, several=False)) as detector:
        for frame in frames_of(path, seconds):
            started = time.perf_counter()
            detector.detect(frame)
            times.append(time.perf_counter() - started)
    return Alone(frames, decode_s, sum(times), 1000 * statistics.median(times))


def whole_lift(
    path: str, options: LiftOptions, lifter: Lifter, pool: Engine
) -> tuple[DetectedClip, float]:
    """Do what ``lift`` does with a file; return the clip and the seconds taken without loading."""
    with open_source(path) as source:
        began = time.perf_counter()
        clip = detect(source, Path(path), options, pool)
        lift_clip(clip, lifter)
        return clip, time.perf_counter() - began


def warmed(options: LiftOptions, path: str) -> Engine:
    """Return the processes of ``lift`` after they have loaded their libraries."""
    pool = make_engine(options)
    moment = Segment(Path(path), 0, start_s=0.0, end_s=0.1, next_s=math.inf)
    left = {pool.submit(DetectSegment(moment, options)) for _ in range(pool.width)}
    while left:
        left -= {event.ticket for event in pool.poll() if isinstance(event, Done)}
    return pool


def offline_rows(
    path: str, seconds: float, lifter: Lifter, size: Size, rounds: int
) -> tuple[list[Row], DetectedClip]:
    """Measure both sides of the ratio alternately, ``rounds`` times, so that load affects both.

    Also returns the detected clip.
    """
    alone, lifted, ratios = [], [], []
    options = LiftOptions(detector=size, seconds=seconds)
    with warmed(options, path) as pool:
        for _ in range(rounds):
            alone.append(detector_alone(path, seconds, size))
            clip, taken_s = whole_lift(path, options, lifter, pool)
            lifted.append(taken_s)
            ratios.append(alone[-1].detect_s / taken_s)
    frames = alone[0].frames
    decode_s = statistics.median(each.decode_s for each in alone)
    detect_s = statistics.median(each.detect_s for each in alone)
    width, height = clip.size
    began = time.perf_counter()
    lift_clip(clip, lifter)
    network_s = time.perf_counter() - began
    rows = [
        Row("decode", 1000 * decode_s / frames, frames / decode_s, f"{width}x{height}"),
        Row(
            f"detect (MediaPipe {size} alone)",
            statistics.median(each.detect_ms for each in alone),
            frames / detect_s,
            f"{clip.track.tracked.mean():.0%} of {frames} frames with a person",
        ),
        Row(
            "3D network, whole clip",
            1000 * network_s / frames,
            frames / network_s,
            f"{lifter.info.name} on {lifter.device}",
        ),
        Row(
            "lift (all of these)",
            1000 * statistics.median(lifted) / frames,
            frames / statistics.median(lifted),
            f"{statistics.median(ratios):.2f} times MediaPipe alone on {cores()} cores",
        ),
    ]
    return rows, clip


def window_row(clip: DetectedClip, lifter: Lifter) -> Row:
    """Return the row of a pass of the live lifter over a full window."""
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
    """Return the row of rendering a skeleton, one picture after the other."""
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
    """Return a different pose each time; its shape does not affect the rendering time."""
    xyz = np.random.default_rng(turn).normal(0, 0.4, (17, 3)).astype(np.float32)
    seen = np.zeros(17, bool)
    return Pose3D(turn, turn / 30, xyz, seen, seen, 0.0, 0.0, 0.0)
