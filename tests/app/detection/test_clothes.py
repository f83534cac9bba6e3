"""Colours of clothes."""

from __future__ import annotations

import cv2
import numpy as np

from app.detection.clothes import cielab


def test_colours_are_those_of_opencv() -> None:
    colours = np.random.default_rng(0).integers(0, 256, (500, 3), np.uint8)
    theirs = cv2.cvtColor(colours[None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0]
    np.testing.assert_allclose(cielab(colours), theirs, atol=1.0)
    np.testing.assert_allclose(
        cielab(np.array([[255, 255, 255]], np.uint8)), [[100, 0, 0]], atol=0.01
    )
