"""A clip turned in the picture: what is turned is turned alike, and lifted back to where it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.errors import SourceError
from app.lab.evaluation.methods import Ours
from app.lab.evaluation.turned import (
    TURNS_DEG,
    about_axis,
    in_turned_picture,
    turned_picture,
    turned_study,
)
from models.lifter import Lifter
from tests.support.evaluation import walking_footage


@pytest.mark.parametrize("degrees", [0, 60, 90, 150, 180, -30])
def test_pictures_and_joints_are_turned_alike(degrees: float) -> None:
    image = np.zeros((120, 160, 3), np.uint8)
    image[30:33, 140:143] = 255  # around the pixel at 141.5, 31.5
    square = turned_picture(image, degrees)
    side = square.shape[0]
    assert square.shape == (200, 200, 3)
    footage = walking_footage(2)
    xy = np.full_like(footage.xy, [141.5 + 20, 31.5 + 40])
    seen = in_turned_picture(replace(footage, xy=xy, size=(200, 200)), degrees)
    rows, columns = np.nonzero(square[..., 0] > 100)
    middle = np.array([columns.mean(), rows.mean()]) + 0.5
    assert seen.xy[0, 0] == pytest.approx(middle, abs=0.7)
    assert seen.size == (side, side)


def test_the_detectors_3d_is_turned_with_the_joints() -> None:
    footage = walking_footage(3)
    assert footage.world is not None
    quarter = in_turned_picture(footage, 90)
    assert quarter.world is not None
    x, y, z = np.moveaxis(footage.world, -1, 0)
    np.testing.assert_allclose(quarter.world, np.stack([-y, x, z], axis=-1), atol=1e-12)
    np.testing.assert_allclose(quarter.world @ about_axis(90, 3), footage.world, atol=1e-12)
    back = in_turned_picture(quarter, -90)
    np.testing.assert_allclose(back.xy, footage.xy, atol=1e-3)


@pytest.mark.slow
def test_the_performer_is_lifted_any_way_up() -> None:
    notes: list[str] = []
    ours = [Ours("w", Lifter(device="cpu"))]
    rows = turned_study("performer", 0.5, ours, "lite", notes.append)
    assert [(row.on, row.method, row.degrees) for row in rows] == [
        ("Performer", "w", degrees) for degrees in TURNS_DEG
    ]
    assert len(notes) == 5
    assert all(row.joints_mm < 12 for row in rows)
    found = [row for row in rows if row.somebody > 0.5]
    assert found, "the detector finds people who lie"
    assert all(0 < row.pictures_mm < 120 for row in found)


def test_a_clip_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"no film")
    with pytest.raises(SourceError):
        turned_study(str(tmp_path / "broken.mp4"), 1.0, [], "lite", lambda _: None)
