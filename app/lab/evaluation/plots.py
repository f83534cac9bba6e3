"""Plots of the two studies (SVG).  Matplotlib comes with the extra ``evaluate``."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from app.lab.evaluation.material import EvaluationError
from app.lab.evaluation.methods import DETECTOR_NAME
from app.lab.evaluation.studies import Delayed, Hidden

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDE: Final = (7.0, 6.0)


def draw(folder: Path, delayed: Sequence[Delayed], hidden: Sequence[Hidden]) -> list[Path]:
    """Write ``delay.svg`` and ``hidden.svg`` to a folder; return the files written.

    Raises:
        EvaluationError: Matplotlib is not installed, or the folder cannot be written.
    """
    wanted: list[tuple[str, Callable[[Figure, Any], None], Sequence[Any]]]
    wanted = [("delay.svg", _delay_figure, delayed), ("hidden.svg", _hidden_figure, hidden)]
    written = []
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure

        folder.mkdir(parents=True, exist_ok=True)
        for name, fill, rows in wanted:
            if rows:
                figure = Figure(figsize=_WIDE, layout="constrained")
                fill(figure, rows)
                # Without date and with fixed identifiers: the same findings give the same file.
                with rc_context({"svg.hashsalt": name}):
                    figure.savefig(folder / name, metadata={"Date": None})
                written.append(folder / name)
    except ImportError as error:
        raise EvaluationError(
            "The plots need Matplotlib: pip install '.[evaluate]'. The tables are complete."
        ) from error
    except OSError as error:
        raise EvaluationError(f"The plots cannot be written to {folder}: {error}.") from error
    return written


def _delay_figure(figure: Figure, rows: Sequence[Delayed]) -> None:
    """Plot error and jitter against the delay in frames; horizontal lines for offline methods."""
    axes = figure.subplots(2, 1, sharex=True)
    _delay_curves(axes[0], rows, "MPJPE, mm", lambda row: row.scores.mpjpe)
    _delay_curves(axes[1], rows, "jitter, mm/frame²", lambda row: row.scores.jitter)
    axes[1].set_xlabel("frames waited (30 frames/s)")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)


def _delay_curves(
    axis: Any, rows: Sequence[Delayed], unit: str, value: Callable[[Delayed], float]
) -> None:
    methods = dict.fromkeys(row.method for row in rows)
    for colour, method in zip(_colours(), methods, strict=False):
        own = [row for row in rows if row.method == method]
        live = [row for row in own if row.frames_back is not None]
        if live:
            places, heights = [row.frames_back for row in live], [value(row) for row in live]
            axis.plot(places, heights, marker="o", color=colour, label=f"{method}, live")
        for row in own:
            if row.frames_back is None:
                label = method if method == DETECTOR_NAME else f"{method}, whole clip"
                axis.axhline(value(row), linestyle="--", color=colour, label=label)
    axis.set_ylabel(unit)
    known = [value(row) for row in rows if math.isfinite(value(row))]
    axis.set_ylim(0, 1.1 * max(known, default=1.0))
    axis.grid(axis="y", alpha=0.3)


def _hidden_figure(figure: Figure, rows: Sequence[Hidden]) -> None:
    """Plot, for every lifter and hidden part, the other joints' error before and after."""
    axis = figure.subplots()
    before, after, *_ = _colours()
    for place, row in enumerate(rows):
        axis.barh(place - 0.15, row.seen_before.mpjpe, 0.3, color=before)
        axis.barh(place + 0.15, row.seen.mpjpe, 0.3, color=after)
        words = f"{row.method}, {row.hidden} hidden; {row.on}"
        axis.text(0, place - 0.36, words, fontsize=8, va="center")
    axis.set_yticks([])
    axis.set_ylim(len(rows) - 0.5, -0.6)
    axis.set_xlabel("MPJPE of the joints in sight, mm")
    axis.legend(["nothing hidden", "hidden"], fontsize=8)


def _colours() -> list[str]:
    return [f"C{number}" for number in range(10)]
