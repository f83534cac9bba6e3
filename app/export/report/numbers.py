"""All numbers of a report, one per row, for spreadsheets and statistics."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from typing import NamedTuple

from app.export.file_options import Destination
from app.export.report.findings import Findings, measured
from app.motion.data import MotionData
from app.motion.measures.gait import Gait
from app.motion.measures.repetitions import Repetitions


class Number(NamedTuple):
    """One measured value."""

    part: str
    """``range``, ``symmetry``, ``repetition`` or ``gait``."""
    of: str
    """The angle, or the foot, that it describes."""
    number: int | None
    """Number of the repetition or stride, from 1; None for values of all."""
    measure: str
    value: float | None
    """None if not larger than its error."""
    unit: str


def write(data: MotionData, to: Destination) -> dict[str, object]:
    """See :class:`app.export.registry.Exporter`.  Raises ExportError if there are no frames."""
    rows = numbers(measured(data, to.progress))
    to.file.write(as_csv(rows))
    to.progress(1.0)
    return {"rows": len(rows)}


def numbers(found: Findings) -> list[Number]:
    """Return all numbers, in the order of the page."""
    rows = [
        Number("range", each.name, None, measure, value, unit)
        for each in found.ranges.values()
        for measure, value, unit in (
            ("lowest", each.lowest, "deg"),
            ("highest", each.highest, "deg"),
            ("mean", each.mean, "deg"),
            ("range", each.width, "deg"),
            ("range may be off by", each.off, "deg"),
            ("known", 100 * each.known, "%"),
        )
    ]
    rows += [
        Number("symmetry", each.name, None, measure, value, "%")
        for each in found.symmetries
        for measure, value in (("index", each.index), ("index may be off by", each.index_off))
    ]
    for repeated in found.repetitions:
        rows += _of_repetitions(repeated)
    if found.gait is not None:
        rows += _of_gait(found.gait)
    return rows


def as_csv(rows: list[Number]) -> bytes:
    """Return a table with a header, UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Number._fields)
    for row in rows:
        which = "" if row.number is None else row.number
        value = "" if row.value is None else f"{row.value:.4f}"
        writer.writerow([row.part, row.of, which, row.measure, value, row.unit])
    return text.getvalue().encode()


def _of_repetitions(repeated: Repetitions) -> Iterator[Number]:
    yield Number("repetition", repeated.name, None, "count", len(repeated.each), "")
    yield Number("repetition", repeated.name, None, "tempo", repeated.per_minute, "1/min")
    for number, each in enumerate(repeated.each, start=1):
        for measure, value, unit in (
            ("start", each.start_s, "s"),
            ("turn", each.turn_s, "s"),
            ("end", each.end_s, "s"),
            ("rest angle", each.rest_deg, "deg"),
            ("turning angle", each.turn_deg, "deg"),
        ):
            yield Number("repetition", repeated.name, number, measure, value, unit)


def _of_gait(gait: Gait) -> Iterator[Number]:
    yield Number("gait", "both", None, "cadence", gait.cadence, "steps/min")
    yield Number("gait", "both", None, "speed", gait.speed_m_s, "m/s")
    for number, stride in enumerate(gait.strides, start=1):
        for measure, value, unit in (
            ("start", stride.start_s, "s"),
            ("stride time", stride.duration_s, "s"),
            ("stride length", stride.length_m, "m"),
            ("step length", stride.step_length_m, "m"),
            ("step width", stride.width_m, "m"),
            ("stance", 100 * stride.stance, "%"),
            ("double support", 100 * stride.double_support, "%"),
            ("foot progression", stride.progression_deg, "deg"),
        ):
            if math.isnan(value):
                continue
            yield Number("gait", stride.side, number, measure, value, unit)
