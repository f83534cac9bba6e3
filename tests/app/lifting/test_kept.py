"""What is kept of videos: found again as it was, never when damaged, and never too much of it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.detection.person_tracker import Choice
from app.lifting.clip import OTHERS, DetectedClip, Track, Tracklet
from app.lifting.kept import Kept, detection_key, film_key
from app.lifting.options import LiftOptions
from app.recording.poses import SavedPoses
from models.skeleton import JOINT_COUNT
from tests.support.recordings import INFO

FRAMES = 40


def clip() -> DetectedClip:
    rng = np.random.default_rng(3)
    others = np.full((FRAMES, OTHERS, 4), np.nan, np.float32)
    others[5, 0] = (1, 2, 3, 4)
    track = Track(
        time_s=np.arange(FRAMES) / 30,
        tracked=rng.random(FRAMES) > 0.5,
        xy=rng.normal(size=(FRAMES, JOINT_COUNT, 2)).astype(np.float32),
        conf=rng.random((FRAMES, JOINT_COUNT)).astype(np.float32),
        world=rng.normal(size=(FRAMES, JOINT_COUNT, 3)).astype(np.float32),
        feet=rng.normal(size=(FRAMES, 4, 6)).astype(np.float32),
        person=np.zeros(FRAMES, np.int64),
        chosen=np.ones(FRAMES, bool),
        others=others,
    )
    return DetectedClip("jump.mp4", (640, 480), 30.0, "heavy", track, faults=("It is cut off.",))


def poses() -> SavedPoses:
    rng = np.random.default_rng(4)
    seen = rng.random((FRAMES, JOINT_COUNT)) > 0.5
    return SavedPoses(
        xyz=rng.normal(size=(FRAMES, JOINT_COUNT, 3)).astype(np.float32),
        filled=seen,
        missing=~seen,
        swapped=np.zeros(FRAMES, bool),
        info=INFO,
    )


def test_what_was_kept_comes_back_as_it_was(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "new folder")
    assert kept.load("a") is None
    kept.save("a", clip(), [poses()])
    found = kept.load("a")
    assert found is not None
    again, (there,) = found
    for name in Track.__slots__:
        np.testing.assert_array_equal(getattr(again.track, name), getattr(clip().track, name))
    np.testing.assert_array_equal(there.xyz, poses().xyz)
    assert there.info == INFO
    assert (again.size, again.rate, again.detector) == ((640, 480), 30.0, "heavy")
    assert again.warnings == ("It is cut off.",)


def test_everybody_comes_back(tmp_path: Path) -> None:
    whole = clip()
    there = np.flatnonzero(whole.track.tracked)
    parts = (there[:9], there[5:])
    people = tuple(
        Tracklet(whole.track[rows], np.full((len(rows), 2, 3), 0.5), np.ones((len(rows), 2), int))
        for rows in parts
    )
    gone = poses()
    gone.missing[30:], gone.xyz[30:] = True, 0.0
    gone.filled[30:] = False
    kept = Kept(tmp_path)
    kept.save("a", replace(whole, people=people), [poses(), gone])
    found = kept.load("a")
    assert found is not None
    again, both = found
    for before, after in zip(people, again.people, strict=True):
        np.testing.assert_array_equal(after.track.xy, before.track.xy)
        np.testing.assert_array_equal(after.clothes, before.clothes)
        np.testing.assert_array_equal(after.checks, before.checks)
    for before, after in zip((poses(), gone), both, strict=True):
        for name in ("xyz", "filled", "missing", "swapped"):
            np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
    kept.save("a", replace(whole, people=people), [poses()])
    assert kept.load("a") is None, "not the poses of all"


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_what_is_damaged_is_as_if_it_were_not_there(tmp_path: Path, share: float) -> None:
    kept = Kept(tmp_path)
    kept.save("a", clip(), [poses()])
    (file,) = tmp_path.iterdir()
    content = bytearray(file.read_bytes())
    file.write_bytes(content[: int(share * len(content))])
    assert kept.load("a") is None
    place = int(share * len(content))
    content[place : place + 64] = bytes(64 * [170])
    file.write_bytes(content)
    assert kept.load("a") is None


def test_what_was_used_longest_ago_makes_room(tmp_path: Path) -> None:
    Kept(tmp_path).save("size", clip(), [poses()])
    one = (tmp_path / "size.npz").stat().st_size
    kept = Kept(tmp_path, most_bytes=3 * one + 10)
    for number, name in enumerate(("size", "b", "c")):
        kept.save(name, clip(), [poses()])
        os.utime(tmp_path / f"{name}.npz", (number, number))
    assert kept.load("size") is not None  # used now
    kept.save("d", clip(), [poses()])
    assert {path.stem for path in tmp_path.glob("*.npz")} == {"size", "c", "d"}


def test_a_film_is_known_by_its_content_and_what_was_wanted_of_it(tmp_path: Path) -> None:
    video = tmp_path / "a.mp4"
    video.write_bytes(bytes(2_000_000))
    os.utime(video, (1, 1))
    keys = {film_key(video)}
    video.rename(tmp_path / "b.mp4")
    video = tmp_path / "b.mp4"
    assert film_key(video) in keys
    os.utime(video, (2, 2))
    keys.add(film_key(video))
    video.write_bytes(bytes(1_999_999) + b"x")
    os.utime(video, (2, 2))
    keys.add(film_key(video))
    assert len(keys) == 3
    wanted = [
        LiftOptions(),
        LiftOptions(detector="lite"),
        LiftOptions(several=False),
        LiftOptions(with_others=True),
        LiftOptions(rate=120.0),
        LiftOptions(choices=(Choice(1.0, 2.0, 3.0),)),
    ]
    assert len({detection_key("film", each) for each in wanted}) == len(wanted)
    assert detection_key("film", LiftOptions(jobs=3)) == detection_key("film", LiftOptions())
