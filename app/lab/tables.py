"""Markdown tables that also line up as plain text."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def table(
    head: Sequence[str], lines: Sequence[Sequence[str]], texts: Collection[int] = (0,)
) -> str:
    """Return a table of ``lines`` below ``head``; columns in ``texts`` are text, others numbers."""
    cells = [[cell.replace("|", "/") for cell in line] for line in (head, *lines)]
    widths = [max(3, *(len(line[column]) for line in cells)) for column in range(len(head))]

    def laid_out(line: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if column in texts else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    rule = [
        "-" * width if i in texts else "-" * (width - 1) + ":" for i, width in enumerate(widths)
    ]
    return "\n".join([laid_out(cells[0]), laid_out(rule), *map(laid_out, cells[1:])])
