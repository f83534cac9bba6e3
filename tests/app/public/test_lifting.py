"""``mixpose.lift`` and ``mixpose.live``: options, errors, ends."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from app.lifting.kept import film_key
from app.public import (
    DetectorError,
    MixposeWarning,
    SourceError,
    WeightsError,
    lift,
    lift_people,
    live,
    load,
)
from app.recording.corrections import CorrectionList, Delete, Move
from app.system import paths
from tests.support.clips import write_clip
from tests.support.mjpeg import MjpegServer


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"height": 182}, r"height=182 is not between 0\.5 and 2\.5 metres\. .* write 1\.82"),
        ({"height": float("nan")}, "height=nan is not between"),
        ({"seconds": 0}, "seconds=0 is not above 0"),
        ({"rate": float("inf")}, "rate=inf is not above 0"),
        ({"detector": "huge"}, "detector='huge' is none of lite, full, heavy"),
        ({"jobs": 0}, "jobs=0 is not a number of processes"),
        ({"camera_pitch": 90}, "camera_pitch=90 is not between -89 and 89 degrees"),
        ({"corrections": "true"}, "corrections are True, or a list"),
        ({"corrections": [{"kind": "dance"}]}, "no correction of the kind 'dance'"),
        ({"person": (1,)}, r"person=\(1,\) is not \(x, y\)"),
        ({"fov": 60}, "fov is about the room"),
        ({"smooth": 0.1}, "smooth=0.1 is not between 0.5 and 60 Hz"),
        ({"bone": ("nose", 0.4)}, "begins with none of thigh"),
        ({"bone": ("thigh", 42)}, "write 0.42"),
        ({"bone": ("thigh", 0.4), "height": 1.8}, "both set the scale"),
    ],
)
def test_a_value_that_cannot_be_is_refused_before_anything_else(
    options: dict[str, object], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        lift("absent.mp4", **options)  # type: ignore[arg-type]


def test_an_option_that_there_is_not_is_refused() -> None:
    with pytest.raises(TypeError, match="no option smoth"):
        lift("absent.mp4", smoth=6)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="no option smoth"):
        load("absent.npz", smoth=6)  # type: ignore[call-arg]


def test_what_is_not_there_is_said(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"There is no file absent\.mp4"):
        lift("absent.mp4")
    with pytest.raises(SourceError, match="of a video file only"):
        lift("performer", rate=240)
    with pytest.raises(WeightsError, match="no weights called 'absent'"):
        lift(clip, weights="absent", detector="lite")
    with pytest.raises(SourceError, match=r"is a recording, not a video\. Load"):
        lift("take.mixpose")
    nobody = write_clip(tmp_path / "nobody.mp4", np.full((10, 240, 320, 3), 128, np.uint8))
    with pytest.raises(DetectorError, match="No person was found"):
        lift(nobody, detector="lite")


@pytest.mark.slow
def test_a_stream_needs_a_duration() -> None:
    with MjpegServer(fps=30) as server:
        with pytest.raises(SourceError, match=r"has no end\. .*seconds=10"):
            lift(server.url, detector="lite")
        with pytest.raises(DetectorError, match="person"):
            lift(server.url, detector="lite", seconds=0.5)


def test_options_reach_what_they_are_about(clip: Path) -> None:
    told: list[float] = []
    with pytest.warns(MixposeWarning, match="Nobody was found at 5,5 from 0 s on"):
        motion = lift(
            clip,
            detector="lite",
            seconds=0.5,
            rate=60,
            person=(5, 5),
            camera_pitch=10,
            smooth=6,
            rigid_bones=True,
            room=True,
            progress=told.append,
        )
    assert len(motion) == 30
    assert motion.time[-1] == pytest.approx(29 / 60)
    said = motion.info
    assert said["smoothing"]["method"] == "butterworth + rigid bones"
    assert said["position"]["reference"] == "room"
    assert said["level"]["pitch_deg"] == pytest.approx(10)
    assert said["quality"]["frames_pct"]["nobody"] == 0
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert any("Nobody was found" in sentence for sentence in motion.warnings)


@pytest.mark.slow
def test_what_was_put_right_in_the_window_is_applied_when_asked_for(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "video_notes_dir", lambda: tmp_path / "notes")
    part = partial(lift, clip, detector="lite", height=1.82, seconds=0.5)
    with pytest.warns(MixposeWarning, match=r"Nothing in .*jump\.mp4 was corrected"):
        none = part(corrections=True)
    made = CorrectionList(tmp_path / "notes" / film_key(clip), of_video=clip.name)
    made.add(Move(0.2, "left_wrist", 5.0, 5.0), Delete(0.35, 0.45))
    plain, window = part(), part(corrections=True)
    assert plain.info["corrections"] == []
    np.testing.assert_array_equal(none.xyz, plain.xyz)
    assert np.isnan(window.xyz[12]).all()
    assert np.abs(window.joints["left_wrist"][6] - plain.joints["left_wrist"][6]).max() > 0.05
    told = part(corrections=window.info["corrections"])
    np.testing.assert_array_equal(told.xyz, window.xyz)
    (first,) = lift_people(clip, detector="lite", heights=[1.82], corrections=True)
    assert np.isnan(first.xyz[12]).all()
    with pytest.raises(DetectorError, match="With its corrections no person is left"):
        part(corrections=[{"kind": "delete", "start_s": 0, "end_s": 9}])


def test_what_progress_raises_ends_it(clip: Path) -> None:
    def stop(share: float) -> None:
        if share > 0.2:
            raise StopAsyncIteration

    with pytest.raises(StopAsyncIteration):
        lift(clip, detector="lite", progress=stop)


@pytest.mark.slow
def test_poses_of_a_film_until_it_ends(clip: Path) -> None:
    playing = live(clip, detector="lite", height=1.8)
    poses = list(playing)
    assert len(poses) >= 5
    last = playing._run.latest().keypoints
    assert last is not None
    assert poses[-1].index == last.index, "the last pose is waited for"
    assert [pose.index for pose in poses] == sorted(pose.index for pose in poses)
    pose = poses[-1]
    assert pose.tracked
    assert pose.xyz.shape == (17, 3)
    assert pose.joints["head"][1] > pose.joints["left_ankle"][1], "y is up"
    assert pose.joints["left_toe"].shape == (3,)
    assert 0 < pose.age < 60


def test_what_fails_is_raised_by_the_loop(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="There is no file"):
        list(live(tmp_path / "absent.mp4"))
    with pytest.raises(ValueError, match="delay=11 is not between 0 and 10"):
        live("performer", delay=11)


def test_leaving_the_loop_ends_it(clip: Path) -> None:
    with live(clip, detector="lite") as poses:
        for _ in poses:
            break
        assert poses.latest() is not None
        assert list(poses) == [], "it is closed"
    poses.close()
    assert not [each for each in threading.enumerate() if each.name.startswith("mixpose-capture")]
