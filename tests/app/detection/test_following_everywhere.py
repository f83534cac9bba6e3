"""Whom to follow holds for a whole clip, and for what is seen live and recorded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.detection import person_tracker
from app.detection.detector import Detector
from app.detection.person_tracker import Choice
from app.lifting.reading import detect_clip
from app.packets import OTHER_PERSON, Frame, Keypoints2D
from app.pipeline import LiveRun, State
from app.recording.meta import SourceInfo
from app.recording.reader import Recording
from app.recording.writer import RecordingWriter
from app.sources import open_source
from tests.support.clips import write_clip
from tests.support.several_people import BEHIND, NEAR, RATE, SIZE, Acted, crossing
from tests.support.waiting import until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def acted() -> Acted:
    return crossing()


@pytest.fixture(scope="module")
def film(acted: Acted, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "two.mp4"
    return write_clip(path, acted.pictures, rate=round(RATE))


def people(acted: Acted, xy: np.ndarray, tracked: np.ndarray) -> list[int]:
    """Whose joints the tracked rows hold."""
    return [int(acted.errors(xy[row], row).argmin()) for row in np.flatnonzero(tracked)]


def test_a_clip_follows_whom_it_was_told_to(acted: Acted, film: Path) -> None:
    x, y = acted.joints[BEHIND, 6, 7]
    with open_source(str(film)) as source, Detector(choices=[Choice(x, y, 0.4)]) as detector:
        clip = detect_clip(source, detector)
    assert people(acted, clip.track.xy[:6], clip.track.tracked[:6]) == [NEAR] * 6
    rest = clip.track.tracked.copy()
    rest[:6] = False
    assert set(people(acted, clip.track.xy, rest)) == {BEHIND}
    assert clip.time_s[clip.track.others_from] == pytest.approx([0.4], abs=0.01)
    assert clip.warnings == ()


def test_a_clip_says_that_somebody_was_lost(
    acted: Acted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(person_tracker, "LOST_S", 0.6)
    pictures = [*acted.pictures[:12], *acted.alone[NEAR][12:36]]
    film = write_clip(tmp_path / "gone.mp4", pictures, rate=round(RATE))
    x, y = acted.joints[BEHIND, 6, 7]
    with open_source(str(film)) as source, Detector(choices=[Choice(x, y, 0.4)]) as detector:
        clip = detect_clip(source, detector)
    others_from = clip.time_s[clip.track.others_from].tolist()
    assert len(others_from) == 2
    assert [f"{time_s:.1f} s" in clip.warnings[0] for time_s in others_from] == [False, True]


class Noting(Detector):
    """Notes what it finds."""

    def __init__(self, found: list[Keypoints2D]) -> None:
        super().__init__()
        self._found = found

    def detect(self, frame: Frame) -> Keypoints2D:
        self._found.append(super().detect(frame))
        return self._found[-1]


def test_a_film_that_is_looped_follows_the_person_clicked_from_that_moment_on_each_time(
    acted: Acted, film: Path
) -> None:
    found: list[Keypoints2D] = []
    run = LiveRun(
        lambda: open_source(str(film), paced=True),
        None,
        detector_factory=lambda: Noting(found),
        loop=True,
    )
    run.start()
    try:
        until(lambda: bool(found) and 0.5 < found[-1].time_s < 1.0, "half a second", 60)
        chosen_s = found[-1].time_s
        x, y = acted.joints[BEHIND, round(chosen_s * RATE), 7]
        run.choose_person(float(x), float(y), chosen_s)
        until(lambda: len(starts(found)) > 3, "the third round", 60)
    finally:
        run.stop()
    second, third, fourth = starts(found)[:3]
    for rows in (found[second:third], found[third:fourth]):
        tracked = [each for each in rows if each.tracked]
        early = [each for each in tracked if each.time_s < chosen_s - 0.01]
        late = [each for each in tracked if each.time_s > chosen_s + 0.3]
        assert {who(acted, each) for each in early} == {NEAR}
        assert {who(acted, each) for each in late} == {BEHIND}


def starts(found: list[Keypoints2D]) -> list[int]:
    """Where each round but the first begins."""
    times = [each.time_s for each in found]
    return [row for row in range(1, len(times)) if times[row] < times[row - 1]]


def who(acted: Acted, keypoints: Keypoints2D) -> int:
    return int(acted.errors(keypoints.xy, round(keypoints.time_s * RATE)).argmin())


def test_what_is_recorded_is_the_person_clicked_and_says_so(
    acted: Acted, film: Path, tmp_path: Path
) -> None:
    run = LiveRun(lambda: open_source(str(film), paced=True), None)
    writer = RecordingWriter.create(
        tmp_path, "two", source=SourceInfo("two", False, RATE), size=SIZE, keep_video=False
    )
    run.start_recording(writer)
    run.start()
    try:
        until(lambda: run.latest().keypoints is not None, "the first joints", 60)
        seen = run.latest().keypoints
        assert seen is not None
        x, y = acted.joints[BEHIND, round(seen.time_s * RATE), 7]
        run.choose_person(float(x), float(y), seen.time_s)
        until(lambda: run.state is State.ENDED, "the end", 60)
    finally:
        held = run.stop_recording()
        run.stop()
    assert held is writer
    recorded = Recording.open(writer.close())
    (mark,) = recorded.events.marks
    assert mark.label == OTHER_PERSON
    rows = recorded.keypoints
    whose = [
        int(acted.errors(xy, round(time_s * RATE)).argmin())
        for xy, time_s in zip(rows.xy[rows.tracked], rows.time_s[rows.tracked], strict=True)
    ]
    first = whose.index(BEHIND)
    assert first > 0
    assert set(whose[first:]) == {BEHIND}
    (change,) = np.flatnonzero(np.diff(rows.person)) + 1
    assert change == np.flatnonzero(rows.tracked)[first]
    assert mark.time_s == pytest.approx(rows.time_s[change], abs=1e-6)
