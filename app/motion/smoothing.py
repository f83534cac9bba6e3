"""Zero-lag low-pass smoothing of motion, with its cut-off frequency in hertz.

A second-order Butterworth filter runs forward and backward over every segment of frames: together
fourth order and without delay, as is usual in movement laboratories (Winter, Biomechanics and Motor
Control of Human Movement, 4th ed., 2009, section 3.5).  It needs evenly spaced frames.  Unevenly
spaced ones are smoothed by a cubic smoothing spline with the same response (Woltring, Adv. Eng.
Software 8, 1986).  Resampling instead would distort: linear interpolation between frames is itself
a low-pass filter, by which 4 Hz in frames 20 to 50 ms apart came out at 66 % instead of 71 %.
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
"""Order of one pass of the filter."""
_TWO_PASSES: Final = (2**0.5 - 1) ** (1 / (2 * ORDER))
"""Winter's correction of the cut-off: two passes attenuate by 6 dB where one attenuates by 3 dB."""
_MAX_CUTOFF: Final = 0.45
"""Fraction of the frame rate above which a cut-off has no effect: frames hold no motion above half
their rate (the Nyquist frequency)."""
_SAME_RATE: Final = 0.1
"""Relative deviation up to which intervals count as even: a webcam's are never exactly even."""
_PADDING: Final = 1.5
"""Padding of a segment at its ends, point-reflected at the end points, in periods of the cut-off;
after that time the filter's initial state has decayed."""


def smooth(
    values: NDArray[np.floating],
    known: NDArray[np.bool_],
    time_s: NDArray[np.float64],
    cutoff_hz: float,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Smooth N frames of J points, each segment in which a point is known separately.

    Args:
        values: (N, J, D) coordinates, any unit; unknown ones may be NaN.
        known: (N, J); a segment ends where its point is not known and at a gap in time.
        time_s: (N,) strictly increasing seconds, at any rate.
        cutoff_hz: frequency at which the amplitude of a movement is reduced to 71 % (3 dB).

    Returns:
        (N, J, D) smoothed coordinates, unchanged where they are not known; and (N, J) whether a
        value was smoothed: a segment of one frame, or of a frame rate too low for the cut-off, is
        left unchanged.

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
    """Yield runs of frames without a gap, with the indices of the points known in that run."""
    gaps = (np.flatnonzero(np.diff(time_s) > LONGEST_GAP_S) + 1).tolist()
    runs: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for start, end in zip([0, *gaps], [*gaps, len(time_s)], strict=True):
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
    """Smooth (M, P, D) values at (M,) seconds, all known; None if they cannot be smoothed."""
    if len(time_s) < 2:
        return None
    rate = 1.0 / float(np.median(np.diff(time_s)))
    if cutoff_hz >= _MAX_CUTOFF * rate:
        return None
    if (np.abs(np.diff(time_s) * rate - 1.0) < _SAME_RATE).all():
        return _butterworth(values, (len(time_s) - 1) / float(time_s[-1] - time_s[0]), cutoff_hz)
    return _spline(values, time_s, cutoff_hz)


def _butterworth(values: NDArray[np.float64], rate: float, cutoff_hz: float) -> NDArray[np.float64]:
    padding = min(len(values) - 1, int(np.ceil(_PADDING * rate / cutoff_hz)))
    sections = _filter(cutoff_hz, round(rate, 4))
    return np.asarray(sosfiltfilt(sections, values, axis=0, padtype="odd", padlen=padding))


def _spline(
    values: NDArray[np.float64], time_s: NDArray[np.float64], cutoff_hz: float
) -> NDArray[np.float64]:
    """Smooth (M, P, D) values at (M >= 3,) seconds by a cubic smoothing spline.

    The spline minimises the integral of its squared distance from the values plus ``stiffness``
    times its squared acceleration.  Its response is 1 / (1 + stiffness (2 pi f)^4), as that of the
    filter applied twice.  Solved for the accelerations at the frames (Reinsch, Numer.
    Math. 10, 1967).
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


@lru_cache(maxsize=16)  # a flickering joint makes a thousand segments of one rate
def _filter(cutoff_hz: float, rate: float) -> NDArray[np.float64]:
    """Return the second-order sections of one pass.

    The cut-off is corrected on the frequency axis of the bilinear transform, so that both passes
    together attenuate by exactly 3 dB at the cut-off.
    """
    corrected = np.arctan(np.tan(np.pi * cutoff_hz / rate) / _TWO_PASSES) * rate / np.pi
    return np.asarray(butter(ORDER, corrected, fs=rate, output="sos"))
