"""The report: Markdown, so that it can be pasted into a model card."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from app.lab.evaluation.foot_study import FootErrors
from app.lab.evaluation.gait_study import GaitErrors
from app.lab.evaluation.placement_study import Placed
from app.lab.evaluation.range_study import RangeErrors
from app.lab.evaluation.scoring import Row
from app.lab.evaluation.studies import Delayed, Hidden
from app.lab.evaluation.tables import (
    angle_table,
    delay_table,
    feet_table,
    gait_table,
    group_table,
    hidden_table,
    level_table,
    placed_table,
    range_table,
    scores_table,
    standing_table,
    turned_table,
)
from app.lab.evaluation.turned import Turned
from app.lab.evaluation.upright_people import Standing

_LEGEND: Final = (
    "Lower is better but for PCK and AUC. MPJVE, jitter and jerk are per frame at 30 frames/s. "
    "Frames without a pose are not scored; the share of the others is *with somebody*."
)
_OF_ANGLES: Final = (
    "Mean absolute errors of the angles that are exported: flexion of knees, hips and elbows, "
    "elevation of the shoulders, flexion of the trunk against the vertical."
)
_OF_FEET: Final = (
    "Feet inside the picture, in frames that hold the whole body: the share that is told, and of "
    "those the median angle from heel to toe between the true foot and the one told, and the "
    "absolute error of ankle dorsiflexion."
)
_OF_RANGES: Final = (
    "What a report writes, in takes of which feet and up are known: the mean absolute error of an "
    "angle, and below what nine in ten ranges of motion, and differences of the left's and the "
    "right's, are off."
)
_OF_GAIT: Final = (
    "Captured people who walk straight on, seen as the detector's model has it, their size told: "
    "mean absolute errors over walks. In the others two strides that follow each other were not "
    "found; walks last 3 to 8 s."
)
_OF_LEVELS: Final = (
    "How far off the level is that the lifter finds, medians over takes; *claimed* is how far off "
    "it takes itself to be."
)
_OF_STANDING: Final = (
    "People who stand straight: the true angles are about 0 to 8 degrees. Medians over the frames "
    "with legs."
)
_OF_TURNS: Final = (
    "Mean distance of the joints, turned back, from those of the picture as it is. *Joints* are "
    "those found in the upright picture, turned; *pictures* are turned before the detector looks."
)
_OF_PLACES: Final = (
    "The pelvis' errors are root mean squares over frames, *depth* along the line of sight. "
    "*Single* places every frame by itself. Sliding is of feet that truly stand, mm/frame. "
    "Told nothing, the lens is taken to be the usual one and the size to be the model's own."
)


@dataclass
class Findings:
    """All measurements."""

    rows: list[Row] = field(default_factory=list)
    delayed: list[Delayed] = field(default_factory=list)
    delayed_on: str = ""
    hidden: list[Hidden] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    """A sentence for each part that was left out."""
    remarks: list[str] = field(default_factory=list)
    """Remarks on the material."""
    feet: list[FootErrors] = field(default_factory=list)
    """Direction of feet."""
    ranges: list[RangeErrors] = field(default_factory=list)
    """Ranges of motion."""
    gait: list[GaitErrors] = field(default_factory=list)
    """Gait of captured walkers."""
    processed: list[Row] = field(default_factory=list)
    """Effect of smoothing and rigid bones."""
    placed: list[Placed] = field(default_factory=list)
    """Placement in the room."""
    standing: list[Standing] = field(default_factory=list)
    """Real people standing straight."""
    turned: list[Turned] = field(default_factory=list)
    """A clip rotated in the picture."""


def markdown(findings: Findings) -> str:
    """Return the whole report."""
    parts = [scores_table(findings.rows), _LEGEND]
    if findings.remarks:
        parts.append("\n".join(f"- {line}" for line in findings.remarks))
    parts += _sections(findings)
    for title in dict.fromkeys(row.on for row in findings.rows if row.groups):
        parts.append(
            f"## {title}\n\n{group_table([row for row in findings.rows if row.on == title])}"
        )
    if findings.skipped:
        parts.append("## Not measured\n\n" + "\n".join(f"- {line}" for line in findings.skipped))
    return "\n\n".join(parts) + "\n"


def _sections(findings: Findings) -> list[str]:
    """Return the sections after the scores."""
    levels = [row for row in findings.rows if row.found.level is not None]
    live = f"On {findings.delayed_on}."
    return [
        *_section("Joint angles", findings.rows, angle_table, _OF_ANGLES),
        *_section("Feet", findings.feet, feet_table, _OF_FEET),
        *_section("Ranges of motion", findings.ranges, range_table, _OF_RANGES),
        *_section("Gait", findings.gait, gait_table, _OF_GAIT),
        *_section("Where up is", levels, level_table, _OF_LEVELS),
        *_section("Standing straight", findings.standing, standing_table, _OF_STANDING),
        *_section("Any way up", findings.turned, turned_table, _OF_TURNS),
        *_section("Live: error against the frames waited", findings.delayed, delay_table, live),
        *_section("Smoothing and rigid bones", findings.processed, scores_table),
        *_section("The place in the room", findings.placed, placed_table, _OF_PLACES),
        *_section("Joints that are hidden", findings.hidden, hidden_table),
    ]


_Line = TypeVar("_Line")


def _section(
    title: str,
    lines: Sequence[_Line],
    lay_out: Callable[[Sequence[_Line]], str],
    legend: str = "",
) -> list[str]:
    """Return a section; nothing if it has no lines."""
    parts = [f"## {title}", lay_out(lines), legend] if lines else []
    return [part for part in parts if part]
