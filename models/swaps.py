"""Repairing the detector's left-right swaps: frames in which it took one side for the other.

A two-state Viterbi pass decides for every frame whether its sides are exchanged.  A step from one
frame to the next costs the mean distance its joints travelled, which is small for the true sides
and large for exchanged ones.  ``SwapTracker`` is the causal form: the same costs, forward only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.skeleton import MIRROR, SIDES

_LEFT: Final = [joint for joint, side in enumerate(SIDES) if side == "left"]
_RIGHT: Final = [MIRROR[joint] for joint in _LEFT]

_CLIP: Final = 0.25
"""Longest distance counted for one joint, in person sizes: an outlier must not outvote the body."""
_SWITCH: Final = 0.01
"""Cost of a change between swapped and not, in person sizes of mean joint travel."""
_SWAPPED: Final = 0.0005
"""Cost of every swapped frame: the detector is right far more often than wrong, so that in the end
the labels of the majority of frames prevail, even when the first frame was a swapped one."""
_FIRST: Final = 0.05
"""Cost of starting swapped."""
_MIN_WEIGHT: Final = 2.0
"""Fewer seen pairs than this count as if the rest had not moved: two wrists alone prove little."""
_MAX_ABSENCE: Final = 30
"""Frames without enough joints after which earlier positions say nothing about later ones."""


def find_swaps(xy: NDArray[np.floating], conf: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Find the frames whose left and right are exchanged.

    Args:
        xy: (N, 17, 2) joints in pixels, any scale; NaN where there is none.
        conf: (N, 17) confidence in [0, 1]; NaN counts as 0.

    Returns:
        (N,) bool; ``xy[swapped] = xy[swapped][:, MIRROR]`` repairs the sequence.
    """
    swapped = np.zeros(len(xy), dtype=bool)
    views = _views(xy, conf)
    usable = np.flatnonzero(views.weight.sum(axis=-1) > 0)
    if len(usable) == 0:
        return swapped
    views = views.at(usable)
    same, crossed = _travel(views.at(slice(None, -1)), views.at(slice(1, None)))
    fresh = np.diff(usable) > _MAX_ABSENCE
    swapped[usable] = _viterbi(same, crossed, fresh)
    # Nobody is seen in between, but a reader may look at such frames: the state simply lasts.
    last = np.maximum.accumulate(np.where(views_mask(len(xy), usable), np.arange(len(xy)), -1))
    return swapped[last] & (last >= 0)


def views_mask(count: int, usable: NDArray[np.intp]) -> NDArray[np.bool_]:
    mask = np.zeros(count, dtype=bool)
    mask[usable] = True
    return mask


class SwapTracker:
    """Causal swap detection, one frame at a time."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything, as at the start of another stretch of film."""
        self._before: _Views | None = None
        self._absent = 0
        self._costs = (0.0, _FIRST)

    def step(self, xy: NDArray[np.floating], conf: NDArray[np.floating]) -> bool:
        """Take the next frame, xy (17, 2) and conf (17,): are its sides exchanged?"""
        view = _views(xy[None], conf[None])
        if view.weight.sum() > 0:
            if self._before is None or self._absent > _MAX_ABSENCE:
                self._costs = (0.0, _FIRST)
            else:
                same, crossed = _travel(self._before, view)
                self._costs, _ = _forward(self._costs, float(same[0]), float(crossed[0]))
            self._before, self._absent = view, 0
        else:
            self._absent += 1
        return self._costs[1] < self._costs[0]


@dataclass(frozen=True)
class _Views:
    """What one or many frames offer for comparison."""

    left: NDArray[np.floating]
    """(N, P, 2) left joints of the P pairs."""
    right: NDArray[np.floating]
    weight: NDArray[np.floating]
    """(N, P) the lower confidence of the two; 0 where either is absent."""
    size: NDArray[np.floating]
    """(N,) size of the person in the same unit as the joints."""

    def at(self, index: NDArray[np.intp] | slice) -> _Views:
        return _Views(self.left[index], self.right[index], self.weight[index], self.size[index])


def _views(xy: NDArray[np.floating], conf: NDArray[np.floating]) -> _Views:
    present = np.isfinite(xy).all(axis=-1) & (conf > 0)
    xy = np.where(present[..., None], xy, 0.0)
    conf = np.where(present, conf, 0.0)
    total = np.maximum(conf.sum(axis=-1), 1e-9)
    centre = (xy * conf[..., None]).sum(axis=-2) / total[:, None]
    spread = np.square(xy - centre[:, None]).sum(axis=-1)
    size = np.sqrt((spread * conf).sum(axis=-1) / total)
    weight = np.minimum(conf[:, _LEFT], conf[:, _RIGHT])
    return _Views(xy[:, _LEFT], xy[:, _RIGHT], weight * (size > 0)[:, None], 4.0 * size)


def _travel(before: _Views, after: _Views) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Mean clipped distance in person sizes with the sides as they are, and with them exchanged."""
    weight = np.minimum(before.weight, after.weight)
    total = np.maximum(weight.sum(axis=-1), _MIN_WEIGHT)
    size = np.maximum(before.size, after.size)[:, None]

    def mean(left: NDArray[np.floating], right: NDArray[np.floating]) -> NDArray[np.floating]:
        far = np.linalg.norm(before.left - left, axis=-1) / size
        near = np.linalg.norm(before.right - right, axis=-1) / size
        distance = np.minimum(far, _CLIP) + np.minimum(near, _CLIP)
        result: NDArray[np.floating] = (weight * distance).sum(axis=-1) / (2.0 * total)
        return result

    return mean(after.left, after.right), mean(after.right, after.left)


def _forward(
    costs: tuple[float, float], same: float, crossed: float
) -> tuple[tuple[float, float], tuple[bool, bool]]:
    """One step: cost of being unswapped and swapped, and whether the frame before was swapped."""
    stay, change = (costs[0] + same, costs[1] + crossed + _SWITCH)
    from_swapped = change < stay
    plain = change if from_swapped else stay
    stay, change = (costs[1] + same + _SWAPPED, costs[0] + crossed + _SWITCH + _SWAPPED)
    still_swapped = stay <= change
    swapped = stay if still_swapped else change
    floor = min(plain, swapped)  # only the difference matters; sums must not grow for hours
    return (plain - floor, swapped - floor), (from_swapped, still_swapped)


def _viterbi(
    same: NDArray[np.floating], crossed: NDArray[np.floating], fresh: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """(N - 1,) step costs -> (N,) states of the cheapest path; ``fresh`` steps start anew."""
    states = np.zeros(len(same) + 1, dtype=bool)
    costs = (0.0, _FIRST)
    back: list[tuple[bool, bool]] = []
    for one, other, new in zip(same.tolist(), crossed.tolist(), fresh.tolist(), strict=True):
        if new:
            best = costs[1] < costs[0]
            costs = (0.0, _FIRST)
            back.append((best, best))
        else:
            costs, origin = _forward(costs, one, other)
            back.append(origin)
    state = costs[1] < costs[0]
    for index in range(len(back), -1, -1):
        states[index] = state
        if index:
            state = back[index - 1][state]
    return states
