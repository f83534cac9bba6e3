"""Pictures of a clip read again: in order, with holes, to where the file can be read."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from app.errors import ExportError, SourceError
from app.sources import open_source
from app.sources.pictures import SourcePictures, refuse_source
from app.sources.video import VideoFile
from tests.support.av_clips import cut, write_clip
from tests.support.mjpeg import read_number


def numbers(path: Path, frames: list[int]) -> list[int | None]:
    pictures = SourcePictures(partial(VideoFile, path)).pictures_of(np.array(frames))
    return [None if each is None else read_number(each) for each in pictures]


def test_frames_are_found_by_their_numbers(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", range(0, 660, 33))
    assert numbers(clip, list(range(20))) == list(range(20))
    assert numbers(clip, [3, 4, 9, 19]) == [3, 4, 9, 19]


def test_beyond_the_end_there_is_none(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", range(0, 330, 33))
    assert numbers(clip, [8, 9, 10, 11]) == [8, 9, None, None]


def test_a_damaged_file_gives_what_it_gave_before(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mkv", range(0, 1980, 33))
    cut(clip, 0.6)
    with VideoFile(clip) as source:
        whole = 0
        while source.read() is not None:
            whole += 1
    assert 0 < whole < 60
    found = numbers(clip, list(range(60)))
    assert found == [*range(whole), *[None] * (60 - whole)]


def test_a_file_that_has_gone_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no file"):
        numbers(tmp_path / "gone.mp4", [0])


@pytest.mark.slow
def test_the_performer_repeats_itself() -> None:
    reopen = partial(open_source, "performer")
    with reopen() as source:
        frames = [source.read() for _ in range(3)]
    again = list(SourcePictures(reopen).pictures_of(np.array([0, 2])))
    for index, picture in zip((0, 2), again, strict=True):
        frame = frames[index]
        assert frame is not None
        np.testing.assert_array_equal(picture, frame.image)


def test_the_file_that_is_read_is_not_written_over(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "dance.mp4", [0, 33])
    (tmp_path / "link.mp4").symlink_to(clip)
    for name in ("dance.mp4", "link.mp4"):
        with pytest.raises(ExportError, match="is the video itself"):
            refuse_source(tmp_path / name, str(clip))
    refuse_source(tmp_path / "other.mp4", clip)
    write_clip(tmp_path / "other.mp4", [0, 33])
    refuse_source(tmp_path / "other.mp4", clip)
    for source in ("0", "performer", "http://127.0.0.1:9/stream", "x" * 5000, "\0"):
        refuse_source(tmp_path / "other.mp4", source)
