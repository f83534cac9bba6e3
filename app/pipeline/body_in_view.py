"""How much of a person is in view, from the keypoints of the last second."""

from __future__ import annotations

from collections import Counter, deque
from typing import Final

import numpy as np

from app.packets import Keypoints2D
from app.pipeline.status import BodyInView
from models.skeleton import JOINT
from models.visibility import SEEN

SPAN_S: Final = 1.0
_MOST: Final = 128
_HIPS: Final = [JOINT["left_hip"], JOINT["right_hip"]]
_LEGS: Final = [JOINT[f"{side}_{part}"] for side in ("left", "right") for part in ("knee", "ankle")]


def judge_body_in_view(keypoints: Keypoints2D) -> BodyInView:
    """Classify one frame.

    The hips decide first, because every pose is relative to the pelvis: the detector extrapolates
    unseen hips, so hips beyond the picture's edge mean that the person is too close, and hips
    hidden inside the picture (behind a desk) do not.
    """
    if not keypoints.tracked:
        return BodyInView.NOBODY
    if (keypoints.conf[_HIPS] < SEEN).any() and _beyond_edge(keypoints):
        return BodyInView.TOO_CLOSE
    if (keypoints.conf[_HIPS] < SEEN).any() or (keypoints.conf[_LEGS] < SEEN).all():
        return BodyInView.UPPER_BODY
    return BodyInView.WHOLE


def _beyond_edge(keypoints: Keypoints2D) -> bool:
    hips = keypoints.xy[_HIPS]
    return bool(((hips < 0) | (hips >= np.asarray(keypoints.size))).any())


class BodyInViewFilter:
    """The most frequent result over the last second, robust against single bad frames."""

    def __init__(self) -> None:
        self._judged: deque[tuple[float, BodyInView]] = deque(maxlen=_MOST)

    def add(self, keypoints: Keypoints2D) -> BodyInView:
        """Add the next frame and return the most frequent result."""
        now = keypoints.detected_at
        self._judged.append((now, judge_body_in_view(keypoints)))
        while now - self._judged[0][0] > SPAN_S:
            self._judged.popleft()
        return Counter(view for _, view in self._judged).most_common(1)[0][0]
