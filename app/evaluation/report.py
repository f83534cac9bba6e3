"""The report: Markdown, so that it can be pasted into a model card."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from app.evaluation.methods import DETECTOR_NAME
from app.evaluation.placement_study import Placed
from app.evaluation.scoring import Row
from app.evaluation.studies import Delayed, Hidden
from models.scores import Scores

_COLUMNS: Final[tuple[tuple[str, Callable[[Scores], str]], ...]] = (
    ("MPJPE mm", lambda scores: _number(scores.mpjpe)),
    ("N-MPJPE mm", lambda scores: _number(scores.n_mpjpe)),
    ("P-MPJPE mm", lambda scores: _number(scores.p_mpjpe)),
    ("MPJVE mm/frame", lambda scores: _number(scores.mpjve)),
    ("jitter mm/frame²", lambda scores: _number(scores.jitter)),
    ("bones ±%", lambda scores: _number(scores.bones)),
    ("angles °", lambda scores: _number(scores.angle)),
    ("PCK@150 %", lambda scores: _number(scores.pck)),
    ("AUC %", lambda scores: _number(scores.auc)),
    ("frames", lambda scores: str(scores.frames)),
    ("missing %", lambda scores: _number(100 * scores.missing_share)),
)
_LEGEND: Final = (
    "Lower is better but for PCK and AUC. MPJVE and jitter are per frame at 30 frames/s. "
    "Frames without a pose are not scored; their share is under *missing*."
)

_OF_PLACES: Final = (
    "The pelvis' errors are root mean squares over frames, *depth* along the line of sight. "
    "*Single* places every frame by itself. Sliding is of feet that truly stand, mm/frame. "
    "Told nothing, the lens is taken to be the usual one and the size to be the model's own."
)


@dataclass(frozen=True)
class Findings:
    """All that was measured."""

    rows: Sequence[Row]
    delayed: Sequence[Delayed] = ()
    delayed_on: str = ""
    hidden: Sequence[Hidden] = ()
    skipped: Sequence[str] = ()
    """A sentence for each part that was left out."""
    remarks: Sequence[str] = ()
    """What has to be known of the material."""
    processed: Sequence[Row] = ()
    """The same poses smoothed, and with rigid bones."""
    placed: Sequence[Placed] = ()
    """The same poses placed in the room."""


def markdown(findings: Findings) -> str:
    """The whole report."""
    parts = [scores_table(findings.rows), _LEGEND]
    if findings.remarks:
        parts.append("\n".join(f"- {line}" for line in findings.remarks))
    if findings.delayed:
        title = f"## Live: error against the frames waited\n\nOn {findings.delayed_on}."
        parts += [title, delay_table(findings.delayed)]
    if findings.processed:
        parts += ["## Smoothing and rigid bones", scores_table(findings.processed)]
    if findings.placed:
        parts += ["## The place in the room", placed_table(findings.placed), _OF_PLACES]
    if findings.hidden:
        parts += ["## Joints that are hidden", hidden_table(findings.hidden)]
    for title in dict.fromkeys(row.on for row in findings.rows if row.groups):
        parts.append(
            f"## {title}\n\n{group_table([row for row in findings.rows if row.on == title])}"
        )
    if findings.skipped:
        parts.append("## Not measured\n\n" + "\n".join(f"- {line}" for line in findings.skipped))
    return "\n\n".join(parts) + "\n"


def scores_table(rows: Iterable[Row]) -> str:
    """The table: a line for each method on each material."""
    head = ["on", "method", *(name for name, _ in _COLUMNS)]
    return table(head, [[row.on, row.method, *_cells(row.scores)] for row in rows], texts=2)


def group_table(rows: Sequence[Row]) -> str:
    """Each video, person or action of one material, by every method."""
    head = ["", "method", *(name for name, _ in _COLUMNS)]
    lines = [
        [name, row.method, *_cells(scores)]
        for name in dict(rows[0].groups)
        for row in rows
        for scores in [dict(row.groups)[name]]
    ]
    return table(head, lines, texts=2)


def delay_table(rows: Sequence[Delayed]) -> str:
    """A line for each delay; jitter also as a share of the detector's own."""
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
    """A line for each lifter and each part of the body that is hidden."""
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
    return table(head, lines, texts=3)


def placed_table(rows: Iterable[Placed]) -> str:
    """A line for each lifter and what it was told of camera and person."""
    head = ["on", "method", "told", "depth mm", "single", "across mm", "height mm", "tilt °"]
    head += ["feet slide mm/frame", "single"]
    lines = []
    for row in rows:
        at = row.placing
        values = (at.along_mm, at.alone_mm, at.across_mm, at.height_mm, at.tilt_deg)
        numbers = [_number(value) for value in (*values, at.slide_mm, at.alone_slide_mm)]
        lines.append([row.on, row.method, row.told, *numbers])
    return table(head, lines, texts=3)


def table(head: Sequence[str], lines: Sequence[Sequence[str]], texts: int = 1) -> str:
    """A Markdown table that also lines up as plain text; the first ``texts`` columns are words."""
    cells = [[cell.replace("|", "/") for cell in line] for line in (head, *lines)]
    widths = [max(3, *(len(line[column]) for line in cells)) for column in range(len(head))]

    def laid_out(line: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if column < texts else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    rule = [
        "-" * width if column < texts else "-" * (width - 1) + ":"
        for column, width in enumerate(widths)
    ]
    return "\n".join([laid_out(cells[0]), laid_out(rule), *map(laid_out, cells[1:])])


def _cells(scores: Scores) -> list[str]:
    return [show(scores) for _, show in _COLUMNS]


def _number(value: float) -> str:
    return f"{value:.1f}" if math.isfinite(value) else "-"
