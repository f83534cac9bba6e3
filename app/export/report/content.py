"""The content of a report, for HTML and PDF: texts, tables and drawings."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, Final

import jinja2
import numpy as np

from app import __version__
from app.export.report.charts import HALF_IN, WIDE_IN, Curve, Drawing, chart, skeletons
from app.export.report.findings import Findings
from app.motion.angles import ANGLE, ANGLES
from app.motion.data import FEET, MotionData
from app.motion.measures.gait import Stride
from app.motion.measures.ranges import RANGE_OFF_DEG, movement
from app.motion.measures.repetitions import Repetitions

_MOST_FAINT: Final = 40
"""Maximum number of cycles drawn individually in addition to their mean."""
_WALKING: Final = ("hip_flexion", "knee_flexion", "shank_tilt")


def rendered(
    template: str,
    data: MotionData,
    found: Findings,
    draw: Callable[[Drawing], str],
    **more: object,
) -> str:
    """A report as HTML.

    Args:
        template: the file of this folder that contains the sections.
        data: the motion, of at least one frame.
        found: its measurements.
        draw: returns the markup of a drawing.
        more: further variables of the template.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("app.export.report", ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"words": words, "whole": whole, "draw": draw}
    return environment.get_template(template).render(
        version=__version__,
        about=dict(_about(data)),
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
        marked=bool(data.events),
        **more,
    )


def words(name: str) -> str:
    """Return ``Left knee flexion`` for ``left_knee_flexion``."""
    return name.replace("_", " ").capitalize()


def whole(value: float) -> str:
    """Return a number rounded to an integer, never -0."""
    return f"{round(value)}".replace("-", "−")


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
    yield from _quality(origin.quality or {})


def _quality(said: Any) -> Iterator[tuple[str, str]]:
    nobody = said.get("frames_pct", {}).get("nobody")
    if nobody is not None:
        yield "Nobody found", f"in {whole(nobody)} % of the frames" if nobody else "in no frame"
    misfit = said.get("misfit_pct_of_height", {}).get("median")
    if misfit is not None:
        yield (
            "Fit of 3D to picture",
            f"off by {misfit:.1f} % of the body height in the typical frame",
        )


def _moments(found: Findings) -> Drawing:
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
    title, x_label = words(repeated.name), "% of a repetition"
    return {
        "name": repeated.name,
        "each": repeated.each,
        "per_minute": repeated.per_minute,
        "drawing": chart(curves, title, x_label=x_label, width_in=WIDE_IN) if curves else None,
    }


def _strides(found: Findings) -> list[dict[str, Any]]:
    """Return mean and standard deviation of each gait parameter, left, right and both."""
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
    rows = [
        {"name": name, "cells": [_mean_and_sd([of(s) for s in group], form) for group in groups]}
        for name, form, of in measures
    ]
    return [row for row in rows if any(row["cells"])]


def _mean_and_sd(values: list[float], form: str) -> str:
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return ""
    mean = form.format(float(np.mean(known))).replace("-", "−")
    if len(known) < 2:
        return mean
    return f"{mean} ± {form.replace('+', '').format(float(np.std(known, ddof=1)))}"


def _gait_cycles(found: Findings) -> Iterator[tuple[str, Drawing]]:
    if found.gait is None:
        return
    for name in _WALKING:
        curves: list[Curve] = []
        for side in FEET:
            strides: tuple[Stride, ...] = found.gait.of(side)
            spans = [(stride.start_s, stride.end_s) for stride in strides]
            curves += _mean_and_each(found, f"{side}_{name}", spans)
        if curves:
            yield name, chart(curves, words(name), x_label="% of a stride")


def _range_rows(found: Findings) -> list[dict[str, Any]]:
    """Return a row for each movement, with both sides."""
    return [
        {
            "name": name,
            "middle": found.ranges.get(name),
            "sides": [found.ranges.get(f"{side}_{name}") for side in FEET],
            "off": RANGE_OFF_DEG[name],
        }
        for name in dict.fromkeys(map(movement, found.ranges))
    ]


def _curves(data: MotionData, found: Findings) -> Iterator[tuple[str, Drawing]]:
    marks = [event.time_s for event in data.events]
    for row in _range_rows(found):
        names = [each.name for each in (row["middle"], *row["sides"]) if each is not None]
        curves = [Curve(_side(name), found.time_s, found.angles[:, ANGLE[name]]) for name in names]
        title = words(row["name"])
        yield row["name"], chart(curves, title, x_label="seconds", width_in=HALF_IN, marks=marks)
