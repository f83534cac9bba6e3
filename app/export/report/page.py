"""The page itself: what was found, put into words, tables and drawings."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator
from typing import Any, Final

import jinja2
import numpy as np

from app import __version__
from app.export.file_options import Destination
from app.export.report.charts import Curve, chart, skeletons
from app.export.report.findings import Findings, measured
from app.export.report.numbers import as_csv, numbers
from app.motion.angles import ANGLE, ANGLES
from app.motion.data import FEET, MotionData
from app.motion.measures.gait import Stride
from app.motion.measures.repetitions import Repetitions

_MOST_FAINT: Final = 40
"""Cycles drawn one by one beside their mean."""
_WALKING: Final = ("hip_flexion", "knee_flexion", "shank_tilt")


def write(data: MotionData, to: Destination) -> dict[str, object]:
    """See :class:`app.export.registry.Exporter`.  Raises ExportError if there are no frames."""
    found = measured(data, to.progress)
    to.file.write(page(data, found, as_csv(numbers(found)), to.name))
    to.progress(1.0)
    return {}


def page(data: MotionData, found: Findings, table: bytes, name: str) -> bytes:
    """The page of a motion, UTF-8, its file's ``name``; it carries the ``table`` of its numbers."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("app.export.report", ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["words"] = words
    environment.filters["whole"] = whole
    text = environment.get_template("report.html").render(
        version=__version__,
        table=base64.b64encode(table).decode("ascii"),
        table_name=f"{name.removesuffix('.html')}.numbers.csv",
        about=dict(_about(data)),
        quality=_quality(data),
        moments=_moments(found),
        repetitions=[_repeated(found, each) for each in found.repetitions],
        gait=found.gait,
        placed=data.root is not None,
        strides=_strides(found),
        cycles=list(_gait_cycles(found)),
        ranges=_range_rows(found),
        feet=data.feet is not None,
        symmetries=found.symmetries,
        curves=list(_curves(data, found)),
    )
    return text.encode()


def words(name: str) -> str:
    """``left_knee_flexion`` -> ``Left knee flexion``."""
    return name.replace("_", " ").capitalize()


def _about(data: MotionData) -> Iterator[tuple[str, str]]:
    origin = data.provenance
    yield "Source", origin.source
    if origin.started_at is not None:
        yield "Recorded", origin.started_at.strftime("%Y-%m-%d %H:%M")
    rate = "" if data.effective_rate is None else f", {data.effective_rate:.1f} a second"
    yield "Length", f"{data.time_s[-1]:.1f} s, {len(data.frame)} frames{rate}"
    told = "a usual body" if origin.height_m is None else f"a height of {origin.height_m:g} m"
    if origin.scale_bone is not None:
        told = "a bone that was measured"
    yield "Scale from", told
    smoothing = origin.smoothing["parameters"]
    cutoff = smoothing.get("cutoff_hz") if isinstance(smoothing, dict) else None
    yield "Smoothed", "no" if cutoff is None else f"at {cutoff:g} Hz, without delay"
    yield "Weights", f"{origin.weights_name} ({origin.weights_sha256[:8]})"


def whole(value: float) -> str:
    """A number as one writes it: without a point, and never -0."""
    return f"{round(value)}".replace("-", "−")


def _quality(data: MotionData) -> dict[str, float | None]:
    said: Any = data.provenance.quality or {}
    return {
        "nobody": said.get("frames_pct", {}).get("nobody"),
        "misfit": said.get("misfit_pct_of_height", {}).get("median"),
    }


def _moments(found: Findings) -> str:
    rows = found.moments()
    return skeletons(list(found.poses[rows]), [f"{found.time_s[row]:.1f} s" for row in rows])


def _side(name: str) -> str:
    return ANGLES[ANGLE[name]].side


def _mean_and_each(found: Findings, name: str, spans: list[tuple[float, float]]) -> list[Curve]:
    cycles = found.cycles(name, spans)
    if not len(cycles):
        return []
    percent, side = np.linspace(0, 100, cycles.shape[1]), _side(name)
    faint = [Curve(side, percent, each, faint=True) for each in cycles[:_MOST_FAINT]]
    spread = cycles.std(axis=0, ddof=1) if len(cycles) > 1 else None
    return [*faint, Curve(side, percent, cycles.mean(axis=0), spread)]


def _repeated(found: Findings, repeated: Repetitions) -> dict[str, Any]:
    spans = [(each.start_s, each.end_s) for each in repeated.each]
    curves = _mean_and_each(found, repeated.name, spans)
    return {
        "name": repeated.name,
        "each": repeated.each,
        "per_minute": repeated.per_minute,
        "drawing": chart(curves, x_label="% of a repetition", y_label="degrees") if curves else "",
    }


def _strides(found: Findings) -> list[dict[str, Any]]:
    """For each measure of walking its mean and standard deviation, left, right and together."""
    if found.gait is None:
        return []
    measures: list[tuple[str, str, Any]] = [
        ("Stride length, m", "{:.2f}", lambda s: s.length_m),
        ("Stride time, s", "{:.2f}", lambda s: s.duration_s),
        ("Step length, m", "{:.2f}", lambda s: s.step_length_m),
        ("Step width, m", "{:.2f}", lambda s: s.width_m),
        ("Stance, %", "{:.0f}", lambda s: 100 * s.stance),
        ("Double support, %", "{:.0f}", lambda s: 100 * s.double_support),
        ("Foot progression, °", "{:+.0f}", lambda s: s.progression_deg),
    ]
    groups = [*(found.gait.of(side) for side in FEET), found.gait.strides]
    return [
        {"name": name, "cells": [_mean_and_sd([of(s) for s in group], form) for group in groups]}
        for name, form, of in measures
    ]


def _mean_and_sd(values: list[float], form: str) -> str:
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return ""
    mean = form.format(float(np.mean(known)))
    if len(known) < 2:
        return mean
    return f"{mean} ± {form.replace('+', '').format(float(np.std(known, ddof=1)))}"


def _gait_cycles(found: Findings) -> Iterator[tuple[str, str]]:
    if found.gait is None:
        return
    for movement in _WALKING:
        curves: list[Curve] = []
        for side in FEET:
            strides: tuple[Stride, ...] = found.gait.of(side)
            spans = [(stride.start_s, stride.end_s) for stride in strides]
            curves += _mean_and_each(found, f"{side}_{movement}", spans)
        if curves:
            yield movement, chart(curves, x_label="% of a stride", y_label="degrees")


def _range_rows(found: Findings) -> list[dict[str, Any]]:
    """One for each movement, its sides beside each other."""
    movements = dict.fromkeys(
        name.removeprefix("left_").removeprefix("right_") for name in found.ranges
    )
    rows = []
    for movement in movements:
        sides = [found.ranges.get(f"{side}_{movement}") for side in FEET]
        rows.append({"name": movement, "middle": found.ranges.get(movement), "sides": sides})
    return rows


def _curves(data: MotionData, found: Findings) -> Iterator[tuple[str, str]]:
    marks = [event.time_s for event in data.events]
    for row in _range_rows(found):
        names = [each.name for each in (row["middle"], *row["sides"]) if each is not None]
        curves = [
            Curve(_side(name), found.time_s, found.angles[:, ANGLE[name]])
            for name in names
            if not math.isnan(found.ranges[name].mean)
        ]
        yield row["name"], chart(curves, x_label="seconds", y_label="degrees", marks=marks)
