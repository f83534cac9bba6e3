"""What is done to motion on its way out, in one order, and that it is said."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.errors import ExportError
from app.export.registry import export
from app.motion.bones import bone_lengths, named_length
from app.motion.data import MotionData
from app.motion.processing import process, remarks
from app.motion.processing_options import Processing
from models.metrics import bone_variation
from models.skeleton import JOINT, JOINT_NAMES
from tests.support.motion import ORIGIN
from tests.support.recordings import MadeUpPoses
from tests.support.walking import walker


def walk(frames: int = 120) -> MotionData:
    """A walker at 60 frames/s with shaking joints, seen throughout."""
    xyz = walker(frames).xyz.astype(np.float64)
    xyz -= xyz[:, :1]
    shake = np.random.default_rng(0).normal(scale=0.01, size=xyz.shape)
    shake[:, 0] = 0.0
    nothing = np.zeros((frames, 17), np.bool_)
    return MotionData.from_lifted(
        time_s=np.arange(frames) / 60,
        tracked=np.ones(frames, np.bool_),
        conf=np.ones((frames, 17), np.float32),
        xy=np.zeros((frames, 17, 2), np.float32),
        size=(640, 480),
        lifted=MadeUpPoses(
            (xyz + shake).astype(np.float32), nothing, nothing.copy(), np.zeros(frames, np.bool_)
        ),
        provenance=ORIGIN,
    )


def jolts(data: MotionData) -> float:
    return float(np.abs(np.diff(data.xyz, n=2, axis=0)).mean())


def test_nothing_wanted_is_nothing_done() -> None:
    data = walk()
    shares: list[float] = []
    assert process(data, Processing(), shares.append) is data
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_smoothing_calms_and_is_said() -> None:
    data = walk()
    raw = data.xyz.copy()
    smooth = process(data, Processing(smooth_hz=6.0))
    assert jolts(smooth) < 0.2 * jolts(data)
    assert (smooth.xyz[:, 0] == 0).all(), "the pelvis stays at the origin"
    np.testing.assert_array_equal(data.xyz, raw)
    assert smooth.provenance.smoothing == {
        "method": "butterworth",
        "parameters": {
            "cutoff_hz": 6.0,
            "order": 4,
            "zero_lag": True,
            "uneven_frames": "smoothing spline of the same cut-off",
            "smoothed_share": 1.0,
        },
    }


def test_frames_too_slow_for_the_cut_off_are_remarked_upon() -> None:
    data = walk()
    assert remarks(data) == remarks(process(data, Processing(smooth_hz=6.0))) == ()
    slow = process(replace(data, time_s=data.time_s * 12), Processing(smooth_hz=6.0))
    assert slow.provenance.smoothing["parameters"]["smoothed_share"] == 0  # type: ignore[index]
    (sentence,) = remarks(slow)
    assert "Nothing was smoothed" in sentence
    assert "6 Hz" in sentence


def test_rigid_bones_stay_rigid_when_smoothed_too_and_are_as_long_as_raw_ones() -> None:
    data = walk()
    both = process(data, Processing(smooth_hz=2.0, rigid_bones=True))
    assert bone_variation(data.xyz) > 3
    assert bone_variation(both.xyz) < 1e-3
    about = both.provenance.smoothing
    assert about["method"] == "butterworth + rigid bones"
    parameters = about["parameters"]
    assert isinstance(parameters, dict)
    lengths = parameters["bone_lengths_m"]
    assert set(lengths) == set(JOINT_NAMES[1:])
    forearm = np.linalg.norm(
        both.xyz[:, JOINT["left_wrist"]] - both.xyz[:, JOINT["left_elbow"]], axis=-1
    )
    np.testing.assert_allclose(forearm, lengths["left_wrist"], atol=1e-4)
    # Smoothed at 2 Hz first, a swinging forearm's positions are millimetres too short.
    assert forearm[0] == pytest.approx(named_length(bone_lengths(data.xyz, data.seen), "forearm"))
    assert jolts(both) < 0.2 * jolts(data)
    alone = process(data, Processing(rigid_bones=True))
    assert alone.provenance.smoothing["method"] == "rigid bones"


def test_a_known_bone_sets_the_scale_of_everything() -> None:
    data = replace(walk(), provenance=replace(ORIGIN, height_m=1.7))
    scaled = process(data, Processing(bone=("thigh", 0.84)))
    assert named_length(bone_lengths(scaled.xyz, scaled.seen), "thigh") == pytest.approx(0.84)
    np.testing.assert_allclose(scaled.xyz, 2.0 * data.xyz, rtol=0.01, atol=1e-6)
    assert scaled.provenance.height_m is None
    about = scaled.provenance.scale_bone
    assert about is not None
    assert (about["bone"], about["length_m"]) == ("thigh", 0.84)
    assert about["factor"] == pytest.approx(2.0, rel=0.01)


def test_a_bone_that_was_never_seen_cannot_set_the_scale() -> None:
    data = walk()
    missing = data.missing.copy()
    missing[:, [JOINT["left_wrist"], JOINT["right_wrist"]]] = True
    with pytest.raises(ExportError, match="forearm was never seen"):
        process(replace(data, missing=missing), Processing(bone=("forearm", 0.25)))


def test_missing_joints_stay_missing_and_gaps_are_not_made_up() -> None:
    data = walk()
    missing = data.missing.copy()
    missing[40:80, JOINT["left_wrist"]] = True
    xyz = data.xyz.copy()
    xyz[missing] = np.nan
    data = replace(data, missing=missing, xyz=xyz)
    done = process(data, Processing(smooth_hz=6.0, rigid_bones=True))
    np.testing.assert_array_equal(done.missing, missing)
    output, _ = done.output()
    np.testing.assert_array_equal(np.isnan(output).any(axis=-1), missing)


def test_the_file_says_what_was_done(tmp_path: Path) -> None:
    wanted = Processing(smooth_hz=6.0, bone=("upper-arm", 0.3))
    _, sidecar = export(tmp_path / "a.csv", process(walk(), wanted))
    said = json.loads(sidecar.read_text())
    assert said["smoothing"]["parameters"]["cutoff_hz"] == 6.0
    assert said["scale"]["source"] == "bone"
    assert (said["scale"]["bone"], said["scale"]["length_m"]) == ("upper-arm", 0.3)
    assert said["gaps"] == {"longest_filled_s": 0.5}
    _, sidecar = export(tmp_path / "raw.csv", process(walk(), Processing()))
    said = json.loads(sidecar.read_text())
    assert said["smoothing"] == {"method": "none", "parameters": {}}
    assert said["scale"] == {"source": "model", "height_m": None}


def test_progress_can_cancel() -> None:
    def stop(_share: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        process(walk(), Processing(smooth_hz=6.0), stop)
