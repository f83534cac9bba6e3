"""Procedural textures of fabrics and hair, since most garments have none."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Texture = NDArray[np.uint8]
"""(height, width, 3) RGB."""

_SIDE: Final = 256
_KINDS: Final = ("plain", "stripes", "check", "print", "denim", "melange")
_SHARES: Final = (0.4, 0.12, 0.1, 0.1, 0.13, 0.15)
_SATURATION: Final = (10, 25, 50, 90, 140, 190)


def fabric(random: np.random.Generator) -> Texture:
    """Return cloth of a random colour and pattern, with shading of folds."""
    kind = str(random.choice(_KINDS, p=_SHARES))
    cloth = np.ones((_SIDE, _SIDE, 3)) * _colour(random)
    y, x = np.mgrid[:_SIDE, :_SIDE]
    if kind == "denim":
        cloth[:] = np.array([48.0, 66.0, 104.0]) * random.uniform(0.5, 1.5)
    elif kind == "stripes":
        wave = np.sin(
            (y if random.random() < 0.6 else x) * 2 * np.pi * random.integers(6, 24) / _SIDE
        )
        cloth[wave > random.uniform(-0.4, 0.7)] = _colour(random)
    elif kind == "check":
        step = int(random.choice([8, 16, 32]))
        share = 0.25 * (((x // step) % 2) + ((y // step) % 2))[..., None]
        cloth = cloth * (1 - share) + _colour(random) * share
    elif kind == "print":
        colour = tuple(float(part) for part in _colour(random))
        for _ in range(int(random.integers(20, 90))):
            place = random.integers(0, _SIDE, 2)
            cv2.circle(
                cloth, (int(place[0]), int(place[1])), int(random.integers(2, 9)), colour, -1
            )
    elif kind == "melange":
        cloth += random.normal(0.0, 18.0, (_SIDE, _SIDE, 1))
    return _shaded(cloth, random, folds=0.06, weave=0.04)


def hair(random: np.random.Generator) -> Texture:
    """Return strands of a natural colour along the texture's height, or rarely of a dyed one."""
    natural = np.array(
        [(20, 17, 16), (45, 32, 24), (80, 55, 36), (120, 84, 50), (176, 136, 84), (150, 148, 145)]
    )
    colour = natural[random.integers(len(natural))] * random.uniform(0.7, 1.25)
    if random.random() < 0.05:
        colour = _colour(random)
    strands = cv2.GaussianBlur(random.normal(0.0, 1.0, (_SIDE, _SIDE)), (0, 0), 1.0, sigmaY=30.0)
    strands /= strands.std()
    return _shaded(colour * (1 + 0.18 * strands[..., None]), random, folds=0.05, weave=0.03)


def _colour(random: np.random.Generator) -> NDArray[np.float64]:
    """Return (3,) RGB from 0 to 255; greys, blacks and whites are as common as on people."""
    hue, saturation = random.integers(0, 180), int(random.choice(_SATURATION))
    value = int(random.integers(25, 245))
    pixel = np.array([[[hue, saturation, value]]], dtype=np.uint8)
    colour: NDArray[np.float64] = cv2.cvtColor(pixel, cv2.COLOR_HSV2RGB)[0, 0].astype(np.float64)
    return colour


def _shaded(
    cloth: NDArray[np.float64], random: np.random.Generator, folds: float, weave: float
) -> Texture:
    large = cv2.GaussianBlur(random.normal(0.0, 1.0, (_SIDE, _SIDE)), (0, 0), 7.0)
    fine = random.normal(0.0, 1.0, (_SIDE, _SIDE))
    light = 1 + folds * large / large.std() + weave * fine
    result: Texture = np.clip(cloth * light[..., None], 0, 255).astype(np.uint8)
    return result
