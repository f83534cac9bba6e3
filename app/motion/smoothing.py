"""Zero-lag low-pass smoothing of motion, with its cut-off frequency in hertz.

A Butterworth filter of second order runs forward and backward over every stretch of frames:
together of fourth order and without delay, as movement laboratories do it (Winter, Biomechanics and
Motor Control of Human Movement, 4th ed., 2009, section 3.5).  It needs even frames.  Where they are
not, the cubic smoothing spline takes its place, which has the same response (Woltring, Adv. Eng.
Software 8, 1986).  To resample instead would cost: the straight lines between frames are a low-pass
of their own, by which 4 Hz in frames 20 to 50 ms apart came out at 66 % instead of 71.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded
from scipy.signal import butter, sosfiltfilt

from models.timing import LONGEST_GAP_S

ORDER: Final = 2
"""Of one pass."""
_TWO_PASSES: Final = (2**0.5 - 1) ** (1 / (2 * ORDER))
"""Twice through a filter is 6 dB down where once is 3 dB; Winter's correction of the cut-off."""
_ROOM: Final = 0.45
"""Share of the frame rate above which a cut-off has nothing to cut: at half of it all motion that
frames can hold ends."""
_SAME_RATE: Final = 0.1
"""Intervals this close to each other, relatively, are even: a webcam's are never exact."""
_REACH: Final = 1.5
"""Periods of the cut-off by which a stretch is continued at its ends, mirrored at its end points;
after that long the filter has forgotten how it began."""


def smooth(
    values: NDArray[np.floating],
    known: NDArray[np.bool_],
    time_s: NDArray[np.float64],
    cutoff_hz: float,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Smooth N frames of J points, each stretch in which a point is known by itself.

    Args:
        values: (N, J, D) coordinates, any unit; those that are not known may be NaN.
        known: (N, J); a stretch ends where its point is not known and at a hole in time.
        time_s: (N,) strictly increasing seconds, at any rate.
        cutoff_hz: where the amplitude of a movement is down to 71 % (3 dB).

    Returns:
        (N, J, D) smoothed coordinates, the given ones where nothing is known; and (N, J) whether a
        value was smoothed: a stretch of one frame, or of frames too slow to hold movements as fast
        as the cut-off, is left as it is.

    Raises:
        ValueError: the cut-off is not a positive number.
    """
    if not cutoff_hz > 0:
        raise ValueError(f"the cut-off must be above 0 Hz, not {cutoff_hz}")
    result = np.array(values, np.float64)
    done = np.zeros_like(known)
    for frames, points in segments(known, time_s):
        smoothed = _smooth_segment(result[frames][:, points], time_s[frames], cutoff_hz)
        if smoothed is not None:
            result[frames, points] = smoothed
            done[frames, points] = True
    return result, done


def segments(
    known: NDArray[np.bool_], time_s: NDArray[np.float64]
) -> Iterator[tuple[slice, NDArray[np.intp]]]:
    """Runs of frames without a hole, with the points (indices) known in exactly that run."""
    holes = (np.flatnonzero(np.diff(time_s) > LONGEST_GAP_S) + 1).tolist()
    runs: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for start, end in zip([0, *holes], [*holes, len(time_s)], strict=True):
        edges = np.diff(known[start:end].astype(np.int8), axis=0, prepend=0, append=0)
        for point in range(known.shape[1]):
            begins, ends = (np.flatnonzero(edges[:, point] == sign).tolist() for sign in (1, -1))
            for begin, stop in zip(begins, ends, strict=True):
                runs[start + begin, start + stop].append(point)
    for run, points in runs.items():
        yield slice(*run), np.array(points)


def _smooth_segment(
    values: NDArray[np.float64], time_s: NDArray[np.float64], cutoff_hz: float
) -> NDArray[np.float64] | None:
    """(M, P, D) at (M,) seconds, all known; None if there is nothing to be done."""
    if len(time_s) < 2:
        return None
    rate = 1.0 / float(np.median(np.diff(time_s)))
    if cutoff_hz >= _ROOM * rate:
        return None
    if (np.abs(np.diff(time_s) * rate - 1.0) < _SAME_RATE).all():
        return _butterworth(values, (len(time_s) - 1) / float(time_s[-1] - time_s[0]), cutoff_hz)
    return _spline(values, time_s, cutoff_hz)


def _butterworth(values: NDArray[np.float64], rate: float, cutoff_hz: float) -> NDArray[np.float64]:
    reach = min(len(values) - 1, int(np.ceil(_REACH * rate / cutoff_hz)))
    sections = _filter(cutoff_hz, round(rate, 4))
    return np.asarray(sosfiltfilt(sections, values, axis=0, padtype="odd", padlen=reach))


def _spline(
    values: NDArray[np.float64], time_s: NDArray[np.float64], cutoff_hz: float
) -> NDArray[np.float64]:
    """(M, P, D) at (M >= 3,) seconds: the curve with the least sum of its squared distance from the
    values, over time, and ``stiffness`` times its squared acceleration.

    A sine of that comes out at 1 / (1 + stiffness (2 pi f)^4), as of the filter passed twice.
    Solved for the accelerations at the frames (Reinsch, Numer. Math. 10, 1967).
    """
    stiffness = (2**0.5 - 1) / (2 * np.pi * cutoff_hz) ** 4
    step, weight = np.diff(time_s), np.gradient(time_s)
    before, after = 1 / step[:-1], 1 / step[1:]
    middle = -before - after
    band = np.zeros((3, len(before)))  # its diagonal and the two below
    band[0] = before**2 / weight[:-2] + middle**2 / weight[1:-1] + after**2 / weight[2:]
    band[1, :-1] = middle[:-1] * before[1:] / weight[1:-2] + after[:-1] * middle[1:] / weight[2:-1]
    band[2, :-2] = after[:-2] * before[2:] / weight[2:-2]
    band *= stiffness
    band[0] += (step[:-1] + step[1:]) / 3
    band[1, :-1] += step[1:-1] / 6
    columns = values.reshape(len(values), -1)
    kinks = np.diff(np.diff(columns, axis=0) / step[:, None], axis=0)
    acceleration = solveh_banded(band, kinks, lower=True)
    pull = np.zeros_like(columns)
    for first, share in enumerate((before, middle, after)):
        pull[first : first + len(share)] += share[:, None] * acceleration
    return (columns - stiffness * pull / weight[:, None]).reshape(values.shape)


@lru_cache(maxsize=16)  # a joint that flickers makes a thousand stretches of one rate
def _filter(cutoff_hz: float, rate: float) -> NDArray[np.float64]:
    """Second-order sections of one pass: corrected on the bilinear transform's own axis, so that
    both passes together are 3 dB down at the cut-off exactly."""
    corrected = np.arctan(np.tan(np.pi * cutoff_hz / rate) / _TWO_PASSES) * rate / np.pi
    return np.asarray(butter(ORDER, corrected, fs=rate, output="sos"))
