"""Picture in, table out: the performer's film through the whole program, against its exact 3D.

Everything is real: a video file, the detector, the shipped weights, the command a user types, and
the CSV read back as a stranger would read it.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from app.synthetic.performer.source import PerformerSource
from models.metrics import mpjpe, p_mpjpe
from models.skeleton import BONES, JOINT, JOINT_NAMES, MIRROR, PELVIS
from tests.support.clips import write_clip
from tests.support.program import Program

pytestmark = pytest.mark.timeout(400)
FRAMES = 70
"""Seven seconds: waving with the left hand, then walking a circle."""
RATE = 10


@dataclass(frozen=True)
class Lifted:
    """A table beside the truth."""

    cells: list[dict[str, str]]
    sidecar: dict[str, object]
    xyz: NDArray[np.float64]
    """(N, 17, 3) metres as they stand in the table (y up, z to the camera); NaN for empty cells."""
    truth: NDArray[np.float64]
    """(N, 17, 3) metres in the table's axes, relative to the pelvis."""


@pytest.fixture(scope="module")
def lifted(tmp_path_factory: pytest.TempPathFactory) -> Lifted:
    folder = tmp_path_factory.mktemp("end_to_end")
    with PerformerSource((640, 480), RATE, duration_s=FRAMES / RATE) as source:
        pictures = []
        while (frame := source.read()) is not None:
            pictures.append(frame.image)
        truth = np.stack([source.truth(index) for index in range(FRAMES)])
    film = write_clip(folder / "performer.mp4", pictures, RATE)
    table = folder / "performer.csv"
    lift = ("lift", "--detector", "full", "--jobs", "1")
    ended = Program(folder).call(*lift, film, "-o", table)
    assert ended.code == 0, ended
    with table.open(newline="", encoding="utf-8") as file:
        cells = list(csv.DictReader(file))
    axes = np.array([1.0, -1.0, -1.0])
    return Lifted(
        cells,
        json.loads((folder / "performer.csv.json").read_text(encoding="utf-8")),
        np.array([[_point(row, name) for name in JOINT_NAMES] for row in cells]),
        (truth - truth[:, PELVIS : PELVIS + 1]) * axes,
    )


def _point(row: dict[str, str], joint: str) -> list[float]:
    return [float(row[f"{joint}_{axis}"] or "nan") for axis in "xyz"]


def test_every_frame_has_its_row_and_time(lifted: Lifted) -> None:
    assert [int(row["frame"]) for row in lifted.cells] == list(range(FRAMES))
    times = [float(row["time_s"]) for row in lifted.cells]
    np.testing.assert_allclose(times, np.arange(FRAMES) / RATE, atol=1e-4)
    assert all(row["tracked"] == "1" for row in lifted.cells)
    assert lifted.sidecar["source"] == "performer.mp4"
    assert lifted.sidecar["dropped"] == 0


def test_a_person_in_full_view_leaves_hardly_a_cell_empty(lifted: Lifted) -> None:
    assert np.isnan(lifted.xyz).mean() < 0.02


def test_poses_are_within_60_mm_of_the_truth(lifted: Lifted) -> None:
    whole = np.isfinite(lifted.xyz).all(axis=(1, 2))
    assert whole.mean() > 0.8
    error_mm = 1000 * p_mpjpe(lifted.xyz[whole], lifted.truth[whole])
    mirrored_mm = 1000 * p_mpjpe(lifted.xyz[whole][:, MIRROR], lifted.truth[whole])
    assert error_mm <= 60.0
    assert mirrored_mm > 1.5 * error_mm, "left and right must matter to this test"


def test_axes_are_what_the_sidecar_says_without_any_alignment(lifted: Lifted) -> None:
    whole = np.isfinite(lifted.xyz).all(axis=(1, 2))
    xyz, truth = lifted.xyz[whole], lifted.truth[whole]
    scaled = xyz * (np.linalg.norm(truth) / np.linalg.norm(xyz))
    assert 1000 * mpjpe(scaled, truth) < 150
    for wrong in ((-1, 1, 1), (1, -1, 1), (1, -1, -1)):
        assert mpjpe(scaled * wrong, truth) > mpjpe(scaled, truth)


def test_a_raised_left_arm_is_a_raised_left_arm(lifted: Lifted) -> None:
    raised = lifted.truth[:, JOINT["left_wrist"], 1] > lifted.truth[:, JOINT["head"], 1] + 0.1
    assert raised.sum() > 20, "the performer waves with the left hand"
    found = lifted.xyz[raised]
    assert (found[:, JOINT["left_wrist"], 1] > found[:, JOINT["head"], 1]).mean() > 0.95
    assert (found[:, JOINT["right_wrist"], 1] < found[:, JOINT["head"], 1]).mean() > 0.95


def test_bones_keep_their_length_and_are_the_same_on_both_sides(lifted: Lifted) -> None:
    parents, joints = np.array(BONES).T
    length = np.linalg.norm(lifted.xyz[:, joints] - lifted.xyz[:, parents], axis=-1)
    spread = np.nanstd(length, axis=0) / np.nanmean(length, axis=0)
    of = dict(zip(joints.tolist(), np.nanmean(length, axis=0).tolist(), strict=True))
    for name in ("left_knee", "left_ankle", "left_elbow", "left_wrist"):
        left, right = of[JOINT[name]], of[MIRROR[JOINT[name]]]
        assert left == pytest.approx(right, rel=0.15), name
    assert np.median(spread) < 0.15
