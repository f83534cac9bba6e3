"""Chooses the detector's model size by its measured speed in the first seconds."""

from __future__ import annotations

import os
import statistics
from typing import Final

from app.detection.models import FOR_LIVE, Size
from app.packets import Frame, Keypoints2D

_MEASURED_S: Final = 2.5
_MEASURED: Final = 12
"""Pictures that must have been looked at as well: a slow machine takes few."""
_TOO_SLOW: Final = 0.9
"""Of the time from one picture to the next: decoding and keeping the picture need the rest."""
_EASY: Final = 0.6
_MANY_CORES: Final = 4
"""The network, the window and the drawing have theirs beside the detector's."""
_LARGER_COSTS: Final = 3.0
"""One picture takes ``heavy`` so many times as long as ``full`` (50.7 and 17.0 ms on one core)."""


class DetectorChoice:
    """Measures the model ``full`` and decides once."""

    def __init__(self, cores: int | None = None) -> None:
        self.size: Size = FOR_LIVE
        """The one to use."""
        self._cores = cores or os.cpu_count() or 1
        self._decided = False
        self._took_s: list[float] = []
        self._intervals_s: list[float] = []
        self._last: tuple[float, int] | None = None

    def add(self, frame: Frame, keypoints: Keypoints2D, took_s: float, *, dropped: int) -> None:
        """Note how long ``full`` took with a picture; ``dropped`` so far by the source.

        Pictures without a person say nothing: most of the work is not done on them.
        """
        if self._decided or not keypoints.tracked:
            return
        came = frame.index + dropped
        if self._last is not None:
            step_s, pictures = frame.time_s - self._last[0], came - self._last[1]
            if step_s > 0 and pictures > 0:  # a video may be moved back
                self._took_s.append(took_s)
                self._intervals_s.append(step_s / pictures)
        self._last = frame.time_s, came
        if len(self._took_s) >= _MEASURED:
            self._decide()

    def _decide(self) -> None:
        took_s, interval_s = (statistics.median(x) for x in (self._took_s, self._intervals_s))
        if len(self._took_s) * max(took_s, interval_s) < _MEASURED_S:
            return
        if took_s > _TOO_SLOW * interval_s:
            self.size = "lite"
        elif self._cores >= _MANY_CORES and _LARGER_COSTS * took_s < _EASY * interval_s:
            self.size = "heavy"
        self._decided = True
