"""A clip is lifted while the detector is still at work on it."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
import torch

from app.clip import detect_clip, lift_clip
from app.detection.detector import Detector
from app.detection.models import Size
from app.errors import DetectorError
from app.packets import Frame, Keypoints2D
from models.errors import WeightsError
from models.lifter import Lifter
from tests.support.keypoints import keypoints
from tests.support.scripted import ScriptedSource


class Waving(Detector):
    """Takes 10 ms a frame, and finds somebody who waves; fails at frame ``fails_at``."""

    size: Size = "full"

    def __init__(self, fails_at: int | None = None) -> None:
        self.fails_at = fails_at

    def detect(self, frame: Frame) -> Keypoints2D:
        time.sleep(0.01)
        if frame.index == self.fails_at:
            raise DetectorError("failed on purpose")
        place = (400.0, 200.0 + 50 * np.sin(frame.index / 5))
        return keypoints(frame.index, size=frame.size, at={"left_wrist": place})

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def lifter() -> Lifter:
    torch.set_num_threads(1)
    return Lifter(device="cpu", workers=2)


def test_most_of_a_clip_is_lifted_by_the_time_it_is_detected(lifter: Lifter) -> None:
    plain = detect_clip(ScriptedSource(150), Waving())
    found = detect_clip(ScriptedSource(150), Waving(), lifter=lambda: lifter)
    assert not plain.lifted_ahead
    assert len(found.lifted_ahead) >= 3
    np.testing.assert_array_equal(lift_clip(found, lifter).xyz, lift_clip(plain, lifter).xyz)
    assert "lift-ahead" not in [thread.name for thread in threading.enumerate()]


def test_one_core_for_a_clip_is_left_to_the_detector() -> None:
    alone = Lifter(device="cpu", workers=1)
    assert not detect_clip(ScriptedSource(60), Waving(), lifter=lambda: alone).lifted_ahead


def test_a_network_that_cannot_be_loaded_leaves_the_detecting_alone() -> None:
    def broken() -> Lifter:
        raise WeightsError("damaged")

    found = detect_clip(ScriptedSource(40), Waving(), lifter=broken)
    assert len(found.time_s) == 40


def test_a_failing_detector_ends_the_lifting_too(lifter: Lifter) -> None:
    with pytest.raises(DetectorError):
        detect_clip(ScriptedSource(), Waving(fails_at=50), lifter=lambda: lifter)
    assert "lift-ahead" not in [thread.name for thread in threading.enumerate()]
