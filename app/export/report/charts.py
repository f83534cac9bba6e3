"""Drawings of the report as SVG, drawn by matplotlib: curves, cycles over each other, skeletons.

Inside the page, so that nothing has to be fetched and print is sharp.  Lines and letters are of a
grey that can be read on a light page and on a dark one.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from app.render.colours import SIDE_COLOURS
from models.skeleton import BONES, SIDES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

_GREY: Final = "#7d858f"
_DPI: Final = 96
_CHART_IN: Final = (7.4, 1.9)
_MOST_POINTS: Final = 800
"""Of one curve: more than pixels."""
_LEAST_DEG: Final = 20.0
"""What a chart shows at least, so that trembling does not look like movement."""
_FIGURE_IN: Final = 1.45
_LOW_M, _HIGH_M = -1.05, 1.15
"""What a skeleton's drawing shows above and below the pelvis: raised arms of somebody tall."""
_STYLE: Final[dict[Any, Any]] = {
    "font.size": 8.5,
    "font.family": "sans-serif",
    "svg.fonttype": "none",  # letters stay letters: smaller, and found by the page's search
    "svg.hashsalt": "mixpose",  # the same motion gives the same file
    "text.color": _GREY,
    "axes.labelcolor": _GREY,
    "axes.edgecolor": _GREY,
    "xtick.color": _GREY,
    "ytick.color": _GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "lines.linewidth": 1.3,
    "path.simplify_threshold": 0.5,
}


@dataclass(frozen=True, slots=True)
class Curve:
    """A line of a chart."""

    side: str
    """``"left"``, ``"right"`` or ``"middle"``."""
    x: Array
    y: Array
    """NaN where it is broken."""
    spread: Array | None = None
    """Drawn as a band of so much above and below."""
    faint: bool = False


def chart(
    curves: Sequence[Curve], *, x_label: str, y_label: str, marks: Sequence[float] = ()
) -> str:
    """Curves in one frame, with ``marks`` as lines across."""

    def fill(figure: Figure) -> None:
        axes = figure.subplots()
        for curve in curves:
            _draw(axes, curve)
        for mark in marks:
            axes.axvline(mark, color=_GREY, linewidth=0.8, linestyle=":")
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        axes.margins(x=0)
        # Where a curve is not known its chart goes on, so that charts under each other compare.
        axes.set_xlim(*_span(np.concatenate([each.x for each in curves])))
        low, high = axes.get_ylim()
        room = max(0.0, _LEAST_DEG - (high - low)) / 2
        axes.set_ylim(low - room, high + room)

    return _drawn(_CHART_IN, fill)


def skeletons(poses: Sequence[Array], titles: Sequence[str]) -> str:
    """Poses side by side, from the front above and from the person's left below.

    Args:
        poses: each (17, 3) metres, x to the person's left, y up, z to where they face; NaN where
            unknown.
        titles: one for each.
    """

    def fill(figure: Figure) -> None:
        grid = figure.subplots(2, len(poses), squeeze=False)
        for column, (pose, title) in enumerate(zip(poses, titles, strict=True)):
            grid[0, column].set_title(title, fontsize=8.5)
            for row, across in enumerate((pose[:, 0], -pose[:, 2])):
                _draw_pose(grid[row, column], across, pose[:, 1])

    return _drawn((_FIGURE_IN * len(poses), 2 * _FIGURE_IN + 0.2), fill)


def _span(x: Array) -> tuple[float | None, float | None]:
    low, high = float(x.min()), float(x.max())
    return (low, high) if low < high else (None, None)


def _draw(axes: Axes, curve: Curve) -> None:
    every = max(1, len(curve.x) // _MOST_POINTS)
    x, y = curve.x[::every], curve.y[::every]
    colour = SIDE_COLOURS[curve.side] if curve.side != "middle" else _GREY
    axes.plot(x, y, color=colour, alpha=0.3 if curve.faint else 1.0)
    if curve.spread is not None:
        spread = curve.spread[::every]
        axes.fill_between(x, y - spread, y + spread, color=colour, alpha=0.2, linewidth=0)


def _draw_pose(axes: Axes, across: Array, up: Array) -> None:
    for parent, child in BONES:
        colour = SIDE_COLOURS[SIDES[child]] if SIDES[child] != "middle" else _GREY
        ends = [parent, child]
        axes.plot(across[ends], up[ends], color=colour, solid_capstyle="round", linewidth=2)
    axes.set_xlim(-(_HIGH_M - _LOW_M) / 2, (_HIGH_M - _LOW_M) / 2)
    axes.set_ylim(_LOW_M, _HIGH_M)
    axes.set_aspect("equal")
    axes.axis("off")


def _drawn(inches: tuple[float, float], fill: Callable[[Figure], None]) -> str:
    # Half a second to import: not at every start.
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    file = io.StringIO()
    with rc_context(_STYLE):
        figure = Figure(figsize=inches, dpi=_DPI, layout="constrained")
        fill(figure)
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    text = file.getvalue()
    return text[text.index("<svg") :]
