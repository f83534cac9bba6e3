"""The report's tables: Markdown that also lines up as plain text."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np

from app.lab.evaluation.foot_study import FootErrors
from app.lab.evaluation.gait_study import GaitErrors
from app.lab.evaluation.methods import DETECTOR_NAME
from app.lab.evaluation.placement_study import Placed
from app.lab.evaluation.range_study import RangeErrors
from app.lab.evaluation.scoring import Found, Row
from app.lab.evaluation.studies import Delayed, Hidden
from app.lab.evaluation.turned import Turned
from app.lab.evaluation.upright_people import Standing
from app.lab.tables import table

_Columns = tuple[tuple[str, Callable[[Found], str]], ...]

_POSITIONS: Final[_Columns] = (
    ("MPJPE mm", lambda found: _number(found.scores.mpjpe)),
    ("N-MPJPE mm", lambda found: _number(found.scores.n_mpjpe)),
    ("P-MPJPE mm", lambda found: _number(found.scores.p_mpjpe)),
    ("MPJVE mm/frame", lambda found: _number(found.scores.mpjve)),
    ("jitter mm/frame²", lambda found: _number(found.scores.jitter)),
)
_COUNTS: Final[_Columns] = (
    ("frames", lambda found: str(found.scores.frames)),
    ("with somebody %", lambda found: _number(100 * (1 - found.scores.missing_share))),
)
_COLUMNS: Final[_Columns] = (
    *_POSITIONS,
    ("jerk mm/frame³", lambda found: _number(found.scores.jerk)),
    ("bones ±%", lambda found: _number(found.scores.bones)),
    ("PCK@150 %", lambda found: _number(found.scores.pck)),
    ("AUC %", lambda found: _number(found.scores.auc)),
    *_COUNTS,
)
_ANGLES: Final[_Columns] = (
    ("knee °", lambda found: _number(found.angles.knee)),
    ("hip °", lambda found: _number(found.angles.hip)),
    ("elbow °", lambda found: _number(found.angles.elbow)),
    ("shoulder °", lambda found: _number(found.angles.shoulder)),
    ("trunk °", lambda found: _number(found.angles.trunk)),
)
_OF_GROUPS: Final[_Columns] = (
    *_POSITIONS,
    *_ANGLES,
    ("up °", lambda found: _number(found.level.total if found.level else math.nan)),
    *_COUNTS,
)


def scores_table(rows: Iterable[Row]) -> str:
    """Return the main table: a line for each method on each material."""
    return _found_table(_COLUMNS, ((row.on, row.method, row.found) for row in rows), "on")


def angle_table(rows: Iterable[Row]) -> str:
    """Return the same lines with the errors of the joint angles."""
    return _found_table(_ANGLES, ((row.on, row.method, row.found) for row in rows), "on")


def level_table(rows: Iterable[Row]) -> str:
    """Return a line for each method that estimates the vertical."""
    lines = []
    for row in rows:
        if (off := row.found.level) is not None:
            values = (off.pitch, off.roll, off.total, off.claimed)
            lines.append([row.on, row.method, *map(_number, values), str(off.takes)])
    head = ["on", "method", "pitch °", "roll °", "total °", "claimed °", "takes"]
    return table(head, lines, texts=(0, 1))


def feet_table(rows: Iterable[FootErrors]) -> str:
    """A line for each method on each material."""
    lines = [
        [row.on, row.method, _share(row.told), _number(row.direction_deg)]
        + [_number(row.ankle_deg), _number(row.ankle_median_deg), str(row.feet)]
        for row in rows
    ]
    head = ["on", "method", "told %", "direction ° (median)", "ankle ° (mean)", "(median)", "feet"]
    return table(head, lines, texts=(0, 1))


def gait_table(rows: Iterable[GaitErrors]) -> str:
    """A line for each method."""
    lines = [
        [row.method, str(row.walks), str(row.found), _number(row.cadence_pct)]
        + [_number(row.stride_pct), _number(row.stride_cm), _number(row.width_cm)]
        for row in rows
    ]
    head = ["method", "walks", "found", "cadence %", "stride length %", "cm", "step width cm"]
    return table(head, lines, texts=(0,))


def range_table(rows: Iterable[RangeErrors]) -> str:
    """Return a line for each movement by each method on each material."""
    lines = [
        [row.on, row.method, row.name.replace("_", " "), _number(row.angle), _number(row.width)]
        + [_number(row.difference), str(row.takes)]
        for row in rows
    ]
    head = ["on", "method", "movement", "angle °", "range ° (90 %)", "sides ° (90 %)", "ranges"]
    return table(head, lines, texts=(0, 1, 2))


def standing_table(rows: Sequence[Standing]) -> str:
    """Return a line for each moment and method, and the mean of each method."""
    lines = [
        [row.clip, row.when, row.method, _number(row.knee), _number(row.hip), _share(row.legs)]
        for row in rows
    ]
    for method in dict.fromkeys(row.method for row in rows):
        own = [row for row in rows if row.method == method]
        means = (np.mean([row.knee for row in own]), np.mean([row.hip for row in own]))
        lines.append(["mean", "", method, *(_number(float(value)) for value in means), ""])
    return table(
        ["clip", "when", "method", "knee °", "hip °", "with legs %"], lines, texts=(0, 1, 2)
    )


def turned_table(rows: Iterable[Turned]) -> str:
    """Return a line for each method and rotation."""
    lines = [
        [row.on, row.method, f"{row.degrees:g}", _number(row.joints_mm), _number(row.pictures_mm)]
        + [_share(row.somebody)]
        for row in rows
    ]
    head = ["on", "method", "turned °", "joints mm", "pictures mm", "with somebody %"]
    return table(head, lines, texts=(0, 1))


def group_table(rows: Sequence[Row]) -> str:
    """Return a line for each video, person or action of one material and method."""
    lines = (
        (name, row.method, dict(row.groups)[name]) for name in dict(rows[0].groups) for row in rows
    )
    return _found_table(_OF_GROUPS, lines, "")


def delay_table(rows: Sequence[Delayed]) -> str:
    """Return a line for each delay; jitter also as a fraction of MediaPipe's."""
    own = [row.scores.jitter for row in rows if row.method == DETECTOR_NAME]
    head = ["method", "frames late", "MPJPE mm", "P-MPJPE mm", "MPJVE mm/frame"]
    head += ["jitter mm/frame²", "of the detector's jitter %"]
    lines = []
    for row in rows:
        late = "-" if row.method == DETECTOR_NAME else "whole clip"
        share = 100 * row.scores.jitter / own[0] if own else math.nan
        values = (row.scores.mpjpe, row.scores.p_mpjpe, row.scores.mpjve, row.scores.jitter, share)
        shown = late if row.frames_back is None else str(row.frames_back)
        lines.append([row.method, shown, *(_number(value) for value in values)])
    return table(head, lines)


def hidden_table(rows: Sequence[Hidden]) -> str:
    """Return a line for each lifter and each hidden part of the body."""
    head = ["on", "method", "hidden", "MPJPE of the others, all seen", "hidden", "ratio"]
    head += ["P-MPJPE, all seen", "hidden", "MPJPE of the hidden"]
    lines = [
        [
            row.on,
            row.method,
            row.hidden,
            _number(row.seen_before.mpjpe),
            _number(row.seen.mpjpe),
            f"{row.ratio:.2f}",
            _number(row.seen_before.p_mpjpe),
            _number(row.seen.p_mpjpe),
            _number(row.guessed.mpjpe),
        ]
        for row in rows
    ]
    return table(head, lines, texts=(0, 1, 2))


def placed_table(rows: Iterable[Placed]) -> str:
    """Return a line for each lifter and choice of given properties."""
    head = ["on", "method", "told", "depth mm", "single", "across mm", "height mm", "tilt °"]
    head += ["feet slide mm/frame", "single"]
    lines = []
    for row in rows:
        at = row.placing
        values = (at.along_mm, at.alone_mm, at.across_mm, at.height_mm, at.tilt_deg)
        numbers = [_number(value) for value in (*values, at.slide_mm, at.alone_slide_mm)]
        lines.append([row.on, row.method, row.told, *numbers])
    return table(head, lines, texts=(0, 1, 2))


def _found_table(columns: _Columns, lines: Iterable[tuple[str, str, Found]], what: str) -> str:
    head = [what, "method", *(name for name, _ in columns)]
    cells = [[on, method, *(show(found) for _, show in columns)] for on, method, found in lines]
    return table(head, cells, texts=(0, 1))


def _share(value: float) -> str:
    return _number(100 * value)


def _number(value: float) -> str:
    return f"{value:.1f}" if math.isfinite(value) else "-"
