"""The sizes of the landmark model, and what their visibilities mean."""

from __future__ import annotations

import numpy as np
import pytest

from app.detection.models import MODELS, SIZES, Size, about
from app.detection.person import Person
from models.visibility import CALIBRATION, calibrated

SAID = np.array([0.0, 1e-6, 0.03, 0.3, 0.5, 0.9, 1.0 - 1e-6, 1.0], np.float32)


@pytest.mark.parametrize("size", SIZES)
def test_what_was_said_keeps_its_order_and_its_ends(size: Size) -> None:
    meant = calibrated(SAID, size)
    assert meant.dtype == np.float32
    assert (np.diff(meant) >= 0).all()
    assert meant[0] == 0.0
    assert meant[-1] == 1.0
    np.testing.assert_array_equal(calibrated(SAID.reshape(2, 4), size), meant.reshape(2, 4))


def test_the_log_odds_are_stretched_and_shifted() -> None:
    slope, offset = CALIBRATION["heavy"]
    odds = calibrated(SAID[2:6], "heavy") / (1 - calibrated(SAID[2:6], "heavy"))
    expected = (SAID[2:6] / (1 - SAID[2:6])) ** slope * np.exp(offset)
    np.testing.assert_allclose(odds, expected, rtol=1e-4)


def test_heavy_is_sparing_and_lite_is_not() -> None:
    assert calibrated(np.array(0.3), "heavy") > 0.5 > 0.3 > calibrated(np.array(0.3), "lite")


def test_full_means_what_it_says() -> None:
    np.testing.assert_array_equal(calibrated(SAID, "full"), SAID)


def test_confidences_are_what_is_meant_and_landmarks_what_was_said() -> None:
    landmarks = np.zeros((33, 5), np.float32)
    landmarks[:, 3] = 0.3
    found = Person(landmarks, np.zeros((33, 3), np.float32), "heavy")
    np.testing.assert_allclose(found.conf, calibrated(np.full(17, 0.3), "heavy"))
    np.testing.assert_allclose(found.moved(3, 4).conf, found.conf)
    assert (found.landmarks[:, 3] == np.float32(0.3)).all()


def test_files_are_told_name_size_and_checksum() -> None:
    assert about("lite") == {
        "name": "pose_landmarker_lite",
        "size": "lite",
        "sha256": MODELS["lite"].sha256,
    }
