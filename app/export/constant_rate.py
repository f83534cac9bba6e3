"""Poses at a constant rate, for formats without timestamps: TRC and C3D.

Frames at a constant rate are used unchanged.  Otherwise, or if another rate is requested, poses are
interpolated linearly in time, at the requested rate or at the one chosen by :func:`_choose`, which
is the stated one or a usual one.  Interpolation is only between two frames of one person that both
have the joint and are at most half a second apart, as in :func:`models.visibility.bridge`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.errors import ExportError
from app.motion.data import MotionData
from models.skeleton import JOINT_COUNT
from models.timing import LONGEST_GAP_S

_SAME_TIME_S: Final = 1e-3
"""Containers round to milliseconds, in which a moving hand covers a few millimetres."""
_RATE_OF_ONE_FRAME: Final = 30.0
_FASTEST: Final = 500.0
"""If frames come in bursts, their intervals, and so the typical rate, are meaningless."""
_WINDOW: Final = 30
"""Steps, about a second, over which the rounding of containers to milliseconds is negligible."""
USUAL_RATES: Final = (
    *(1, 2, 5, 8, 10, 12, 12.5, 15, 20, 24000 / 1001, 24, 25, 30000 / 1001, 30, 48, 50),
    *(60000 / 1001, 60, 90, 100, 120, 240),
)
"""Standard frame rates of videos, cameras and programs."""
_FAST_SHARE: Final = 0.95
_LIKE_FAST: Final = 0.97
_MOST_SAMPLES: Final = 4_000_000
"""37 hours at 30 frames/s, 1.6 GB.  Damaged timestamps could require any number."""


@dataclass(frozen=True, slots=True, eq=False)
class ConstantRateMotion:
    """M samples at ``rate``; the first at 0 s."""

    rate: float
    resampled: bool
    """False: sample k is frame k of the source."""
    xyz: NDArray[np.float64]
    """(M, 17, 3) metres, x right, y up, z toward the camera; NaN where missing."""
    seen: NDArray[np.bool_]
    """(M, 17) joints seen in all frames of which the sample was made."""
    feet: NDArray[np.float64]
    """(M, 4, 3) heels and toes in the same axes; NaN where they are not known."""
    feet_seen: NDArray[np.bool_]
    """(M, 4) heels and toes detected in all frames of which the sample was made."""

    @property
    def everything(self) -> NDArray[np.float64]:
        """(M, 21, 3) joints, heels and toes."""
        return np.concatenate([self.xyz, self.feet], axis=1)

    @property
    def about(self) -> dict[str, object]:
        """Its description in the sidecar."""
        return {
            "method": "straight lines in time" if self.resampled else "none",
            "rate": self.rate,
            "longest_line_s": LONGEST_GAP_S,
        }


def at_constant_rate(data: MotionData, fps: float | None = None) -> ConstantRateMotion:
    """Resample ``data`` to a constant rate, ``fps`` if given.

    Raises ExportError if there are no frames, or their times jump too far.
    """
    if not len(data.frame):
        raise ExportError("There are no frames, and this format cannot be empty. Export a table.")
    rate, kept = _choose(data) if fps is None else (fps, _keeps(data, fps))
    feet, feet_conf = data.output_feet()
    told = np.isfinite(feet_conf)
    xyz = np.concatenate([data.output()[0], feet], axis=1)
    if kept:
        return ConstantRateMotion(rate, False, xyz[:, :JOINT_COUNT], data.seen, feet, told)
    if data.time_s[-1] * rate > _MOST_SAMPLES:
        raise ExportError(
            f"The frames' times leap: {len(data.frame):,} frames are spread over "
            f"{data.time_s[-1] / 3600:,.0f} hours, too many for a format of constant rate. "
            "Export a table, which has each frame's own time."
        )
    time_s = np.arange(int(data.time_s[-1] * rate + 1e-6) + 1) / rate
    before = np.clip(np.searchsorted(data.time_s, time_s, "right") - 1, 0, len(data.frame) - 2)
    between = data.time_s[before + 1] - data.time_s[before]
    share = (time_s - data.time_s[before]) / between
    # A sample at the time of a frame is that frame, unchanged.
    off = np.minimum(share, 1.0 - share) * between > 1e-6
    first = np.where(~off & (share > 0.5), before + 1, before)
    second = np.where(off, before + 1, first)
    share = np.where(off, share, 0.0)[:, None, None]
    result = xyz[first] + share * (xyz[second] - xyz[first])
    last = np.zeros(len(data.frame), bool)
    last[[each.stop - 1 for each in data.people]] = True
    result[off & ((between > LONGEST_GAP_S) | last[before])] = np.nan
    feet = result[:, JOINT_COUNT:]
    result = result[:, :JOINT_COUNT]
    seen = data.seen[first] & data.seen[second] & np.isfinite(result[..., 0])
    told = told[first] & told[second] & np.isfinite(feet[..., 0])
    return ConstantRateMotion(rate, True, result, seen, feet, told)


def _choose(data: MotionData) -> tuple[float, bool]:
    """Choose the rate; also returns whether the frames have it already.

    A rate that the frames keep is best: the stated one, else a standard one, else the measured one.
    Otherwise it is the stated one if the frames typically come at that rate or at half of it
    (cameras do in the dark), else the standard rate nearest to the typical one, which other
    programs support: a camera at about 20 frames/s gives 20, not 19.87.  The mean would be too low
    by every gap, and is what containers state.
    """
    stated, measured = data.provenance.nominal_rate, data.effective_rate
    if measured is None:
        return stated or _RATE_OF_ONE_FRAME, True
    for rate in (stated, usual_rate(measured), measured):
        if rate and _keeps(data, rate):
            return rate, True
    typical = _typical(data.time_s)
    if stated and 0.9 * typical <= stated <= 2.2 * typical:
        return stated, False
    return usual_rate(typical if typical <= _FASTEST else measured), False


def usual_rate(rate: float) -> float:
    """The nearest of :data:`USUAL_RATES` by ratio; ``rate`` itself if outside their range."""
    nearest = min(USUAL_RATES, key=lambda usual: abs(np.log(usual / rate)))
    return nearest if USUAL_RATES[0] / 2 < rate < USUAL_RATES[-1] * 2 else rate


def _keeps(data: MotionData, rate: float) -> bool:
    """Whether frame k is at k / ``rate`` seconds, up to the rounding of containers."""
    off = np.abs(data.time_s - np.arange(len(data.time_s)) / rate)
    return bool(off.max() <= _SAME_TIME_S)


def _typical(time_s: NDArray[np.float64]) -> float:
    """Return the rate at which frames come for at least a second, in the fast part of a video.

    A phone that records at 30 frames/s goes down to 7.5 in the dark.
    """
    usual = float(1.0 / np.median(np.diff(time_s)))
    if usual > _FASTEST or len(time_s) <= 2 * _WINDOW:
        return usual
    rates = _WINDOW / (time_s[_WINDOW:] - time_s[:-_WINDOW])
    fast = np.quantile(rates, _FAST_SHARE)
    return float(np.median(rates[rates >= _LIKE_FAST * fast]))
