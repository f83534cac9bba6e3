"""Random variation of the performer: body, clothes, camera and acts, all from one seed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

Act = Literal[
    "stand", "wave_left", "wave_right", "wave_both", "stretch", "arms_out", "hands_on_hips",
    "squat", "turn_around", "walk_circle", "walk_across",
]  # fmt: skip
_SHOWN_FIRST: Final[tuple[Act, ...]] = (
    "wave_left", "walk_circle", "squat", "turn_around", "stretch", "walk_across", "wave_right",
    "arms_out",
)  # fmt: skip
"""The demo's order: wave first, show everything once."""
# With hands on hips MediaPipe confuses front and back: good for tests of the repair of swapped
# sides, not for the demo.
_REPERTOIRE: Final[tuple[Act, ...]] = (*_SHOWN_FIRST, "wave_both", "hands_on_hips")


@dataclass(frozen=True, slots=True)
class Proportions:
    """Lengths in metres between joint centres, as the detector places them."""

    hip: float = 0.096
    """From the pelvis' centre to a hip."""
    thigh: float = 0.425
    shank: float = 0.425
    ankle: float = 0.086
    """Height of the ankle above the floor."""
    waist: float = 0.21
    """From the pelvis up to the point where the trunk bends."""
    chest: float = 0.285
    """From there up to the mid-point of the shoulders."""
    shoulder: float = 0.178
    """From that mid-point to a shoulder."""
    upper_arm: float = 0.285
    forearm: float = 0.25
    neck: float = 0.130
    """From the mid-point of the shoulders up to the joint of head and neck."""
    head: float = 1.0
    """Size of head, hands and feet relative to the adult model's."""

    @property
    def leg(self) -> float:
        return self.thigh + self.shank


@dataclass(frozen=True, slots=True)
class Look:
    """Colours as RGB in [0, 1]."""

    skin: tuple[float, float, float] = (0.85, 0.65, 0.54)
    hair: tuple[float, float, float] = (0.22, 0.15, 0.11)
    shirt: tuple[float, float, float] = (0.62, 0.23, 0.25)
    trousers: tuple[float, float, float] = (0.21, 0.26, 0.36)
    shoes: tuple[float, float, float] = (0.30, 0.29, 0.30)


@dataclass(frozen=True, slots=True)
class Variation:
    """All that a seed determines."""

    proportions: Proportions
    look: Look
    acts: tuple[Act, ...]
    tempo: float
    """1 is an easy pace; larger is faster."""
    camera_height_m: float
    camera_azimuth: float
    """Radians around the person; 0 is straight in front."""
    camera_fov_deg: float
    """Vertical field of view."""


def variation(seed: int) -> Variation:
    """Return the variation of a seed, always the same; seed 0 is the demo."""
    if seed == 0:
        return Variation(Proportions(), Look(), _SHOWN_FIRST, 1.0, 1.25, 0.0, 47.0)
    random = np.random.default_rng(seed)
    acts = [_REPERTOIRE[index] for index in random.permutation(len(_REPERTOIRE))]
    return Variation(
        proportions=_proportions(random),
        look=_look(random),
        acts=tuple(acts),
        tempo=float(random.uniform(0.85, 1.2)),
        camera_height_m=float(random.uniform(0.7, 1.8)),
        camera_azimuth=math.radians(random.uniform(-25, 25)),
        camera_fov_deg=float(random.uniform(40, 60)),
    )


def _proportions(random: np.random.Generator) -> Proportions:
    size = random.uniform(0.88, 1.1)
    plain = Proportions()

    def length(name: str, spread: float = 0.04) -> float:
        share = np.clip(random.normal(1.0, spread), 1 - 2 * spread, 1 + 2 * spread)
        return float(getattr(plain, name) * size * share)

    return Proportions(
        hip=length("hip"),
        thigh=length("thigh"),
        shank=length("shank"),
        ankle=length("ankle", 0.02),
        waist=length("waist"),
        chest=length("chest"),
        shoulder=length("shoulder", 0.05),
        upper_arm=length("upper_arm"),
        forearm=length("forearm"),
        neck=length("neck"),
        head=float(1.0 + 0.5 * (size - 1.0)),
    )


def _look(random: np.random.Generator) -> Look:
    skins = ((0.93, 0.76, 0.66), (0.85, 0.65, 0.54), (0.72, 0.52, 0.40), (0.52, 0.36, 0.27))
    hairs = ((0.22, 0.15, 0.11), (0.10, 0.09, 0.09), (0.55, 0.40, 0.22), (0.45, 0.43, 0.42))

    def cloth(low: float, high: float) -> tuple[float, float, float]:
        red, green, blue = random.uniform(low, high, 3)
        return float(red), float(green), float(blue)

    return Look(
        skin=skins[random.integers(len(skins))],
        hair=hairs[random.integers(len(hairs))],
        shirt=cloth(0.15, 0.9),
        trousers=cloth(0.1, 0.5),
        shoes=cloth(0.1, 0.8),
    )
