"""Two questions of a live user: what waiting buys, and what a hidden limb costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.evaluation.material import LEGS, RIGHT_ARM, UPPER_BODY, Footage, Material
from app.evaluation.methods import DetectorWorld, Ours
from app.evaluation.scoring import lift_all, score_methods, score_poses
from models.lifter import Lifter
from models.live import LARGEST_DELAY, LiveLifter
from models.scores import ALL_JOINTS, Scores

_HIDDEN: Final = (
    ("legs", LEGS, UPPER_BODY),
    ("right arm", RIGHT_ARM, tuple(joint for joint in ALL_JOINTS if joint not in RIGHT_ARM)),
)
"""What is hidden, its joints, and the joints that are compared with and without."""


@dataclass(frozen=True)
class Delayed:
    """The live lifter at one delay; ``frames_back`` None is the whole clip at once, or, with the
    detector's name, its own 3D."""

    method: str
    frames_back: int | None
    scores: Scores


@dataclass(frozen=True)
class Hidden:
    """One lifter with some joints hidden."""

    on: str
    method: str
    hidden: str
    seen_before: Scores
    """The other joints, with nothing hidden."""
    seen: Scores
    """The same joints, with the hidden ones gone."""
    guessed: Scores
    """The hidden joints themselves, which are a guess then."""

    @property
    def ratio(self) -> float:
        """How much worse the visible joints are for it."""
        return self.seen.mpjpe / self.seen_before.mpjpe


def delay_study(
    material: Material,
    ours: Sequence[Ours],
    delays: Sequence[int],
    progress: Callable[[str], None],
) -> list[Delayed]:
    """Error and jitter of the live lifter against the frames it waits, all on the same frames.

    The first and last frames of each take, which not every delay has shown, are left out.
    """
    trimmed = replace(material, footage=tuple(_trimmed(each) for each in material.footage))
    rows: list[Delayed] = []
    for method in ours:
        for delay in delays:
            progress(f"Live, {method.name}, shown {delay} frames late ...")
            live = _Live(method.name, method.lifter, delay)
            rows += [
                Delayed(row.method, delay, row.scores) for row in score_methods(trimmed, [live])
            ]
    others = score_methods(trimmed, [*ours, DetectorWorld()])
    return rows + [Delayed(row.method, None, row.scores) for row in others]


def hiding_study(material: Material, ours: Sequence[Ours]) -> list[Hidden]:
    """Error of the joints in sight when others are taken from the detector's."""
    rows = []
    for method in ours:
        whole = lift_all(material, method)
        for name, hidden, compared in _HIDDEN:
            covered = tuple(each.without(hidden) for each in material.footage)
            without = lift_all(replace(material, footage=covered), method)
            if whole is None or without is None:
                continue
            others, gone = replace(material, joints=compared), replace(material, joints=hidden)
            before, after, guessed = (
                score_poses(judged, name, poses).scores
                for judged, poses in ((others, whole), (others, without), (gone, without))
            )
            rows.append(Hidden(material.title, method.name, name, before, after, guessed))
    return rows


@dataclass(frozen=True)
class _Live:
    """The live lifter as a method: every frame's pose as it was shown."""

    name: str
    lifter: Lifter
    delay: int

    def poses(self, footage: Footage, material: Material) -> NDArray[np.floating]:
        live = LiveLifter(self.lifter, self.delay)
        depth = footage.depth
        shown = np.full((len(footage.xy), 17, 3), np.nan, np.float32)
        for index, time_s in enumerate(footage.time_s):
            live.push(
                footage.xy[index],
                footage.conf[index],
                footage.size,
                float(time_s),
                None if depth is None else depth[index],
            )
            pose = live.lift()
            if pose is not None and not pose.missing.all():
                shown[index - pose.frames_back] = pose.xyz
        return shown


def _trimmed(footage: Footage) -> Footage:
    true = np.array(footage.true, np.float64)
    true[:LARGEST_DELAY] = true[len(true) - LARGEST_DELAY :] = np.nan
    return replace(footage, true=true)
