"""Choices of the person to follow, and whether they were met."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from models.skeleton import JOINT

if TYPE_CHECKING:
    from app.detection.person_tracker import Choice

_TRIED_S: Final = 0.75
"""This long after its moment a choice is met or given up."""
_AROUND: Final = 0.6
"""Trunk lengths by which a person extends beyond their joints."""


def choices_of(place: Sequence[float] | None) -> tuple[Choice, ...]:
    """The choice of the person at (x, y) pixels, or at (x, y, seconds); none for None."""
    if place is None:
        return ()
    from app.detection.person_tracker import Choice  # OpenCV and SciPy take a second to import

    return (Choice(*map(float, (*place, 0.0)[:3])),)


def unmet(
    choices: Sequence[Choice],
    time_s: NDArray[np.float64],
    xy: NDArray[np.float32],
    size: tuple[int, int],
) -> Iterator[str]:
    """Yield a sentence for each choice at whose position no person was found.

    Args:
        choices: the user's.
        time_s: (N,) of the frames, N >= 1.
        xy: (N, 17, 2) joints of the followed person, in pixels; NaN where not detected.
        size: of the picture.
    """
    for choice in choices:
        begun = time_s[time_s >= choice.time_s]
        if not len(begun):
            yield (
                f"A person was to be chosen at {choice.time_s:g} s, but the last frame is at "
                f"{time_s[-1]:.1f} s: nobody was chosen."
            )
            continue
        rows = (time_s >= begun[0]) & (time_s <= begun[0] + _TRIED_S)
        people = xy[rows][np.isfinite(xy[rows]).all(axis=(1, 2))]
        if not _at((choice.x, choice.y), people).any():
            yield (
                f"Nobody was found at {choice.x:g},{choice.y:g} from {choice.time_s:g} s on, so "
                f"nobody was chosen. The picture has {size[0]} x {size[1]} pixels."
            )


def _at(point: tuple[float, float], people: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(N,) whether a position is within the box around a person's (N, 17, 2) joints."""
    trunk = np.linalg.norm(people[:, JOINT["thorax"]] - people[:, JOINT["pelvis"]], axis=-1)
    around = _AROUND * trunk[:, None]
    inside = (people.min(axis=1) - around <= point) & (people.max(axis=1) + around >= point)
    return np.asarray(inside.all(axis=-1), np.bool_)
