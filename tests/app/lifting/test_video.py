"""A video lifted while somebody looks on: the poses that `lift` gives, once, called off cleanly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.errors import DetectorError, SourceError
from app.lifting import work
from app.lifting.clip import lift_clip
from app.lifting.kept import Kept
from app.lifting.options import LiftOptions
from app.lifting.progress import Progress, Stage, Stopped
from app.lifting.video import VideoClip, lift_video
from app.sources import VideoFile
from tests.support.clips import performer_pictures, write_clip
from tests.support.engines import Inline

FRAMES = 25
LITE = LiftOptions(detector="lite", device="cpu", jobs=1)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("film") / "dance.mp4", performer_pictures(FRAMES))


@pytest.fixture
def video_clip(video: Path, tmp_path: Path) -> VideoClip:
    return VideoClip.open(video, tmp_path / "notes")


@pytest.mark.slow
def test_the_poses_are_those_of_lift_to_the_last_bit(
    video_clip: VideoClip, video: Path, tmp_path: Path
) -> None:
    told: list[Progress] = []
    assert len(video_clip.found().track) == FRAMES, "from the beginning, though they are empty"
    assert video_clip.found().ready == 0
    lift_video(video_clip, LITE, Kept(tmp_path / "kept"), progress=told.append)
    assert video_clip.share == 1.0
    assert [each.stage for each in told] == sorted(
        (each.stage for each in told), key=list(Stage).index
    )
    with VideoFile(video) as source, work.make_engine(LITE) as pool:
        clip = work.detect(source, video, LITE, pool)
    motion = lift_clip(clip, work.make_lifter(LITE))
    again = video_clip.motion()
    video_clip.close()
    np.testing.assert_array_equal(again.xyz, motion.xyz)
    np.testing.assert_array_equal(again.missing, motion.missing)
    np.testing.assert_array_equal(again.time_s, motion.time_s)
    assert again.provenance == motion.provenance


@pytest.mark.slow
def test_another_height_is_not_looked_at_again(
    video_clip: VideoClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept(tmp_path / "kept")
    monkeypatch.setattr(work, "make_engine", lambda _options: Inline())
    lift_video(video_clip, LITE, kept)
    before = video_clip.found()

    def nobody(_options: object) -> None:
        raise AssertionError("it is not looked at again")

    monkeypatch.setattr(work, "make_engine", nobody)
    lift_video(video_clip, LITE, kept)
    assert video_clip.found() is before, "nothing to be done"
    lift_video(video_clip, replace(LITE, height_m=1.9), kept)
    video_clip.close()
    after = video_clip.found()
    assert after.track is before.track
    assert after.poses.info["height_m"] == 1.9
    lengths = [np.linalg.norm(found.poses.xyz[:, 12], axis=-1).mean() for found in (before, after)]
    assert lengths[1] > 1.05 * lengths[0]


def test_it_is_called_off_and_nothing_is_kept(video_clip: VideoClip, tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        lift_video(video_clip, LITE, Kept(tmp_path / "kept"), stop=lambda: True)
    video_clip.close()
    assert not video_clip.lifting
    assert not video_clip.found().complete
    assert not (tmp_path / "kept").exists()


def test_a_film_of_nobody_is_said_and_plays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "make_engine", lambda _options: Inline())
    grey = [np.full((120, 160, 3), 90, np.uint8)] * 6
    video_clip = VideoClip.open(write_clip(tmp_path / "empty.mp4", grey), tmp_path)
    with pytest.raises(DetectorError, match="No person was found in empty"):
        lift_video(video_clip, LITE, Kept(tmp_path / "kept"))
    found = video_clip.found()
    assert found.complete
    assert found.poses is None
    frame = video_clip.frame_at(float(found.track.time_s[3]))
    assert frame is not None
    assert frame.time_s == pytest.approx(3 / 30, abs=1e-3)
    video_clip.close()


def test_what_is_no_film_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="There is no file"):
        VideoClip.open(tmp_path / "none.mp4", tmp_path)
