"""Scores of whole takes, with missing frames and different frame rates.

A frame without a pose (a row with NaN) is counted as missing and not scored; errors and missing
frames must be read together.  Position errors are computed on the frames as they are.  Motion is
compared at 30 frames per second: takes at another rate, both prediction and truth, are resampled by
linear interpolation.
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
"""Frames per second of MPJVE, jitter and jerk."""
ALL_JOINTS: Final = tuple(range(JOINT_COUNT))

_SAME_RATE: Final = 0.1
"""Relative tolerance within which an interval counts as one frame: a webcam's are never exact."""
_LONGEST_STEP_S: Final = 0.1
"""Frames further apart than this are not interpolated: the movement between them is unknown."""
_SAME_MOMENT: Final = 1e-4
"""Fraction of the step between two frames below which a time counts as that of a frame."""
_MM: Final = 1000.0


@dataclass(frozen=True)
class Take:
    """Continuous poses of one person."""

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
    """mm, like all position errors."""
    n_mpjpe: float
    p_mpjpe: float
    mpjve: float
    """mm/frame at 30 frames/s."""
    jitter: float
    """mm/frame^2 at 30 frames/s."""
    jerk: float
    """mm/frame^3 at 30 frames/s."""
    bones: float
    """Variation of bone lengths, in per cent."""
    pck: float
    """Percentage within 150 mm."""
    auc: float
    """In per cent."""

    @property
    def missing_share(self) -> float:
        """Fraction of the annotated frames without a pose."""
        return self.missing / max(1, self.frames + self.missing)


def score(
    takes: Iterable[Take],
    joints: Sequence[int] = ALL_JOINTS,
    pck_joints: Sequence[int] | None = None,
    root: Sequence[int] = (PELVIS,),
) -> Scores:
    """Score takes together, with equal weight for every frame.

    Args:
        takes: any number of takes.
        joints: which of the 17 are scored.
        pck_joints: the joints of PCK and AUC, if a protocol uses others for these.
        root: the joints whose mean is subtracted first, in prediction and truth.
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
    """Return the unweighted mean over videos, people or actions; frame counts are summed."""
    values = {field.name: [getattr(row, field.name) for row in rows] for field in fields(Scores)}
    frames, missing = sum(values.pop("frames")), sum(values.pop("missing"))
    means = {name: mean_of_known(each) for name, each in values.items()}
    return Scores(frames, missing, **means)


def at_rate(poses: Poses, time_s: NDArray[np.floating], rate: float = MOTION_RATE) -> Poses:
    """Resample poses (N, J, 3) to a regular rate: (M, J, 3), NaN where there was no pose.

    Between two frames poses are interpolated linearly; the result is unknown if either frame is, or
    if they are more than a tenth of a second apart.  Poses that already have about that rate are
    returned unchanged.
    """
    steps = np.diff(time_s)
    if len(time_s) < 2 or (np.abs(steps * rate - 1) < _SAME_RATE).all():
        return poses
    count = int((time_s[-1] - time_s[0]) * rate + _SAME_MOMENT) + 1
    wanted = time_s[0] + np.arange(count) / rate
    lower = np.clip(np.searchsorted(time_s, wanted, side="right") - 1, 0, len(time_s) - 2)
    fraction = (wanted - time_s[lower]) / steps[lower]
    nearest = lower + np.round(fraction).astype(np.intp)
    between = poses[lower] + fraction[:, None, None] * (poses[lower + 1] - poses[lower])
    between[steps[lower] > _LONGEST_STEP_S] = np.nan
    # A frame at exactly that time needs no neighbour, for example every second one at 60 frames/s.
    exact = np.abs(fraction - np.round(fraction)) < _SAME_MOMENT
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
        estimated, annotated = (
            np.isfinite(poses[:, choice.joints]).all(axis=(1, 2)) for poses in (predicted, true)
        )
        scored = annotated & estimated
        ignored = ~scored[:, None, None]
        moving = [
            at_rate(np.where(ignored, np.nan, poses)[:, choice.joints], np.asarray(take.time_s))
            for poses in (predicted, true)
        ]
        missing = int((annotated & ~estimated).sum())
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
        """Return the norms of the prediction's differences of that order."""
        return _known(np.linalg.norm(np.diff(self.moving[0], n=order, axis=0), axis=-1))

    def bone_variation(self) -> NDArray[np.floating]:
        """Return the take's value once per frame, so that takes are weighted by their length."""
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
    """Return the mean of the finite values; NaN if there are none."""
    known = _known(np.asarray(values, np.float64))
    return float(known.mean()) if known.size else float("nan")
