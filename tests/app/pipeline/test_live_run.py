"""One run of one source: starting, playing, moving about, and what it reports meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.detection.detector import Detector
from app.errors import WeightsError
from app.pipeline import BodyInView, LiveRun, State
from models.level import Level
from models.lifter import Lifter
from tests.support.scripted import ScriptedSource
from tests.support.waiting import remains, until

Make = Callable[..., LiveRun]


def newest(run: LiveRun) -> int:
    keypoints = run.latest().keypoints
    return -1 if keypoints is None else keypoints.index


def posed(run: LiveRun) -> int:
    pose = run.latest().pose
    return -1 if pose is None else pose.index


@pytest.mark.timing
def test_the_picture_comes_before_the_network_is_loaded(
    live_run: Make, small_lifter: Callable[[], Lifter]
) -> None:
    load = threading.Event()

    def slow_lifter() -> Lifter:
        load.wait(20)
        return small_lifter()

    run = live_run(lambda: ScriptedSource(rate=30, live=True), slow_lifter)
    assert run.state is State.STARTING
    began = time.monotonic()
    run.start()
    assert time.monotonic() - began < 0.5, "start waited for something"
    until(lambda: run.latest().frame is not None, "the first picture")
    until(lambda: run.latest().keypoints is not None, "the first keypoints")
    assert run.state is State.RUNNING
    assert run.latest().pose is None
    assert run.latest().stats.device is None
    load.set()
    until(lambda: run.latest().pose is not None, "the first pose")
    assert run.latest().stats.device == "cpu"
    assert run.latest().stats.weights == "small"


@pytest.mark.timing
@pytest.mark.parametrize("live", [True, False])
def test_the_picture_comes_before_the_detector_is_loaded(live_run: Make, live: bool) -> None:
    load = threading.Event()

    def slow_detector() -> Detector:
        load.wait(20)
        return Detector()

    source = ScriptedSource(60, rate=30, live=live, then=TimeoutError() if live else None)
    run = live_run(lambda: source, detector_factory=slow_detector)
    run.start()
    until(lambda: run.latest().frame is not None, "the first picture")
    if live:
        until(lambda: len(source.delivered) > 2, "the next pictures")
    else:
        remains(lambda: len(source.delivered) <= 2, "the file waits", 0.2)
    assert run.state is State.RUNNING
    assert run.latest().keypoints is None
    load.set()
    until(lambda: run.latest().keypoints is not None, "keypoints")
    if not live:
        until(lambda: run.state is State.ENDED, "the end")
        assert source.delivered == list(range(60))


def test_a_pose_carries_the_stamps_of_its_own_frame(live_run: Make) -> None:
    run = live_run(lambda: ScriptedSource(rate=30, live=True), delay=3)
    run.start()
    until(lambda: posed(run) > 5, "poses")
    pose = run.latest().pose
    assert pose is not None
    assert pose.time_s == pytest.approx(pose.index / 30)
    assert pose.captured_at < pose.detected_at < pose.lifted_at
    assert np.isfinite(pose.xyz).all()


def test_the_delay_counts_source_frames_and_can_be_changed(live_run: Make) -> None:
    # Slow enough that every frame is lifted before the next one comes.
    run = live_run(lambda: ScriptedSource(rate=8, live=True), delay=4)
    run.start()
    until(lambda: newest(run) > 5, "a filled window")
    until(lambda: newest(run) - posed(run) == 4, "a pose 4 frames back")
    run.set_delay(0)
    until(lambda: newest(run) == posed(run), "a pose of the newest frame")


def test_overlay_and_picture_are_of_one_frame(live_run: Make) -> None:
    run = live_run(lambda: ScriptedSource(rate=60, live=True))
    run.start()
    until(lambda: newest(run) >= 0, "keypoints")

    def of_one_frame() -> bool:
        shot = run.latest()
        assert shot.frame is not None
        assert shot.keypoints is not None
        return shot.frame.index == shot.keypoints.index

    remains(of_one_frame, "overlay and picture of one frame", 0.5)


def test_a_file_ends_with_the_pose_of_its_last_frame(live_run: Make) -> None:
    source = ScriptedSource(20, rate=60)
    run = live_run(lambda: source)
    run.start()
    until(lambda: run.state is State.ENDED, "the end")
    assert source.delivered == list(range(20))
    until(lambda: posed(run) == 19, "the pose of the last frame")


@pytest.mark.slow
def test_a_loop_begins_again_and_again(live_run: Make) -> None:
    source = ScriptedSource(10, rate=100)
    run = live_run(lambda: source, loop=True)
    run.start()
    until(lambda: len(source.delivered) > 25, "the third round")
    assert source.delivered[:20] == 2 * list(range(10))


def test_the_source_is_described(live_run: Make) -> None:
    run = live_run(lambda: ScriptedSource(60, rate=30))
    run.start()
    until(lambda: run.latest().source is not None, "an open source")
    facts = run.latest().source
    assert facts is not None
    assert (facts.label, facts.live, facts.size) == ("Scripted", False, (320, 240))
    assert facts.rate == 30


@pytest.mark.timing
def test_every_figure_is_measured(live_run: Make) -> None:
    source = ScriptedSource(rate=30, live=True)
    source.dropped = 7
    run = live_run(lambda: source, delay=0)
    before = run.latest().stats
    assert (before.fps, before.detect_ms, before.capture_to_screen_ms) == (0.0, None, None)
    run.start()
    until(lambda: posed(run) >= 0, "a pose")
    first = posed(run)
    # The first poses come late and close together: the figures count the last two seconds.
    until(lambda: posed(run) >= first + 75, "poses of more than two seconds")
    run.shown(posed(run))
    stats = run.latest().stats
    assert 0 < stats.fps < 40
    assert 0 < stats.poses_per_s < 40
    assert stats.detect_ms is not None
    assert stats.lift_ms is not None
    assert stats.capture_to_pose_ms is not None
    assert stats.capture_to_screen_ms is not None
    assert 0 < stats.detect_ms < stats.capture_to_pose_ms
    assert 0 < stats.lift_ms < stats.capture_to_screen_ms
    assert stats.dropped == 7


def test_nobody_in_the_picture(live_run: Make) -> None:
    run = live_run(lambda: ScriptedSource(rate=30, live=True))
    run.start()
    until(lambda: run.latest().body_in_view is BodyInView.NOBODY, "the verdict")


def test_the_network_is_exchanged_while_running(
    live_run: Make, small_weights: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.safetensors"
    other.write_bytes(small_weights.read_bytes().replace(b'"name":"small"', b'"name":"other"'))
    source = ScriptedSource(rate=30, live=True)
    opened: list[ScriptedSource] = []
    run = live_run(lambda: opened.append(source) or source)
    run.start()
    until(lambda: run.latest().stats.weights == "small", "the first network")
    run.set_lifter(lambda: Lifter(other, "cpu"))
    until(lambda: run.latest().stats.weights == "other", "the second network")
    before = posed(run)
    until(lambda: posed(run) > before + 5, "poses from it")
    assert len(opened) == 1


def test_a_network_that_cannot_be_loaded_leaves_the_old_one(live_run: Make) -> None:
    run = live_run(lambda: ScriptedSource(rate=30, live=True))
    run.start()
    until(lambda: posed(run) > 0, "poses")
    run.set_lifter(lambda: Lifter("no-such-weights", "cpu"))
    until(lambda: run.latest().notice is not None, "the notice")
    assert isinstance(run.latest().notice, WeightsError)
    before = posed(run)
    until(lambda: posed(run) > before + 5, "poses from the old one")
    assert run.state is State.RUNNING


@pytest.mark.slow
def test_the_height_rescales_the_pose_also_while_paused(live_run: Make, person: np.ndarray) -> None:
    run = live_run(lambda: ScriptedSource(30, rate=30, picture=person), height_m=1.5)
    run.start()
    until(lambda: posed(run) == 29, "the last pose")
    small = run.latest().pose
    run.set_height(3.0)
    until(lambda: run.latest().pose is not small, "another pose")
    tall = run.latest().pose
    assert small is not None
    assert tall is not None
    np.testing.assert_allclose(tall.xyz, 2.0 * small.xyz, rtol=1e-4, atol=1e-5)


def test_the_level_told_is_that_of_the_next_pose(live_run: Make, person: np.ndarray) -> None:
    told = Level.from_angles(10.0)
    run = live_run(lambda: ScriptedSource(30, rate=30, picture=person), level=told)
    run.start()
    until(lambda: posed(run) == 29, "the last pose")
    pose = run.latest().pose
    assert pose is not None
    assert pose.level is told
    run.set_level(None)
    until(lambda: run.latest().pose is not pose, "another pose")
    last = run.latest().pose
    assert last is not None
    assert last.level is None, "this network does not say where up is"
