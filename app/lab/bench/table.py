"""The table the benchmark prints: Markdown, so that it can be pasted into an issue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_HEAD: Final = ("stage", "ms", "per second", "note")


@dataclass(frozen=True, slots=True)
class Row:
    """One stage."""

    stage: str
    milliseconds: float | None = None
    """Median time for one frame."""
    per_second: float | None = None
    note: str = ""

    def cells(self) -> tuple[str, str, str, str]:
        """As printed; what was not measured is empty."""
        return (self.stage, _number(self.milliseconds), _number(self.per_second), self.note)


def markdown(rows: Iterable[Row]) -> str:
    """Lay out ``rows`` as a Markdown table whose columns also line up as plain text."""
    table = [_HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(_HEAD))]
    lines = [_line(line, widths) for line in table]
    rule = [
        "-" * widths[0],
        "-" * (widths[1] - 1) + ":",
        "-" * (widths[2] - 1) + ":",
        "-" * widths[3],
    ]
    lines.insert(1, "| " + " | ".join(rule) + " |")
    return "\n".join(lines)


def _line(cells: tuple[str, str, str, str], widths: list[int]) -> str:
    stage, milliseconds, per_second, note = cells
    return (
        f"| {stage:<{widths[0]}} | {milliseconds:>{widths[1]}} "
        f"| {per_second:>{widths[2]}} | {note:<{widths[3]}} |"
    )


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"
