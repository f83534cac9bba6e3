"""The bounded queue to the lifter."""

from __future__ import annotations

from app.packets import Keypoints2D
from app.pipeline.keypoint_queue import CAPACITY, KeypointQueue
from tests.support.keypoints import keypoints


def indices(found: tuple[Keypoints2D, ...]) -> list[int]:
    return [each.index for each in found]


def test_everything_new_comes_once_in_order() -> None:
    keypoint_queue = KeypointQueue()
    assert not keypoint_queue.has_new
    for n in range(3):
        keypoint_queue.put(keypoints(n))
    assert keypoint_queue.has_new
    assert indices(keypoint_queue.take().keypoints) == [0, 1, 2]
    assert not keypoint_queue.has_new
    assert keypoint_queue.take().keypoints == ()


def test_a_full_inbox_forgets_the_oldest() -> None:
    keypoint_queue = KeypointQueue()
    for n in range(CAPACITY + 5):
        keypoint_queue.put(keypoints(n))
    assert indices(keypoint_queue.take().keypoints) == list(range(5, CAPACITY + 5))


def test_a_new_stretch_leaves_nothing_of_the_old_one() -> None:
    keypoint_queue = KeypointQueue()
    keypoint_queue.put(keypoints(7))
    keypoint_queue.begin_segment(1)
    keypoint_queue.put(keypoints(0))
    batch = keypoint_queue.take()
    assert batch.segment == 1
    assert indices(batch.keypoints) == [0]


def test_standing_still_is_news_once_until_a_frame_comes() -> None:
    keypoint_queue = KeypointQueue()
    keypoint_queue.mark_idle()
    assert keypoint_queue.has_new
    assert keypoint_queue.take().idle
    keypoint_queue.mark_idle()
    assert not keypoint_queue.has_new
    keypoint_queue.put(keypoints(0))
    assert not keypoint_queue.take().idle


def test_a_nudge_is_news_without_frames() -> None:
    keypoint_queue = KeypointQueue()
    keypoint_queue.request_update()
    assert keypoint_queue.has_new
    assert keypoint_queue.take().keypoints == ()
