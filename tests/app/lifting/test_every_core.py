"""One film in stretches, side by side: the same poses on any number of cores."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import psutil
import pytest

from app.detection.detector import Detector
from app.lifting import segments
from app.lifting.clip import DetectedClip, Track
from app.lifting.options import LiftOptions
from app.lifting.pool import Pool
from app.lifting.progress import Progress, Stage
from app.lifting.reading import detect_clip
from app.lifting.segments import DetectSegment, Plan
from app.lifting.video_detection import VideoDetection, detect_video
from app.lifting.work import detect
from app.lifting.work_units import Moved
from app.sources import VideoFile
from app.synthetic.performer.source import PerformerSource
from tests.support.clips import write_clip
from tests.support.engines import Inline
from tests.support.processes import spawned
from tests.support.several_people import Acted, Role, act

pytestmark = [pytest.mark.timeout(900)]
FPS = 2
SECONDS = 24
UNMIXED = round(4.5 * FPS)
"""Frames before the first cross-fade, the second half of three seconds' lead-in."""


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The performer for four segments, few frames a second."""
    with PerformerSource((320, 240), FPS, duration_s=SECONDS) as source:
        pictures = [frame.image for frame in iter(source.read, None)]
    return write_clip(tmp_path_factory.mktemp("film") / "a.mp4", pictures, FPS)


LITE = LiftOptions(detector="lite")


def planned(path: Path, seconds: float | None = None) -> Plan:
    with VideoFile(path) as source:
        return segments.plan(path, source, replace(LITE, seconds=seconds))


@pytest.fixture(scope="module")
def one_by_one(video: Path) -> DetectedClip:
    """Without any other process."""
    return detect_video(planned(video), Inline(), LITE)


def check_same(found: Track, expected: Track) -> None:
    for name in Track.__slots__:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), name)


_earlier: set[psutil.Process] = set()
"""Processes of tests in other files that were run before."""


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    _earlier.clear()
    _earlier.update(workers())
    yield
    assert workers() == []


def workers() -> list[psutil.Process]:
    """The processes that detect."""
    return [child for child in spawned() if child not in _earlier]


def test_where_a_film_is_cut_depends_on_its_length_alone(video: Path) -> None:
    whole = planned(video)
    assert [each.start_s for each in whole.segments] == [0, 6, 12, 18]
    assert [each.from_s for each in whole.segments] == [0, 3, 9, 15], "half a segment earlier"
    assert whole.segments[-1].end_s == np.inf
    part = planned(video, seconds=10)
    assert [(each.start_s, each.end_s) for each in part.segments] == [(0, 6), (6, 10)]
    assert (whole.frames, part.frames) == (SECONDS * FPS, 10 * FPS)
    large = 10**9
    assert segments._cuts(None, large) == []
    assert segments._cuts(5.9, large) == []
    assert segments._cuts(10.0, large) == [5.0], "both of two cores"
    assert len(segments._cuts(25.0, large)) == 3, "an even number"
    assert len(segments._cuts(60.0, large)) == 7
    assert len(segments._cuts(3600.0, large)) == 179
    assert segments._cuts(36_000.0, 20_000) == [], "ten hours of next to nothing"


@pytest.mark.slow
def test_the_same_bits_on_any_number_of_cores(video: Path, one_by_one: DetectedClip) -> None:
    told = []
    with VideoFile(video) as source, Pool(3) as pool:
        clip = detect(source, video, replace(LITE, jobs=3), pool, progress=told.append)
    assert clip.complete
    check_same(clip.track, one_by_one.track)
    assert {each.stage for each in told} == {Stage.DETECTING}
    assert [each.frames for each in told] == sorted(each.frames for each in told)


@pytest.mark.slow
def test_nobody_sees_where_it_was_cut(video: Path, one_by_one: DetectedClip) -> None:
    with VideoFile(video) as source:
        times = [frame.time_s for frame in iter(source.read, None)]
    np.testing.assert_array_equal(one_by_one.time_s, times)
    assert one_by_one.track.tracked.all()
    assert set(one_by_one.track.person.tolist()) == {0}
    assert one_by_one.warnings == ()
    with VideoFile(video) as source, Detector("lite") as detector:
        running = detect_clip(source, detector)
    away = one_by_one.track.xy - running.track.xy
    steps = np.linalg.norm(np.diff(away, axis=0), axis=-1).max(axis=1)
    cuts = [int(np.searchsorted(times, cut)) - 1 for cut in (6.0, 12.0, 18.0)]
    assert (steps[:UNMIXED] == 0).all(), "the cross-fade is in the second half of the lead-in"
    # A new detector alone would be 4 to 10 pixels off in its first frame.
    assert steps[cuts].max() < 2.5


@pytest.mark.slow
def test_only_what_is_wanted_is_read(video: Path, one_by_one: DetectedClip) -> None:
    clip = detect_video(planned(video, seconds=10), Inline(), LITE)
    assert len(clip.track) == 10 * FPS
    # Up to the cross-fade, the bits of the whole film.
    check_same(clip.track[:UNMIXED], one_by_one.track[:UNMIXED])


@pytest.mark.slow
def test_a_killed_process_costs_nothing_but_time(video: Path, one_by_one: DetectedClip) -> None:
    with Pool(2) as pool:
        work = VideoDetection(planned(video), pool, LITE)
        killed = False
        while not work.done:
            for event in pool.poll():
                work.poll(event)
                if isinstance(event, Moved) and event.amount > 3 and not killed:
                    killed = True
                    workers()[-1].send_signal(signal.SIGKILL)
    assert killed
    check_same(work.clip().track, one_by_one.track)


@pytest.mark.slow
def test_stopping_keeps_what_has_no_gap(video: Path, one_by_one: DetectedClip) -> None:
    seen: list[Progress] = []

    def enough() -> bool:
        return bool(seen) and seen[-1].frames > 30

    with Pool(2) as pool:
        clip = detect_video(planned(video), pool, LITE, stop=enough, progress=seen.append)
    assert not clip.complete
    assert 0 < len(clip.track) < SECONDS * FPS
    count = min(len(clip.track), UNMIXED)
    check_same(clip.track[:count], one_by_one.track[:count])


@pytest.mark.slow
def test_a_film_that_breaks_off_is_kept_up_to_there_and_it_is_said(
    video: Path, tmp_path: Path
) -> None:
    with VideoFile(video) as source:
        pictures = [frame.image for frame in iter(source.read, None)]
    whole = write_clip(tmp_path / "whole.mkv", pictures, FPS)
    data = whole.read_bytes()
    broken = tmp_path / "broken.mkv"
    broken.write_bytes(data[: len(data) * 6 // 10])
    plan = planned(broken)
    assert len(plan.segments) == 4, "its header says how long it was to be"
    clip = detect_video(plan, Inline(), LITE)
    assert clip.complete
    assert 0.4 * SECONDS * FPS < len(clip.track) < 0.8 * SECONDS * FPS
    assert (np.diff(clip.time_s) > 0).all()
    assert len(clip.warnings) == 1
    assert "cut off after" in clip.warnings[0]


@pytest.mark.slow
def test_damage_in_the_middle_of_a_film_is_said_once(video: Path, tmp_path: Path) -> None:
    with av.open(str(video)) as container:
        packets = [each for each in container.demux(video=0) if each.size]
        start, length = packets[25].pos, packets[25].size
    assert start is not None
    data = bytearray(video.read_bytes())
    data[start : start + length] = bytes(length)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(data)
    clip = detect_video(planned(broken), Inline(), LITE)
    assert SECONDS * FPS / 2 < len(clip.track) < SECONDS * FPS
    (warning,) = clip.warnings
    assert "broken.mp4 is damaged at" in warning
    assert f": {SECONDS * FPS - len(clip.track)} frame" in warning


@pytest.mark.slow
def test_a_film_in_slow_motion_has_its_true_times(video: Path, one_by_one: DetectedClip) -> None:
    slow = replace(LITE, rate=2.0 * FPS, seconds=5.0)
    with VideoFile(video, rate=slow.rate) as source:
        assert source.duration_s == pytest.approx(SECONDS / 2)
        source.seek(5.0)
        frame = source.read()
        assert frame is not None
        assert frame.time_s == pytest.approx(5.0)
        plan = segments.plan(video, source, slow)
    clip = detect_video(plan, Inline(), slow)
    assert clip.rate == 2.0 * FPS
    assert len(clip.time_s) == 5 * 2 * FPS
    times = one_by_one.time_s[: len(clip.time_s)]
    np.testing.assert_allclose(clip.time_s, times / 2, atol=1e-9)


def test_a_file_that_is_gone_is_an_error(video: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone.mp4"
    gone.write_bytes(video.read_bytes())
    plan = planned(gone)
    gone.unlink()
    with pytest.raises(segments.SourceError, match="no file"):
        detect_video(plan, Inline(), LITE)


@pytest.mark.slow
def test_what_was_detected_before_a_file_is_gone_is_kept(
    video: Path, one_by_one: DetectedClip, tmp_path: Path
) -> None:
    gone = tmp_path / "gone.mp4"
    gone.write_bytes(video.read_bytes())
    engine = Inline()
    work = VideoDetection(planned(gone), engine, LITE)
    for _ in range(2):
        for event in engine.poll():
            work.poll(event)
    gone.unlink()
    while not work.done:
        for event in engine.poll():
            work.poll(event)
    clip = work.clip()
    assert clip.complete
    assert len(clip.track) == 12 * FPS, "two segments"
    unmixed = len(clip.track) - 2 * FPS  # up to the next cross-fade
    check_same(clip.track[:unmixed], one_by_one.track[:unmixed])
    (warning,) = clip.warnings
    assert "gone.mp4 could not be read from 12.0 s on. There is no file" in warning


FOLLOWED, LARGER = 0, 1
SLOW = 7


@pytest.fixture(scope="module")
def company() -> Acted:
    """One stands there all the time; another comes nearer until, at the cut, they are larger."""
    return act(
        [
            Role(3, lambda _t: (-0.9, 0.0), steps=0.3),
            Role(5, lambda t: (0.9, min(1.5, -1.2 + 1.5 * t)), steps=0.3),
        ],
        6.0,
    )


@pytest.mark.slow
def test_the_person_followed_is_found_behind_a_cut(company: Acted, tmp_path: Path) -> None:
    # Shown at half their speed, they are enough for two stretches.
    path = write_clip(tmp_path / "two.mp4", company.pictures, SLOW)
    plan = planned(path)
    assert len(plan.segments) == 2
    alone = DetectSegment(plan.segments[1], LITE).run(lambda _amount: None, lambda: False).own
    first = round(plan.segments[1].start_s * SLOW)
    errors = np.array([company.errors(xy, first + row) for row, xy in enumerate(alone.xy)])
    assert np.nanmean(errors[:, LARGER] < errors[:, FOLLOWED]) > 0.9, "else this proves nothing"

    engine = Inline()
    clip = detect_video(plan, engine, LITE)
    assert len(engine.units) == 3, "one stretch was done again"
    assert clip.track.tracked.mean() > 0.9
    for row in np.flatnonzero(clip.track.tracked):
        away = company.errors(clip.track.xy[row], int(row))
        assert away[FOLLOWED] < away[LARGER], row
    assert set(clip.track.person.tolist()) == {0}
