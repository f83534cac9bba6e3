"""The benchmark's table: Markdown, so that it can be pasted into an issue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.lab.tables import table


@dataclass(frozen=True, slots=True)
class Row:
    """One stage."""

    stage: str
    milliseconds: float | None = None
    """Median time for one frame."""
    per_second: float | None = None
    note: str = ""


def markdown(rows: Sequence[Row]) -> str:
    """Return ``rows`` as a table; cells without a measurement are empty."""
    cells = [
        [row.stage, _number(row.milliseconds), _number(row.per_second), row.note] for row in rows
    ]
    return table(["stage", "ms", "per second", "note"], cells, texts=(0, 3))


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"
