"""Two studies of live use: the benefit of a delay, and the cost of a hidden limb."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.lab.evaluation.material import LEGS, RIGHT_ARM, UPPER_BODY, Footage, Material
from app.lab.evaluation.methods import Answer, DetectorWorld, Ours
from app.lab.evaluation.scoring import lift_all, score_answers, score_methods
from app.pipeline.one_euro import OneEuro
from models.lifter import Lifter
from models.live import LARGEST_DELAY, LiveLifter
from models.scores import ALL_JOINTS, Scores

_HIDDEN: Final = (
    ("legs", LEGS, UPPER_BODY),
    ("right arm", RIGHT_ARM, tuple(joint for joint in ALL_JOINTS if joint not in RIGHT_ARM)),
)
"""Name of the hidden part, its joints, and the joints that are compared."""


@dataclass(frozen=True)
class Delayed:
    """The live lifter at one delay; ``frames_back`` None is the whole clip at once, or, with the
    detector's name, MediaPipe's world landmarks."""

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
    """Error of the other joints, with nothing hidden."""
    seen: Scores
    """Error of the same joints, with the hidden ones removed."""
    guessed: Scores
    """Error of the hidden joints themselves."""

    @property
    def ratio(self) -> float:
        """Factor by which the visible joints are worse."""
        return self.seen.mpjpe / self.seen_before.mpjpe


def delay_study(
    material: Material,
    ours: Sequence[Ours],
    delays: Sequence[int],
    progress: Callable[[str], None],
) -> list[Delayed]:
    """Return error and jitter of the live lifter for each delay, on the same frames; then the same
    with the live view's smoothing.

    The first and last frames of each take, which not every delay has shown, are left out.
    """
    trimmed = replace(material, footage=tuple(_trimmed(each) for each in material.footage))
    rows: list[Delayed] = []
    smoothed: list[Delayed] = []
    for method in ours:
        for delay in delays:
            progress(f"Live, {method.name}, shown {delay} frames late ...")
            shown = [_live(method.lifter, delay, footage) for footage in trimmed.footage]
            calmed = [_calmed(*each) for each in zip(shown, trimmed.footage, strict=True)]
            for into, name, takes in (
                (rows, method.name, shown),
                (smoothed, f"{method.name}, smoothed", calmed),
            ):
                row = score_answers(trimmed, name, [Answer(poses) for poses, _ in takes])
                into.append(Delayed(name, delay, row.scores))
    others = score_methods(trimmed, [*ours, DetectorWorld()])
    return rows + smoothed + [Delayed(row.method, None, row.scores) for row in others]


def hiding_study(material: Material, ours: Sequence[Ours]) -> list[Hidden]:
    """Return the error of the visible joints when others are removed from the detections."""
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
                score_answers(judged, name, answers).scores
                for judged, answers in ((others, whole), (others, without), (gone, without))
            )
            rows.append(Hidden(material.title, method.name, name, before, after, guessed))
    return rows


_Shown = tuple[NDArray[np.floating], NDArray[np.bool_]]
"""(N, 17, 3) poses as shown, NaN where there was none; (N, 17) whether joints were seen or
filled."""


def _live(lifter: Lifter, delay: int, footage: Footage) -> _Shown:
    live = LiveLifter(lifter, delay)
    world = footage.world_joints
    shown = np.full((len(footage.xy), 17, 3), np.nan, np.float32)
    known = np.zeros(shown.shape[:2], np.bool_)
    for index, time_s in enumerate(footage.time_s):
        live.push(
            footage.xy[index],
            footage.conf[index],
            footage.size,
            float(time_s),
            world=None if world is None else world[index],
        )
        pose = live.lift()
        if pose is not None and not pose.missing.all():
            shown[index - pose.frames_back] = pose.xyz
            known[index - pose.frames_back] = ~pose.missing
    return shown, known


def _calmed(shown: _Shown, footage: Footage) -> _Shown:
    """Return the poses with the live view's smoothing."""
    poses, known = shown
    smoother = OneEuro()
    calmed = [
        smoother.step(*each) if each[1].any() else each[0]
        for each in zip(poses, known, footage.time_s.tolist(), strict=True)
    ]
    return np.stack(calmed), known


def _trimmed(footage: Footage) -> Footage:
    true = np.array(footage.true, np.float64)
    true[:LARGEST_DELAY] = true[len(true) - LARGEST_DELAY :] = np.nan
    return replace(footage, true=true)
