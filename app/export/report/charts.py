"""Drawings of the report as SVG, by matplotlib: curves, superimposed cycles, skeletons.

They are embedded in the page, so that nothing is loaded and prints are sharp.  Lines and text have
a grey that is legible on a light and on a dark page.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from app.render.colours import SIDE_COLOURS
from models.skeleton import BONES, JOINT, SIDES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

WIDE_IN: Final = 7.4
"""Page width in inches."""
HALF_IN: Final = 3.6
"""Width of two charts side by side."""
_GREY: Final = "#7d858f"
_DPI: Final = 96
_CHART_IN: Final = 1.7
_AROUND_IN: Final = (0.46, 0.4, 0.16, 0.08)
"""Margins left, below, right and above a chart: the same for all, so that they align."""
_STEPS: Final = (1, 2, 5, 10)
"""Steps between ticks."""
_MOST_POINTS: Final = 800
"""Points of one curve: more than pixels."""
_LEAST_DEG: Final = 20.0
"""Minimum range of a chart, so that noise does not look like movement."""
_OUTERMOST: Final = 1.0
"""Percentage of a curve's extreme values that may be outside the chart, as for a range of motion: a
single frame must not flatten everything else."""
_DASHES: Final = (0, (5.0, 1.2))
"""Line style of the right side, to distinguish it without colours."""
_POSE_IN: Final = 1.9
"""Maximum height of a skeleton."""
_TITLE_IN: Final = 0.25
_BELOW_M: Final = 0.08
_EDGE_M: Final = 0.12
_STYLE: Final[dict[Any, Any]] = {
    "font.size": 8.5,
    "font.family": "sans-serif",
    "svg.fonttype": "none",  # text stays text: smaller, and searchable
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
_UNREAD: Final = re.compile(
    r"\s*(<metadata>.*?</metadata>|<defs>\s*<style.*?</style>\s*</defs>)", re.DOTALL
)
"""Unused elements, and a style that would apply to the whole page."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture for the report."""

    svg: str
    title: str
    """Alternative text."""
    width_in: float
    height_in: float


@dataclass(frozen=True, slots=True)
class Curve:
    """A line of a chart."""

    side: str
    """``"left"``, ``"right"`` or ``"middle"``."""
    x: Array
    y: Array
    """Degrees; NaN at gaps."""
    spread: Array | None = None
    """Half the width of a band around the curve."""
    faint: bool = False


def chart(
    curves: Sequence[Curve],
    title: str,
    *,
    x_label: str,
    width_in: float = HALF_IN,
    marks: Sequence[float] = (),
) -> Drawing:
    """Return a chart of angles, with ``marks`` as vertical lines."""

    from matplotlib.ticker import MaxNLocator

    def fill(figure: Figure) -> None:
        left, below, right, above = _AROUND_IN
        wide, tall = width_in - left - right, _CHART_IN - below - above
        axes = figure.add_axes(
            (left / width_in, below / _CHART_IN, wide / width_in, tall / _CHART_IN)
        )
        low, high = _heights(curves)
        for curve in curves:
            _draw(axes, curve, low, high)
        for mark in marks:
            axes.axvline(mark, color=_GREY, linewidth=0.8, linestyle=":")
        axes.set_xlabel(x_label, labelpad=2)
        axes.margins(x=0)
        # The axis covers unknown parts too, so that charts below each other align.
        axes.set_xlim(*_span(np.concatenate([each.x for each in curves])))
        axes.set_ylim(low, high)
        axes.xaxis.set_major_locator(MaxNLocator(8, steps=_STEPS))
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=_STEPS))
        axes.yaxis.set_major_formatter("{x:.0f}°")

    return _drawn(title, (width_in, _CHART_IN), fill)


def skeletons(poses: Sequence[Array], titles: Sequence[str]) -> Drawing:
    """Poses side by side, from the front above and from the person's left below.

    Args:
        poses: each (17, 3) metres, x to the person's left, y up from the floor, z to where they
            face; NaN where unknown.
        titles: one for each.
    """
    known = np.stack(poses)[np.isfinite(poses).all(axis=-1)].reshape(-1, 3)
    high = max(1.0, float(known[:, 1].max(initial=0.0))) + _EDGE_M
    low = max(0.0, float(known[:, 1].min(initial=high)) - _EDGE_M) - _BELOW_M
    aside = max(0.5, float(np.abs(known[:, ::2]).max(initial=0.0))) + _EDGE_M
    column_in = WIDE_IN / len(poses)
    row_in = min(_POSE_IN, column_in * (high - low) / (2 * aside))

    def fill(figure: Figure) -> None:
        top = 1.0 - _TITLE_IN / (2 * row_in + _TITLE_IN)
        edges = {"left": 0.0, "right": 1.0, "bottom": 0.0, "top": top}
        grid = figure.subplots(
            *(2, len(poses)), squeeze=False, gridspec_kw=edges | {"wspace": 0.0, "hspace": 0.0}
        )
        for column, (pose, title) in enumerate(zip(poses, titles, strict=True)):
            grid[0, column].set_title(title, fontsize=8.5)
            for row, across in enumerate((pose[:, 0], -pose[:, 2])):
                _draw_pose(grid[row, column], across, pose[:, 1])
                grid[row, column].set_xlim(-aside, aside)
                grid[row, column].set_ylim(low, high)

    return _drawn("Skeletons at key moments", (WIDE_IN, 2 * row_in + _TITLE_IN), fill)


def _span(x: Array) -> tuple[float | None, float | None]:
    low, high = float(x.min()), float(x.max())
    return (low, high) if low < high else (None, None)


def _heights(curves: Sequence[Curve]) -> tuple[float, float]:
    """Return the vertical limits of a chart."""
    ends = []
    for curve in curves:
        spread = 0.0 if curve.spread is None else curve.spread
        known = np.concatenate([curve.y - spread, curve.y + spread])
        known = known[np.isfinite(known)]
        if len(known):
            ends.append(np.percentile(known, [_OUTERMOST, 100.0 - _OUTERMOST]))
    low = min((float(each[0]) for each in ends), default=0.0)
    high = max((float(each[1]) for each in ends), default=0.0)
    room = max(0.08 * (high - low), (_LEAST_DEG - (high - low)) / 2)
    return low - room, high + room


def _draw(axes: Axes, curve: Curve, low: float, high: float) -> None:
    every = max(1, len(curve.x) // _MOST_POINTS)
    x, y = curve.x[::every], curve.y[::every].copy()
    # Not by clipping: not every SVG reader supports it.
    y[~((y >= low) & (y <= high))] = np.nan
    # A step from -180 to 180 is no movement.
    y[1:][np.abs(np.diff(y)) > 180.0] = np.nan
    if not np.isfinite(y).any():
        return
    colour = SIDE_COLOURS[curve.side] if curve.side != "middle" else _GREY
    dashes: Any = _DASHES if curve.side == "right" and not curve.faint else "-"
    axes.plot(x, y, color=colour, alpha=0.3 if curve.faint else 1.0, linestyle=dashes)
    if curve.spread is not None:
        spread = curve.spread[::every]
        band = np.clip([y - spread, y + spread], low, high)
        axes.fill_between(x, *band, color=colour, alpha=0.2, linewidth=0)


def _draw_pose(axes: Axes, across: Array, up: Array) -> None:
    from matplotlib.collections import LineCollection

    axes.axis("off")
    axes.set_aspect("equal")
    if np.isfinite(up[[JOINT["left_ankle"], JOINT["right_ankle"]]]).any():
        axes.axhline(0.0, color=_GREY, linewidth=0.8, alpha=0.5)
    bones = [list(bone) for bone in BONES if np.isfinite(up[list(bone)]).all()]
    sides = [SIDES[child] for _, child in bones]
    lines = LineCollection(
        [np.column_stack([across[ends], up[ends]]) for ends in bones],
        colors=[SIDE_COLOURS[side] if side != "middle" else _GREY for side in sides],
        capstyle="round",
        linewidths=2,
    )
    axes.add_collection(lines, autolim=False)


def _drawn(title: str, inches: tuple[float, float], fill: Callable[[Figure], None]) -> Drawing:
    # Importing takes half a second: only on demand.
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    file = io.StringIO()
    with rc_context(_STYLE):
        figure = Figure(figsize=inches, dpi=_DPI)
        figure.patch.set_visible(False)
        fill(figure)
        for axes in figure.axes:
            axes.patch.set_visible(False)
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    text = file.getvalue()
    return Drawing(_UNREAD.sub("", text[text.index("<svg") :]), title, *inches)
