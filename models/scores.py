"""Scores of whole takes: holes, frame rates and people taken into account.

A frame without a pose (a row with NaN) is counted as missing and not scored, so that a method
cannot win by guessing; look at both numbers.  Position errors are taken on the frames as they are.
Motion is compared at 30 frames a second: takes at another rate are brought there on straight lines
between frames, both prediction and truth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models import metrics
from models.metrics import Poses
from models.skeleton import JOINT_COUNT, PELVIS

MOTION_RATE: Final = 30.0
"""Frames a second of MPJVE, jitter and jerk."""
ALL_JOINTS: Final = tuple(range(JOINT_COUNT))

_SAME_RATE: Final = 0.1
"""Intervals this close to a frame's, relatively, are one frame: a webcam's are never exact."""
_LONGEST_STEP_S: Final = 0.1
"""Nothing is known of a movement between frames further apart than this."""
_SAME_MOMENT: Final = 1e-4
"""Share of the step between two frames below which a moment is that of a frame."""
_MM: Final = 1000.0


@dataclass(frozen=True)
class Take:
    """One person, seen without a cut."""

    predicted: Poses
    """(N, 17, 3) metres; NaN rows are frames without a pose."""
    true: Poses
    """(N, 17, 3) metres in the same axes; NaN rows are frames without an annotation."""
    time_s: NDArray[np.floating]
    """(N,) strictly increasing."""


@dataclass(frozen=True)
class Scores:
    """One row of a table; NaN where nothing could be scored."""

    frames: int
    """Frames scored."""
    missing: int
    """Annotated frames without a pose."""
    mpjpe: float
    """mm, as all errors of position."""
    n_mpjpe: float
    p_mpjpe: float
    mpjve: float
    """mm/frame at 30 frames/s."""
    jitter: float
    """mm/frame^2 at 30 frames/s."""
    jerk: float
    """mm/frame^3 at 30 frames/s."""
    bones: float
    """Variation of the bones' lengths, per cent."""
    pck: float
    """Per cent within 150 mm."""
    auc: float
    """Per cent."""

    @property
    def missing_share(self) -> float:
        """Of the annotated frames, those without a pose."""
        return self.missing / max(1, self.frames + self.missing)


def score(
    takes: Iterable[Take],
    joints: Sequence[int] = ALL_JOINTS,
    pck_joints: Sequence[int] | None = None,
    root: Sequence[int] = (PELVIS,),
) -> Scores:
    """Score takes together, every frame of theirs counting the same.

    Args:
        takes: any number of them.
        joints: which of the 17 are scored.
        pck_joints: those of PCK and AUC, where a protocol has others.
        root: the joints whose middle is put at the origin first, in prediction and truth.
    """
    choice = _Choice(list(joints), list(pck_joints or joints), list(root))
    scored = [_Scored.of(take, choice) for take in takes]

    def mean(value: Callable[[_Scored], NDArray[np.floating]]) -> float:
        values = np.concatenate([np.empty(0), *(value(each).ravel() for each in scored)])
        return float(values.mean()) if len(values) else float("nan")

    return Scores(
        frames=sum(len(each.predicted) for each in scored),
        missing=sum(each.missing for each in scored),
        mpjpe=_MM * mean(lambda each: each.distances(choice.joints)),
        n_mpjpe=_MM * mean(lambda each: each.distances(choice.joints, metrics.scale_aligned)),
        p_mpjpe=_MM * mean(lambda each: each.distances(choice.joints, metrics.procrustes_aligned)),
        mpjve=_MM * mean(lambda each: each.velocity_errors()),
        jitter=_MM * mean(lambda each: each.jolts(2)),
        jerk=_MM * mean(lambda each: each.jolts(3)),
        bones=mean(lambda each: each.bone_variation()),
        pck=mean(lambda each: each.correct(choice.pck_joints)),
        auc=mean(lambda each: each.areas(choice.pck_joints)),
    )


def mean_scores(rows: Sequence[Scores]) -> Scores:
    """The mean over videos, people or actions, each counting the same; frames are added up."""
    values = {field.name: [getattr(row, field.name) for row in rows] for field in fields(Scores)}
    frames, missing = sum(values.pop("frames")), sum(values.pop("missing"))
    means = {name: mean_of_known(each) for name, each in values.items()}
    return Scores(frames, missing, **means)


def at_rate(poses: Poses, time_s: NDArray[np.floating], rate: float = MOTION_RATE) -> Poses:
    """Bring poses (N, J, 3) to a regular rate: (M, J, 3), NaN where there was no pose.

    A moment between two frames is on the straight line between them, and unknown if either is, or
    if they are more than a tenth of a second apart.  Frames that come at about that rate are left
    as they are.
    """
    steps = np.diff(time_s)
    if len(time_s) < 2 or (np.abs(steps * rate - 1) < _SAME_RATE).all():
        return poses
    count = int((time_s[-1] - time_s[0]) * rate + _SAME_MOMENT) + 1
    wanted = time_s[0] + np.arange(count) / rate
    lower = np.clip(np.searchsorted(time_s, wanted, side="right") - 1, 0, len(time_s) - 2)
    share = (wanted - time_s[lower]) / steps[lower]
    nearest = lower + np.round(share).astype(np.intp)
    between = poses[lower] + share[:, None, None] * (poses[lower + 1] - poses[lower])
    between[steps[lower] > _LONGEST_STEP_S] = np.nan
    # A pose at that very moment needs no neighbour: every second of 60 frames/s, for one.
    exact = np.abs(share - np.round(share)) < _SAME_MOMENT
    at: Poses = np.where(exact[:, None, None], poses[nearest], between)
    return at


@dataclass(frozen=True)
class _Choice:
    joints: list[int]
    pck_joints: list[int]
    root: list[int]


@dataclass(frozen=True)
class _Scored:
    """A take's scored frames, and its movement at 30 frames/s."""

    predicted: Poses
    true: Poses
    missing: int
    moving: tuple[Poses, Poses]

    @staticmethod
    def of(take: Take, choice: _Choice) -> _Scored:
        predicted, true = (
            poses - poses[:, choice.root].mean(axis=1, keepdims=True)
            for poses in (take.predicted, take.true)
        )
        given, annotated = (
            np.isfinite(poses[:, choice.joints]).all(axis=(1, 2)) for poses in (predicted, true)
        )
        scored = annotated & given
        hidden = ~scored[:, None, None]
        moving = [
            at_rate(np.where(hidden, np.nan, poses)[:, choice.joints], np.asarray(take.time_s))
            for poses in (predicted, true)
        ]
        missing = int((annotated & ~given).sum())
        return _Scored(predicted[scored], true[scored], missing, (moving[0], moving[1]))

    def distances(
        self, joints: list[int], align: Callable[[Poses, Poses], Poses] | None = None
    ) -> NDArray[np.floating]:
        predicted, true = self.predicted[:, joints], self.true[:, joints]
        if align is not None and len(predicted):
            predicted = align(predicted, true)
        return np.asarray(np.linalg.norm(predicted - true, axis=-1))

    def velocity_errors(self) -> NDArray[np.floating]:
        predicted, true = self.moving
        return _known(np.linalg.norm(np.diff(predicted, axis=0) - np.diff(true, axis=0), axis=-1))

    def jolts(self, order: int) -> NDArray[np.floating]:
        """Norms of the prediction's differences of that order."""
        return _known(np.linalg.norm(np.diff(self.moving[0], n=order, axis=0), axis=-1))

    def bone_variation(self) -> NDArray[np.floating]:
        """Once for every frame, so that long takes count more."""
        if not len(self.predicted):
            return np.empty(0)
        return np.full(len(self.predicted), metrics.bone_variation(self.predicted))

    def correct(self, joints: list[int]) -> NDArray[np.floating]:
        """Nearer, not as near: so counts the code that comes with the protocol (Mehta et al.)."""
        return np.asarray(100.0 * (self.distances(joints) < metrics.PCK_THRESHOLD_M))

    def areas(self, joints: list[int]) -> NDArray[np.floating]:
        below = self.distances(joints)[..., None] < metrics.AUC_THRESHOLDS_M
        return np.asarray(100.0 * below.mean(axis=-1))


def _known(values: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.asarray(values[np.isfinite(values)])


def mean_of_known(values: ArrayLike) -> float:
    """The mean of those that are finite; NaN if none is."""
    known = _known(np.asarray(values, np.float64))
    return float(known.mean()) if known.size else float("nan")
