"""Nothing of a motion goes on from one person to the next, on any way that lifts at full
quality."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from app.detection.detector import Detector
from app.detection.models import Size
from app.export.constant_rate import at_constant_rate
from app.export.video.view_pane import StandingFigure
from app.lifting.clip import DetectedClip, lift_clip
from app.lifting.options import LiftOptions
from app.lifting.reading import detect_clip
from app.lifting.recordings import lift_recording
from app.motion.bones import bone_lengths
from app.motion.data import FILLED, MISSING, Event, MotionData
from app.motion.placement.placing import place
from app.motion.processing import process
from app.motion.processing_options import Processing
from app.motion.selection import Selection, select
from app.packets import OTHER_PERSON, Frame, Keypoints2D, PeopleInView
from app.recording.meta import SourceInfo
from app.recording.reader import Recording
from app.recording.writer import RecordingWriter
from models.lifter import Lifter
from models.skeleton import JOINT
from tests.support.motion import motion
from tests.support.performed import Performed, performed
from tests.support.recordings import packet
from tests.support.scripted import ScriptedSource

COUNT, CHANGE = 60, 30
WRIST = JOINT["left_wrist"]
NOT_SEEN = slice(CHANGE - 2, CHANGE + 2)


@pytest.fixture(scope="module")
def lifter() -> Lifter:
    torch.set_num_threads(1)
    return Lifter(device="cpu")


@cache
def acted() -> NDArray[np.float32]:
    """(30, 17, 2) pixels of one person."""
    return performed(0, begin_s=2.0, seconds=1.0).data.xy


def seen(index: int) -> Keypoints2D:
    """One person on the left, then another of half the size on the right; for a moment before and
    after the change a wrist is hidden."""
    one = acted()
    xy = one[index] if index < CHANGE else 0.5 * one[index - CHANGE] + (300.0, 100.0)
    conf = np.full(17, 0.95, np.float32)
    conf[WRIST] = 0.05 if NOT_SEEN.start <= index < NOT_SEEN.stop else 0.95
    return replace(
        packet(index, size=(640, 480)),
        tracked=True,
        xy=xy.astype(np.float32),
        conf=conf,
        people_in_view=PeopleInView(followed=int(index >= CHANGE), chosen=False),
    )


@pytest.fixture(scope="module")
def packets() -> list[Keypoints2D]:
    return [seen(index) for index in range(COUNT)]


class TwoPeople(Detector):
    """Finds what was prepared for each frame."""

    size: Size = "full"

    def __init__(self, prepared: Sequence[Keypoints2D]) -> None:
        self._prepared = prepared

    def detect(self, frame: Frame) -> Keypoints2D:
        return self._prepared[frame.index]

    def close(self) -> None:
        pass


def detected(packets: Sequence[Keypoints2D]) -> DetectedClip:
    picture = np.zeros((480, 640, 3), np.uint8)
    return detect_clip(ScriptedSource(len(packets), picture=picture), TwoPeople(packets))


TOLD = LiftOptions(camera_pitch_deg=10.0)
"""Where up is is told: found out, it is the same for both."""


def by_clip(packets: Sequence[Keypoints2D], lifter: Lifter, _folder: Path) -> MotionData:
    return lift_clip(detected(packets), lifter, level=TOLD.level)


def recorded(packets: Sequence[Keypoints2D], folder: Path) -> Recording:
    writer = RecordingWriter.create(
        folder, "two", source=SourceInfo("two", True, 30.0), size=(640, 480)
    )
    for each in packets:
        writer.append(each)
    return Recording.open(writer.close())


def by_recording(packets: Sequence[Keypoints2D], lifter: Lifter, folder: Path) -> MotionData:
    recording = recorded(packets, folder)
    lift_recording(recording, lifter, TOLD)
    return MotionData.from_recording(Recording.open(recording.path))


@pytest.mark.parametrize("motion_of", [by_clip, by_recording])
def test_two_people_are_lifted_as_each_alone(
    motion_of: Callable[[Sequence[Keypoints2D], Lifter, Path], MotionData],
    packets: list[Keypoints2D],
    lifter: Lifter,
    tmp_path: Path,
) -> None:
    both = motion_of(packets, lifter, tmp_path)
    assert both.people == (slice(0, CHANGE), slice(CHANGE, COUNT))
    for number, part in enumerate(both.people):
        alone = [replace(each, people_in_view=PeopleInView()) for each in packets[part]]
        one = motion_of(alone, lifter, tmp_path / str(number))
        np.testing.assert_allclose(both.xyz[part], one.xyz, atol=1e-5)
        np.testing.assert_array_equal(both.state[part], one.state)
    assert set(both.state[NOT_SEEN, WRIST]) == {MISSING}


def test_of_one_person_the_same_gap_is_bridged(packets: list[Keypoints2D], lifter: Lifter) -> None:
    one = [replace(each, people_in_view=PeopleInView()) for each in packets]
    assert set(lift_clip(detected(one), lifter).state[NOT_SEEN, WRIST]) == {FILLED}


def test_a_clip_says_from_when_on_it_is_another(packets: list[Keypoints2D]) -> None:
    clip = detected(packets)
    np.testing.assert_array_equal(clip.track.others_from, [CHANGE])
    assert clip.warnings == ("The person followed was lost; from 1.0 s on it is another.",)
    np.testing.assert_array_equal(clip.track.person, np.arange(COUNT) >= CHANGE)


def test_an_event_of_the_last_frame_has_its_time(
    packets: list[Keypoints2D], tmp_path: Path
) -> None:
    writer = RecordingWriter.create(
        tmp_path, "two", source=SourceInfo("two", True, 30.0), size=(640, 480)
    )
    assert writer.mark(OTHER_PERSON, last_frame=True) is None
    for each in packets:
        writer.append(each)  # captured long ago
        if each.index == CHANGE:
            writer.mark(OTHER_PERSON, last_frame=True)
    writer.close()
    (mark,) = Recording.open(writer.path).events.marks
    assert mark.time_s == pytest.approx(CHANGE / 30, abs=1e-6)


def joined(one: MotionData, other: MotionData) -> MotionData:
    """One motion after the other, as of two people."""
    arrays = {
        name: np.concatenate([getattr(one, name), getattr(other, name)])
        for name in ("tracked", "xyz", "conf", "filled", "missing", "swapped", "xy")
    }
    count = len(one.frame) + len(other.frame)
    return replace(
        one,
        frame=np.arange(count),
        time_s=np.arange(count) / 30,
        person=np.repeat([4, 5], [len(one.frame), len(other.frame)]),
        **arrays,
    )


@pytest.fixture(scope="module")
def two() -> tuple[Performed, Performed]:
    """The same room, seen by one camera: somebody, then somebody else 1.5 m aside."""
    first = performed(0, begin_s=6.0, seconds=4.0)
    aside = np.tile([1.0, 0.0, -1.5], (120, 1))
    return first, performed(3, begin_s=3.0, seconds=4.0, camera=first.camera, moved=aside)


@pytest.fixture(scope="module")
def both(two: tuple[Performed, Performed]) -> MotionData:
    return joined(two[0].data, two[1].data)


@pytest.mark.parametrize("wanted", [Processing(smooth_hz=4.0), Processing(rigid_bones=True)])
def test_smoothing_and_rigid_bones_treat_each_alone(
    both: MotionData, two: tuple[Performed, Performed], wanted: Processing
) -> None:
    done = process(both, wanted)
    for part, scene in zip(both.people, two, strict=True):
        alone = process(scene.data, wanted)
        np.testing.assert_allclose(done.xyz[part], alone.xyz, atol=1e-6)
    parameters = done.provenance.smoothing["parameters"]
    assert isinstance(parameters, dict)
    if wanted.rigid_bones:
        legs = [each["left_knee"] for each in parameters["bone_lengths_m"]]
        own = [bone_lengths(s.data.xyz, s.data.seen)[JOINT["left_knee"]] for s in two]
        assert legs == pytest.approx(own, abs=1e-4)
        assert abs(legs[0] - legs[1]) > 0.005


def test_a_known_bone_is_that_of_the_person_followed_the_longest(
    two: tuple[Performed, Performed],
) -> None:
    shorter = select(two[0].data, Selection(0.0, 2.0))
    both = joined(shorter, two[1].data)
    done = process(both, Processing(bone=("thigh", 0.5)))
    part = both.people[1]
    found = bone_lengths(done.xyz[part], done.seen[part])[JOINT["left_knee"]]
    assert found == pytest.approx(0.5, abs=1e-4)


def test_each_is_placed_where_they_are_up_to_the_change(
    both: MotionData, two: tuple[Performed, Performed]
) -> None:
    placed = place(both, fov_deg=two[0].fov_deg)
    found = two[0].placed_pelvis(placed)
    true = np.concatenate([scene.true_pelvis for scene in two])
    off = np.linalg.norm(found - true, axis=1)
    change = both.people[1].start
    assert np.linalg.norm(true[change] - true[change - 1]) > 1.0
    assert off[change - 3 : change + 3].max() < 0.1
    ankles = placed.xyz[change - 3 : change + 3] - both.xyz[change - 3 : change + 3]
    assert np.abs(ankles).max() < 0.1, "a foot is held where the other's stood"


def test_a_part_that_is_selected_knows_its_people(both: MotionData) -> None:
    part = select(both, Selection(1.0, 5.0))
    assert part.people == (slice(0, 90), slice(90, 121))


def test_no_line_is_drawn_between_two_people() -> None:
    data = motion(4)
    nothing = np.zeros_like(data.missing)
    data = replace(
        data,
        time_s=np.array([0.0, 0.02, 0.07, 0.1]),
        missing=nothing,
        filled=nothing,
        person=np.array([0, 0, 1, 1]),
    )
    even = at_constant_rate(data)
    assert even.resampled
    time_s = np.arange(len(even.xyz)) / even.rate
    between = (time_s > 0.0201) & (time_s < 0.0699)
    assert between.any()
    np.testing.assert_array_equal(np.isnan(even.xyz[:, 0, 0]), between)


def test_the_films_camera_cuts_from_one_to_the_other(
    both: MotionData, two: tuple[Performed, Performed]
) -> None:
    placed = place(both, fov_deg=two[0].fov_deg)
    stand, change = StandingFigure(placed), both.people[1].start
    assert stand.goes_along
    assert placed.root is not None
    for row in (change - 1, change):
        eye, other = (np.array(stand.view(each).target) for each in (row, 2 * change - 1 - row))
        here = placed.root[row, [0, 2]]
        away, far = (np.linalg.norm(place_[[0, 2]] - here) for place_ in (eye, other))
        assert away < 0.3 < far


def test_an_event_stays_with_its_frame(both: MotionData) -> None:
    marked = replace(both, events=(Event(4.0, OTHER_PERSON),))
    assert select(marked, Selection(4.0, 5.0)).events == (Event(0.0, OTHER_PERSON),)
