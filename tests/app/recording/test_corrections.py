"""What somebody put right: kept beside the untouched rows, applied wherever they are read."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.errors import RecordingError
from app.export.sidecar import description
from app.lifting.options import LiftOptions
from app.lifting.recordings import bring_up_to_date, is_current, lift_recording
from app.motion.data import MotionData
from app.recording import corrections as file
from app.recording.corrections import (
    Correction,
    CorrectionList,
    Exchange,
    Move,
    Nobody,
    corrected,
    exchange,
)
from app.recording.reader import Recording
from models.lifter import Lifter
from models.skeleton import JOINT, JOINT_NAMES, LANDMARK_NAMES, MIRROR
from tests.support.disks import read_only
from tests.support.recordings import record

FRAMES = 60
MOMENTS = st.floats(-1, 5)
CORRECTIONS = st.one_of(
    st.builds(Exchange, MOMENTS, MOMENTS, st.lists(st.tuples(MOMENTS, MOMENTS)).map(tuple)),
    st.builds(Nobody, MOMENTS, MOMENTS),
    st.builds(Move, MOMENTS, st.sampled_from(JOINT_NAMES), MOMENTS, MOMENTS),
)


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    return Recording.open(record(tmp_path, FRAMES))


def test_what_was_recorded_stays_as_it_is(recording: Recording) -> None:
    before = {each.name: each.read_bytes() for each in recording.path.iterdir()}
    recording.corrections.add(Exchange(0.5, 1.0), Nobody(1.2, 1.3), Move(0.2, "nose", 7, 8))
    after = {each.name: each.read_bytes() for each in recording.path.iterdir()}
    assert after.keys() - before.keys() == {file.FILE_NAME}
    assert all(after[name] == content for name, content in before.items())
    again = Recording.open(recording.path)
    np.testing.assert_array_equal(again.recorded.xy, recording.recorded.xy)
    assert not np.array_equal(again.keypoints.xy, again.recorded.xy, equal_nan=True)


def test_left_and_right_are_exchanged_from_the_first_to_the_last_moment(
    recording: Recording,
) -> None:
    raw = recording.recorded
    recording.corrections.add(Exchange(float(raw.time_s[10]), float(raw.time_s[20])))
    data, inside = recording.keypoints, np.zeros(FRAMES, bool)
    inside[10:21] = True
    np.testing.assert_array_equal(data.xy[inside], raw.xy[inside][:, list(MIRROR)])
    np.testing.assert_array_equal(data.xy[~inside], raw.xy[~inside])
    np.testing.assert_array_equal(data.sides_known, inside)
    heel, other = (LANDMARK_NAMES.index(f"{side}_heel") for side in ("left", "right"))
    np.testing.assert_array_equal(data.landmarks[inside, heel], raw.landmarks[inside, other])
    recording.corrections.add(Exchange(float(raw.time_s[10]), float(raw.time_s[20])))
    np.testing.assert_array_equal(recording.keypoints.xy, raw.xy)


def test_what_is_shown_is_exchanged_also_where_the_repair_was_wrong(recording: Recording) -> None:
    raw = recording.recorded
    repaired = np.zeros(FRAMES, bool)
    repaired[12:15] = True
    said = exchange(raw.time_s, repaired, float(raw.time_s[10]), float(raw.time_s[20]))
    recording.corrections.add(said)
    data = recording.keypoints
    for row in range(10, 21):
        shown = raw.xy[row, list(MIRROR)] if repaired[row] else raw.xy[row]
        np.testing.assert_array_equal(data.xy[row], shown[list(MIRROR)])
    assert data.sides_known[10:21].all()


def test_what_is_known_is_not_repaired(recording: Recording) -> None:
    """A person who stands, and whose sides the detector exchanges for a second."""
    rng = np.random.default_rng(1)
    one = rng.uniform(60, 200, (17, 2))
    xy = np.repeat(one[None], FRAMES, axis=0) + rng.normal(0, 0.2, (FRAMES, 17, 2))
    swapped = slice(20, 35)
    xy[swapped] = xy[swapped][:, list(MIRROR)]
    conf, times = np.ones((FRAMES, 17)), np.arange(FRAMES) / 30
    lifter = Lifter(device="cpu")
    found = lifter.lift(xy, conf, (320, 240), times)
    assert found.swapped[swapped].all()
    known = np.zeros(FRAMES, bool)
    known[swapped] = True
    told = lifter.lift(xy, conf, (320, 240), times, sides_known=known)
    assert not told.swapped[swapped].any()


def test_nobody_is_there_any_more(recording: Recording) -> None:
    raw = recording.recorded
    recording.corrections.add(Nobody(float(raw.time_s[30]), float(raw.time_s[40])))
    data = recording.keypoints
    assert not data.tracked[30:41].any()
    assert np.isnan(data.xy[30:41]).all()
    assert not data.conf[30:41].any()
    np.testing.assert_array_equal(data.tracked[:30], raw.tracked[:30])


def test_a_joint_is_moved_and_what_lies_between_moves_along(recording: Recording) -> None:
    raw, row = recording.recorded, 8
    recording.corrections.add(Move(float(raw.time_s[row]), "left_hip", 100.0, 50.0))
    data = recording.keypoints
    assert data.xy[row, JOINT["left_hip"]].tolist() == [100, 50]
    assert data.conf[row, JOINT["left_hip"]] == 1
    right = raw.landmarks[row, LANDMARK_NAMES.index("right_hip"), :2]
    np.testing.assert_allclose(data.xy[row, JOINT["pelvis"]], (right + (100, 50)) / 2, rtol=1e-5)
    others = [JOINT[name] for name in JOINT_NAMES if "ankle" in name or "wrist" in name]
    np.testing.assert_array_equal(data.xy[row, others], raw.xy[row, others])
    assert np.isfinite(data.world[row, LANDMARK_NAMES.index("left_hip")]).all()
    recording.corrections.add(Move(float(raw.time_s[row]), "left_wrist", 3.0, 4.0))
    assert np.isnan(recording.keypoints.world[row, LANDMARK_NAMES.index("left_wrist")]).all()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(made=st.lists(CORRECTIONS, max_size=5), steps=st.lists(st.booleans(), max_size=8))
def test_undo_and_redo(recording: Recording, made: list[Correction], steps: list[bool]) -> None:
    (recording.path / file.FILE_NAME).unlink(missing_ok=True)
    kept = CorrectionList(recording.path)
    history = [kept.done]
    for each in made:
        kept.add(each)
        history.append(kept.done)
    at = len(history) - 1
    for back in steps:
        (kept.undo if back else kept.redo)()
        at = max(0, at - 1) if back else min(len(history) - 1, at + 1)
        assert kept.done == history[at]
        again = CorrectionList(recording.path)
        assert (again.done, again.undone, again.key) == (kept.done, kept.undone, kept.key)
    corrected(recording.recorded, kept.done)


def test_a_new_correction_ends_what_could_be_made_again(recording: Recording) -> None:
    kept = recording.corrections
    kept.add(Nobody(0, 1))
    kept.undo()
    kept.add(Nobody(1, 2))
    assert kept.redo() is None
    assert kept.done == (Nobody(1, 2),)
    assert kept.undo() == Nobody(1, 2)
    assert kept.undo() is None


@pytest.mark.slow
def test_poses_from_before_a_correction_are_lifted_again(recording: Recording) -> None:
    lifter, options = Lifter(device="cpu"), LiftOptions()
    lift_recording(recording, lifter, options)
    before = recording.poses
    assert before is not None
    assert is_current(recording, options)
    recording.corrections.add(Move(1.0, "left_wrist", 10, 10))
    assert not is_current(recording, options)
    again = Recording.open(recording.path)
    assert not is_current(again, options)
    assert bring_up_to_date(again, options) == (True, None)
    assert again.poses is not None
    wrist = JOINT["left_wrist"]
    assert not np.array_equal(again.poses.xyz[30, wrist], before.xyz[30, wrist])
    again.corrections.undo()
    assert not is_current(again, options)
    bring_up_to_date(again, options)
    np.testing.assert_allclose(again.poses.xyz, before.xyz, atol=1e-5)


def test_the_sidecar_lists_them(recording: Recording) -> None:
    recording.corrections.add(Exchange(0.5, 1.0), Move(1.0, "left_wrist", 10, 10.5))
    lift_recording(recording, Lifter(device="cpu"), LiftOptions())
    data = MotionData.from_recording(recording)
    said = description(data, table_name="a.csv")["corrections"]
    assert said == [
        {"kind": "exchange", "start_s": 0.5, "end_s": 1.0, "kept": ()},
        {"kind": "move", "time_s": 1.0, "joint": "left_wrist", "x": 10.0, "y": 10.5},
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"version": 2, "done": [], "undone": []}',
        b'{"version": 1, "done": [{"kind": "move", "time_s": 0, "joint": "tail", "x": 1, "y": 1}],'
        b' "undone": []}',
        b'{"version": 1, "done": [{"kind": "nobody", "start_s": NaN, "end_s": 1}], "undone": []}',
        b'{"version": 1, "done": [{"kind": "explode"}], "undone": []}',
        b'{"version": 1, "done": [{"kind": "nobody", "start_s": ' + b"9" * 400 + b"}]}",
        b"[" * 100_000,
    ],
)
def test_a_damaged_list_is_said_and_kept(recording: Recording, content: bytes) -> None:
    path = recording.path / file.FILE_NAME
    path.write_bytes(content)
    again = Recording.open(recording.path)
    assert "corrections of this recording cannot be read" in (again.recovered or "")
    np.testing.assert_array_equal(again.keypoints.xy, again.recorded.xy)
    with pytest.raises(RecordingError, match="out of it first"):
        again.corrections.add(Nobody(0, 1))
    assert path.read_bytes() == content


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_is_neither_read_nor_written_through(recording: Recording, tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    said = {"version": 1, "done": [{"kind": "nobody", "start_s": 0, "end_s": 1}], "undone": []}
    secret.write_text(json.dumps(said))
    (recording.path / file.FILE_NAME).symlink_to(secret)
    again = Recording.open(recording.path)
    assert again.corrections.done == ()
    assert again.corrections.damaged


def test_where_it_cannot_be_written_it_is_said_and_nothing_changes(recording: Recording) -> None:
    recording.corrections.add(Nobody(0, 1))
    with (
        read_only(recording.path),
        pytest.raises(RecordingError, match="Copy the recording to where it can be written"),
    ):
        recording.corrections.add(Nobody(1, 2))
    assert recording.corrections.done == (Nobody(0, 1),)
