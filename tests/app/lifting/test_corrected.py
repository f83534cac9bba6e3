"""Corrections of a video's 2D: as those of a recording, and of the person they were made of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.errors import DetectorError, RecordingError
from app.lifting.clip import DetectedClip, Track
from app.lifting.corrected import corrected, made_in_window, of_each, place_of
from app.lifting.kept import film_key
from app.lifting.members import lift_around, lift_members, unfit
from app.lifting.options import LiftOptions
from app.lifting.video import VideoClip
from app.recording.corrections import (
    Correction,
    CorrectionList,
    Delete,
    Exchange,
    Move,
    Nobody,
)
from app.recording.corrections import corrected as corrected_recording
from app.recording.reader import Recording
from app.system import paths
from app.ui.presenters.clips import RecordedClip
from models.lifter import Lifter
from models.skeleton import JOINT, PELVIS, joints_from_landmarks
from tests.support.clips import write_clip
from tests.support.recordings import record

FRAMES = 91
ALL: tuple[Correction, ...] = (
    Move(1.0, "left_wrist", 300.0, 200.0),
    Exchange(0.5, 1.5, ((0.9, 1.1),)),
    Move(1.2, "right_hip", 330.0, 250.0),
    Nobody(2.0, 2.2),
    Move(2.1, "nose", 1.0, 1.0),
    Move(0.2, "spine", 310.0, 220.0),
)


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    """Whose joints are where its landmarks are."""
    found = Recording.open(record(tmp_path, FRAMES))
    xy = joints_from_landmarks(found.recorded.landmarks[..., :2]).astype(np.float32)
    xy[~found.recorded.tracked] = np.nan
    found.recorded = replace(found.recorded, xy=xy)
    return found


def clip_of(recording: Recording) -> DetectedClip:
    track = RecordedClip(recording).found().track
    return DetectedClip("a.mp4", recording.size, 30.0, "full", track)


def test_they_do_to_a_video_what_they_do_to_a_recording(recording: Recording) -> None:
    found, known = corrected(clip_of(recording), ALL)
    for each in ALL:
        recording.corrections.add(each)
    wanted = corrected_recording(recording.recorded, ALL)
    expected = RecordedClip(recording).found().track
    for name in ("tracked", "xy", "conf", "world", "feet"):
        np.testing.assert_allclose(
            getattr(found.track, name), getattr(expected, name), atol=1e-3, err_msg=name
        )
    np.testing.assert_array_equal(known, wanted.sides_known)


def test_each_is_of_whom_it_was_made_of(recording: Recording) -> None:
    one = clip_of(recording)
    moved = one.track.xy + np.float32([150, 0])
    other = replace(one, track=replace(one.track, xy=moved))
    there = place_of(other.track, 1.0, 1.0)
    assert there == pytest.approx(tuple(other.track.xy[30, PELVIS]), abs=1e-3)
    of_other, of_all = Move(1.0, "nose", 1.0, 2.0, there), Nobody(0.0, 1.0)
    far = Delete(0.5, 1.0, (5000.0, 5000.0))
    assert of_each((of_other, of_all, far), [one, other]) == [(of_all,), (of_other, of_all)]
    assert of_each((of_other,), [one]) == [()], "who is lifted alone is another"


@pytest.fixture(scope="module")
def lifter() -> Lifter:
    return Lifter(device="cpu", workers=1)


def test_what_is_deleted_is_not_bridged(recording: Recording, lifter: Lifter) -> None:
    clip, options = clip_of(recording), LiftOptions()
    stretch = (1.0, 1.2)

    def poses(kind: type[Nobody] | type[Delete]) -> np.ndarray:
        made = lift_members(clip, (), lifter, options, (kind(*stretch),), lambda _: None)
        return made[0].poses.missing[30:37]

    assert not poses(Nobody).all(), "0.2 s are bridged"
    assert poses(Delete).all()
    recording.corrections.add(Delete(*stretch))
    recording.save_poses(lifter.lift(*_seen(clip)), {"name": "a", "sha256": "b", "height_m": None})
    assert recording.poses is not None
    assert recording.poses.missing[30:37].all()
    assert not recording.poses.filled[30:37].any()


def test_of_whom_nothing_is_left_all_is_missing(
    recording: Recording, lifter: Lifter, tmp_path: Path
) -> None:
    clip, gone = clip_of(recording), (Nobody(0.0, 1e4),)
    (member,) = lift_members(clip, (), lifter, LiftOptions(), gone, lambda _: None)
    assert member.poses.missing.all()
    assert unfit(clip, [member], LiftOptions(), gone) == []
    assert unfit(clip, [member], LiftOptions(), ()) == [0]
    grey = [np.full((120, 160, 3), 90, np.uint8)] * 3
    video_clip = VideoClip.open(write_clip(tmp_path / "a.mp4", grey), tmp_path / "notes")
    video_clip.finish(clip, [member], "")
    with pytest.raises(DetectorError, match="Nothing is left of this person"):
        video_clip.motion()
    video_clip.close()


def _seen(clip: DetectedClip) -> tuple[np.ndarray, np.ndarray, tuple[int, int], np.ndarray]:
    return clip.track.xy, clip.track.conf, clip.size, clip.track.time_s


@pytest.mark.slow
def test_around_a_correction_there_are_poses_at_once_and_then_of_all(lifter: Lifter) -> None:
    rng = np.random.default_rng(2)
    count = 360
    track = Track.empty(np.arange(count) / 30)
    track.tracked[:], track.conf[:] = True, 1.0
    track.xy[:] = rng.uniform(100, 300, (17, 2)) + rng.normal(0, 2, (count, 17, 2))
    clip, options = DetectedClip("a.mp4", (640, 480), 30.0, "full", track), LiftOptions()
    before = lift_members(clip, (), lifter, options, (), lambda _: None)
    moves = (Move(6.0, "left_wrist", 10.0, 400.0),)
    near = lift_around(clip, before, lifter, moves, (6.0, 6.0))
    assert near is not None
    whole = lift_members(clip, near, lifter, options, moves, lambda _: None)
    changed = np.abs(near[0].poses.xyz - before[0].poses.xyz).max(axis=(1, 2)) > 1e-6
    assert 0 < np.count_nonzero(changed) < 70
    wrist = JOINT["left_wrist"]
    places = [each[0].poses.xyz[180, wrist] for each in (before, near, whole)]
    off = [float(np.linalg.norm(each - places[2])) for each in places]
    assert off[0] > 0.05
    assert off[1] < 0.25 * off[0]
    assert unfit(clip, near, options, moves) == [0], "only a glance"
    assert unfit(clip, whole, options, moves) == []
    assert unfit(clip, whole, options, ()) == [0]
    assert lift_around(clip, before, lifter, moves, (1.0, 10.0)) is None


def test_they_are_known_by_what_is_in_the_video(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "video_notes_dir", lambda: tmp_path / "notes")
    film = tmp_path / "a.mp4"
    film.write_bytes(b"x" * 1000)
    assert made_in_window(film) == ()
    kept = CorrectionList(tmp_path / "notes" / film_key(film), of_video="a.mp4")
    kept.add(Delete(1.0, 2.0, (3.0, 4.0)))
    assert made_in_window(film) == (Delete(1.0, 2.0, (3.0, 4.0)),)
    film.rename(tmp_path / "b.mp4")
    assert len(made_in_window(tmp_path / "b.mp4")) == 1
    film.write_bytes(b"y" * 1000)
    assert made_in_window(film) == ()
    assert made_in_window(tmp_path / "rtsp") == ()
    kept.file.write_text("{")
    with pytest.raises(RecordingError, match=r"corrections of b.mp4 cannot be read"):
        made_in_window(tmp_path / "b.mp4")
    with pytest.raises(RecordingError, match=r"corrections.json away first"):
        CorrectionList(kept.file.parent, of_video="b.mp4").add(Delete(1.0, 2.0))
