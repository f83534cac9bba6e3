"""Procedural textures of floors, walls, furniture and backdrops."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from app.synthetic.clothed.fabrics import Texture

_SIDE: Final = 256


def clouds(random: np.random.Generator, width: int, height: int) -> NDArray[np.float32]:
    """Return (height, width) multi-scale noise with mean 0 and standard deviation 1."""
    total = np.zeros((height, width), dtype=np.float32)
    for octave in range(1, 7):
        shape = max(2, (height << octave) // 128), max(2, (width << octave) // 128)
        coarse = random.normal(0.0, 1.0, shape).astype(np.float32)
        total += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC) / octave
    even: NDArray[np.float32] = (total - total.mean()) / max(float(total.std()), 1e-6)
    return even


def surface(random: np.random.Generator) -> Texture:
    """Return a texture of paint, wood, tiles, bricks, grass or a carpet."""
    base = _muted(random)
    picture = np.ones((_SIDE, _SIDE, 3), np.float32) * base
    kind = random.choice(
        ["paint", "planks", "tiles", "rough", "rug"], p=[0.4, 0.2, 0.15, 0.15, 0.1]
    )
    y, x = np.mgrid[:_SIDE, :_SIDE]
    if kind == "planks":
        step = int(random.choice([16, 32]))
        tone = random.uniform(0.8, 1.15, _SIDE // step + 1)[x // step]
        picture *= (tone * np.where(x % step == 0, 0.6, 1.0))[..., None]
    elif kind == "tiles":
        step = int(random.choice([32, 64, 128]))
        joint = (x % step < 2) | (y % step < 2)
        picture[joint] *= random.uniform(0.5, 0.9)
    elif kind == "rug":
        step = int(random.choice([16, 32]))
        picture[((x // step) + (y // step)) % 2 == 0] = _muted(random)
    rough = random.uniform(0.1, 0.25) if kind == "rough" else random.uniform(0.01, 0.07)
    picture *= 1 + rough * clouds(random, _SIDE, _SIDE)[..., None]
    result: Texture = np.clip(picture, 0, 255).astype(np.uint8)
    return result


def backdrop(random: np.random.Generator, size: tuple[int, int]) -> Texture:
    """Return (h, w, 3) the background: a gradient, clouds, and sometimes coloured shapes."""
    width, height = size
    top, bottom = _muted(random), _muted(random)
    share = np.linspace(0.0, 1.0, height, dtype=np.float32)[:, None, None]
    picture = top * (1 - share) + bottom * share + np.zeros((height, width, 3), np.float32)
    picture += random.uniform(0.0, 20.0) * clouds(random, width, height)[..., None]
    if random.random() < 0.4:
        for _ in range(int(random.integers(3, 25))):
            place = random.uniform(0, 1, 2) * size
            half = np.exp(random.uniform(np.log(6), np.log(max(size) / 4), 2))
            box = np.concatenate([place - half, place + half]).astype(int).tolist()
            colour = tuple(float(part) for part in _muted(random))
            cv2.rectangle(picture, box[:2], box[2:], colour, -1)
    result: Texture = np.clip(picture, 0, 255).astype(np.uint8)
    return result


def _muted(random: np.random.Generator) -> NDArray[np.float32]:
    """Return (3,) RGB of a colour typical of rooms and streets."""
    grey = random.uniform(30, 235)
    colour = grey * (1 + random.uniform(0.0, 0.22) * random.normal(0.0, 1.0, 3))
    return np.clip(colour, 5, 250).astype(np.float32)
