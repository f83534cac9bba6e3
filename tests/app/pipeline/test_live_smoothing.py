"""The live view's smoothing: on the way to the board, from one pose to the next, and no further."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from app.packets import Keypoints2D
from app.pipeline.controls import Controls
from app.pipeline.keypoint_queue import KeypointQueue
from app.pipeline.lifting import Lifting
from app.pipeline.one_euro import OneEuro
from app.pipeline.results import LatestResults
from app.pipeline.threads import WorkerThreads
from models.lifter import Lifter
from models.live import LiveLifter
from tests.support.keypoints import keypoints
from tests.support.waiting import until


class Bench:
    """The lift thread with everything around it but the camera."""

    def __init__(self, lifter: Callable[[], Lifter], *, smooth: bool, delay: int = 0) -> None:
        self.controls = Controls(delay=delay, height_m=None, loop=False, smooth=smooth)
        self.results, self.keypoint_queue = LatestResults(), KeypointQueue()
        self._threads = WorkerThreads(failed=self.results.fail, wake=self.controls.wake)
        lifting = Lifting(
            controls=self.controls,
            results=self.results,
            keypoint_queue=self.keypoint_queue,
            threads=self._threads,
        )
        lifting.load(lifter)
        self._threads.start("lift", lifting.run)

    def shown(self, sight: Keypoints2D, back: int = 0) -> NDArray[np.float32]:
        """The pose on the board once this frame has been lifted."""
        return self._next(sight.index - back, lambda: self.keypoint_queue.put(sight))

    def idle(self, index: int) -> NDArray[np.float32]:
        """The pose on the board once the source stands still at frame ``index``."""
        return self._next(index, self.keypoint_queue.mark_idle)

    def _next(self, index: int, put: Callable[[], None]) -> NDArray[np.float32]:
        before = self.results.snapshot().pose
        put()
        self.controls.wake()
        until(
            lambda: self.results.snapshot().pose not in (before, None),
            f"a pose after frame {index}",
        )
        pose = self.results.snapshot().pose
        assert pose is not None
        assert pose.index == index
        return pose.xyz

    def close(self) -> None:
        self.controls.stop()
        assert self._threads.join(5)


@pytest.fixture
def bench(small_lifter: Callable[[], Lifter]) -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def make(**given: bool | int) -> Bench:
        made.append(Bench(small_lifter, **given))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        each.close()


def restless(count: int) -> list[Keypoints2D]:
    """A person whose joints shake all over the picture."""
    rng = np.random.default_rng(0)
    return [
        replace(each, xy=rng.uniform(0, 480, each.xy.shape).astype(np.float32))
        for each in (keypoints(index) for index in range(count))
    ]


def raw(lifter: Lifter, sights: list[Keypoints2D], delay: int = 0) -> list[NDArray[np.float32]]:
    live, poses = LiveLifter(lifter, delay), []
    for sight in sights:
        live.push(sight.xy, sight.conf, sight.size, sight.time_s, world=sight.world_joints)
        pose = live.lift()
        assert pose is not None
        poses.append(pose.xyz)
    return poses


def test_poses_are_calmed_and_only_if_wanted(
    bench: Callable[..., Bench], small_lifter: Callable[[], Lifter]
) -> None:
    sights = restless(12)
    expected = raw(small_lifter(), sights)
    plain = bench(smooth=False)
    for sight, pose in zip(sights, expected, strict=True):
        np.testing.assert_allclose(plain.shown(sight), pose, atol=1e-6)
    calm, smoother = bench(smooth=True), OneEuro()
    for sight, pose in zip(sights[:8], expected, strict=False):
        wanted = smoother.step(pose, np.ones(17, np.bool_), sight.time_s)
        found = calm.shown(sight)
        np.testing.assert_allclose(found, wanted, atol=1e-6)
    assert np.abs(found - expected[7]).max() > 1e-3, "this shaking has to be calmed"
    calm.controls.smooth = False
    np.testing.assert_allclose(calm.shown(sights[8]), expected[8], atol=1e-6)
    calm.controls.smooth = True
    np.testing.assert_allclose(calm.shown(sights[9]), expected[9], atol=1e-6)


def test_standing_still_shows_the_pose_of_the_picture_and_a_jump_starts_afresh(
    bench: Callable[..., Bench], small_lifter: Callable[[], Lifter]
) -> None:
    sights = restless(10)
    calm = bench(smooth=True, delay=2)
    for number, sight in enumerate(sights[:6]):
        moving = calm.shown(sight, min(number, 2))
    still = calm.idle(5)
    expected = raw(small_lifter(), sights[:6])[5]
    np.testing.assert_allclose(still, expected, atol=1e-6)
    assert np.abs(moving - still).max() > 1e-3
    for sight in sights[6:8]:
        calm.shown(sight, 2)
    calm.keypoint_queue.begin_segment(calm.results.begin_segment())
    # A tenth of a second on: time alone would not tell that the film was moved.
    elsewhere = replace(sights[8], index=11, time_s=sights[7].time_s + 0.1)
    expected = raw(small_lifter(), [elsewhere])[0]
    np.testing.assert_allclose(calm.shown(elsewhere), expected, atol=1e-6)


def test_looking_back_smooths_what_is_shown(
    bench: Callable[..., Bench], small_lifter: Callable[[], Lifter]
) -> None:
    sights, smoother = restless(10), OneEuro()
    expected = raw(small_lifter(), sights, delay=3)
    calm = bench(smooth=True, delay=3)
    for number, sight in enumerate(sights):
        back = min(number, 3)
        found = calm.shown(sight, back)
        if number >= 3:
            time_s = sights[number - back].time_s
            wanted = smoother.step(expected[number], np.ones(17, np.bool_), time_s)
    np.testing.assert_allclose(found, wanted, atol=1e-6)
