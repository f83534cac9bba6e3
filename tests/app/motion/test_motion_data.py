"""From a recording or a clip to what exporters are given."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.errors import ExportError
from app.export.registry import export
from app.motion.data import MotionData
from app.motion.processing import process
from app.motion.processing_options import Processing
from app.recording.reader import Recording
from app.recording.rows import HEADER_BYTES, ROW
from models.skeleton import FOOT_PARENTS, MIRROR
from tests.support.motion import ORIGIN, motion
from tests.support.recordings import INFO, MadeUpPoses, packet, poses, record
from tests.support.standing_feet import scene


def test_a_recording_becomes_motion(tmp_path: Path) -> None:
    recording = Recording.open(record(tmp_path, 25, first=100))
    lifted = poses(25)
    recording.save_poses(lifted, {**INFO, "height_m": 1.75})
    data = MotionData.from_recording(Recording.open(recording.path))
    assert data.frame.tolist() == list(range(25))
    np.testing.assert_allclose(data.time_s, np.arange(25) / 30, atol=1e-12)
    np.testing.assert_array_equal(data.xyz, lifted.xyz)
    for row in range(25):
        conf = packet(100 + row).conf
        expected = conf[list(MIRROR)] if lifted.swapped[row] else conf
        np.testing.assert_array_equal(data.conf[row], expected)
        assert bool(data.tracked[row]) is packet(100 + row).tracked
    origin = data.provenance
    assert origin.source == recording.meta.source.label
    assert origin.started_at == recording.started_at
    assert (origin.nominal_rate, origin.dropped, origin.height_m) == (30.0, 2, 1.75)
    assert (origin.weights_name, origin.weights_sha256) == ("test-weights", "ab" * 32)


def test_a_damaged_frame_is_a_hole_in_the_numbers_not_a_shift(tmp_path: Path) -> None:
    path = record(tmp_path, 5)
    with (path / "keypoints.bin").open("r+b") as file:
        file.seek(HEADER_BYTES + 2 * ROW.itemsize + 50)
        file.write(b"\xff\x00\xff\x00")
    recording = Recording.open(path)
    recording.save_poses(poses(4), INFO)
    export(tmp_path / "a.csv", MotionData.from_recording(recording))
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["frame"], row["time_s"]) for row in rows] == [
        ("0", "0.000000"), ("1", "0.033333"), ("3", "0.100000"), ("4", "0.133333"),
    ]  # fmt: skip


def test_a_recording_that_was_not_lifted_says_so(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="has no 3D poses yet"):
        MotionData.from_recording(Recording.open(record(tmp_path, 2)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"time_s": np.array([0.0, 1.0, 1.0])}, "increase"),
        ({"time_s": np.array([0.0, 1.0, np.nan])}, "increase"),
        ({"time_s": np.arange(4.0)}, r"time_s has shape \(4,\)"),
        ({"conf": np.zeros((3, 16), np.float32)}, r"conf has shape \(3, 16\)"),
        ({"xy": np.zeros((2, 17, 2), np.float32)}, r"xy has shape \(2, 17, 2\)"),
        ({"root": np.zeros((3, 2))}, r"root has shape \(3, 2\)"),
        ({"feet": np.zeros((3, 4, 3), np.float32)}, "given together"),
        (
            {"feet": np.zeros((3, 4, 2), np.float32), "feet_conf": np.zeros((3, 4), np.float32)},
            r"feet has shape \(3, 4, 2\)",
        ),
        ({"filled": np.ones((3, 17), bool), "missing": np.ones((3, 17), bool)}, "both"),
        ({"xyz": np.full((3, 17, 3), np.nan, np.float32)}, "xyz is not finite"),
        ({"conf": np.full((3, 17), np.nan, np.float32)}, "conf is not finite"),
    ],
)
def test_what_cannot_be_right_is_refused(change: dict[str, np.ndarray], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replace(motion(3), **change)


def test_what_was_not_seen_may_be_anything() -> None:
    data = motion(3)
    xyz, conf = data.xyz.copy(), data.conf.copy()
    xyz[data.missing] = np.nan
    conf[~data.seen] = np.nan
    assert replace(data, xyz=xyz, conf=conf).effective_rate == pytest.approx(25.0)


def test_the_2d_follows_the_repair_of_left_and_right(tmp_path: Path) -> None:
    recording = Recording.open(record(tmp_path, 25))
    lifted = poses(25)
    assert lifted.swapped.any()
    assert not lifted.swapped.all()
    recording.save_poses(lifted, INFO)
    data = MotionData.from_recording(recording)
    seen = recording.keypoints.xy
    for row in range(25):
        expected = seen[row][list(MIRROR)] if lifted.swapped[row] else seen[row]
        np.testing.assert_array_equal(data.xy[row], expected)
    assert data.size == recording.size


def test_motion_placed_in_the_room_leaves_from_there() -> None:
    data = motion(3)
    turn = np.array([[0.0, 0.0, 1.0], [0.0, -1.0, 0.0], [1.0, 0.0, 0.0]])
    root = np.array([[1.0, 0.9, -2.0], [1.5, 0.9, -2.0], [np.nan] * 3])
    placed = replace(data, root=root, axes=turn)
    x, y, z = data.xyz[1, 5].tolist()
    np.testing.assert_allclose(placed.placed()[1, 5], (z + 1.5, -y + 0.9, x - 2.0), atol=1e-6)
    output, _ = placed.output()
    assert np.isnan(output[2]).all(), "where the pelvis is not known, nothing is"
    assert (np.isnan(output[:2, :, 0]) == data.missing[:2]).all()


def test_feet_leave_as_the_joints_do_and_where_they_are_not_known_not_at_all() -> None:
    plain = motion(4)
    assert np.isnan(plain.output_feet()[0]).all()
    feet = plain.xyz[:, list(FOOT_PARENTS)] + np.float32(0.1)
    feet[2, 3] = np.nan
    data = replace(plain, feet=feet, feet_conf=np.full((4, 4), 0.5, np.float32))
    turned = np.array([[0.0, 0.0, 1.0], [0.0, -1.0, 0.0], [1.0, 0.0, 0.0]])
    data = replace(data, axes=turned, root=np.full((4, 3), [1.0, 2.0, 3.0]))
    xyz, conf = data.output_feet(slice(1, 3))
    np.testing.assert_allclose(xyz[0], feet[1].astype(np.float64) @ turned.T + (1.0, 2.0, 3.0))
    assert np.isnan(xyz[1, 3]).all()
    assert np.isnan(conf[1, 3])
    assert conf[0].tolist() == [0.5] * 4


def lifted_scene(swapped: list[bool]) -> MotionData:
    """What is made of somebody who stands, of whom the detector exchanges the sides in some
    frames."""
    one = scene(10.0, frames=len(swapped))
    exchanged = np.array(swapped)
    detected = one.detected.repaired(exchanged)
    nothing = np.zeros((len(swapped), 17), bool)
    return MotionData.from_lifted(
        time_s=one.time_s,
        tracked=np.ones(len(swapped), bool),
        conf=detected.conf.astype(np.float32),
        xy=detected.xy.astype(np.float32),
        world=detected.world.astype(np.float32),
        feet=detected.feet.astype(np.float32),
        size=(640, 480),
        lifted=MadeUpPoses(one.xyz.astype(np.float32), nothing, nothing.copy(), exchanged),
        provenance=ORIGIN,
    )


def test_feet_are_exchanged_with_the_legs_when_the_detector_took_left_for_right() -> None:
    right, repaired = (
        lifted_scene([False] * 6),
        lifted_scene([False, True, True, False, True, False]),
    )
    assert right.feet is not None
    assert np.isfinite(right.feet).all()
    np.testing.assert_allclose(repaired.feet, right.feet, atol=1e-5)


@pytest.mark.parametrize(
    "wanted",
    [Processing(smooth_hz=6.0), Processing(rigid_bones=True), Processing(bone=("thigh", 0.5))],
)
def test_feet_stay_at_their_ankles_whatever_is_done(wanted: Processing) -> None:
    data = lifted_scene([False] * 40)
    shaken = data.moved(data.xyz + np.random.default_rng(0).normal(scale=0.01, size=data.xyz.shape))
    done = process(shaken, wanted)
    assert done.feet is not None
    assert data.feet is not None
    ankles = list(FOOT_PARENTS)
    before, after = data.feet - data.xyz[:, ankles], done.feet - done.xyz[:, ankles]
    factor = 1.0
    if done.provenance.scale_bone is not None:
        factor = float(str(done.provenance.scale_bone["factor"]))
    np.testing.assert_allclose(after, factor * before, atol=2e-3)


def test_soles_of_who_stands_are_on_the_floor() -> None:
    data = process(lifted_scene([False] * 60), Processing(room=True))
    assert data.contacts is not None
    assert data.contacts.mean() > 0.9
    feet, _ = data.output_feet()
    assert np.abs(feet[data.contacts[:, [0, 1, 0, 1]], 1]).max() < 0.03
