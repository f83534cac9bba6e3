"""The colour of a person's clothes, by which people are told apart after they have overlapped."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.detection.person import Person, Picture
from models.skeleton import JOINT

_ALONG: Final = np.linspace(0.15, 0.85, 9)
_ASIDE: Final = (-0.08, 0.0, 0.08)
"""Of the trunk's length: narrow enough for a trunk seen from the side."""
_LIGHTNESS: Final = 0.5
"""Weight of the lightness: between light and shade it changes much, the hue hardly."""
_APART: Final = 30.0
"""CIELAB units: clothes that differ by more are certainly different.  One performer's differ by 4
from frame to frame, those of two performers by 20 to 70."""
_SEEN: Final = 0.3
_XYZ: Final = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)
"""Linear sRGB to XYZ; the sums of the rows are the white point."""


def clothes(picture: Picture, person: Person) -> NDArray[np.float64]:
    """The median colour of trunk and thighs: (2, 3) CIELAB, NaN where not in the picture."""
    xy = person.xy.astype(np.float64)
    limbs = [
        [(xy[JOINT["thorax"]], xy[JOINT["pelvis"]])],
        [
            (xy[JOINT[f"{side}_hip"]], xy[JOINT[f"{side}_knee"]])
            for side in ("left", "right")
            if person.conf[JOINT[f"{side}_knee"]] > _SEEN
        ],
    ]
    return np.array([_typical(picture, part, person.size) for part in limbs])


def difference(one: NDArray[np.float64], other: NDArray[np.float64]) -> float | None:
    """The difference of clothes, 0 to 1; None where nothing can be compared."""
    away = np.linalg.norm((one - other) * (_LIGHTNESS, 1.0, 1.0), axis=-1) / _APART
    known = away[np.isfinite(away)]
    return float(np.minimum(known, 1.0).mean()) if len(known) else None


def _typical(
    picture: Picture,
    bones: list[tuple[NDArray[np.float64], NDArray[np.float64]]],
    size: float,
) -> NDArray[np.float64]:
    points = [
        start + along * (end - start) + aside * size * np.array([1.0, 0.0])
        for start, end in bones
        for along in _ALONG
        for aside in _ASIDE
    ]
    if not points:
        return np.full(3, np.nan)
    places = np.floor(np.array(points)).astype(int)
    inside = ((places >= 0) & (places < (picture.shape[1], picture.shape[0]))).all(axis=1)
    if inside.sum() < len(_ALONG):
        return np.full(3, np.nan)
    x, y = places[inside].T
    result: NDArray[np.float64] = np.median(cielab(picture[y, x]), axis=0)
    return result


def cielab(colours: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(N, 3) sRGB -> CIELAB under D65 (IEC 61966-2-1, CIE 15).

    For a few points: OpenCV's first conversion spends 90 ms on filling tables.
    """
    share = colours / 255.0
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    x, y, z = (linear @ (_XYZ / _XYZ.sum(axis=1, keepdims=True)).T).T
    root = [np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116) for t in (x, y, z)]
    return np.stack(
        [116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])], axis=-1
    )
