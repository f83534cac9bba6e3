"""The bounded road to the lifter."""

from __future__ import annotations

from app.packets import Keypoints2D
from app.pipeline.inbox import CAPACITY, Inbox
from tests.support.keypoints import keypoints


def indices(found: tuple[Keypoints2D, ...]) -> list[int]:
    return [each.index for each in found]


def test_everything_new_comes_once_in_order() -> None:
    inbox = Inbox()
    assert not inbox.news
    for n in range(3):
        inbox.put(keypoints(n))
    assert inbox.news
    assert indices(inbox.take().keypoints) == [0, 1, 2]
    assert not inbox.news
    assert inbox.take().keypoints == ()


def test_a_full_inbox_forgets_the_oldest() -> None:
    inbox = Inbox()
    for n in range(CAPACITY + 5):
        inbox.put(keypoints(n))
    assert indices(inbox.take().keypoints) == list(range(5, CAPACITY + 5))


def test_a_new_stretch_leaves_nothing_of_the_old_one() -> None:
    inbox = Inbox()
    inbox.put(keypoints(7))
    inbox.break_off(1)
    inbox.put(keypoints(0))
    delivery = inbox.take()
    assert delivery.stretch == 1
    assert indices(delivery.keypoints) == [0]


def test_standing_still_is_news_once_until_a_frame_comes() -> None:
    inbox = Inbox()
    inbox.settle()
    assert inbox.news
    assert inbox.take().settled
    inbox.settle()
    assert not inbox.news
    inbox.put(keypoints(0))
    assert not inbox.take().settled


def test_a_nudge_is_news_without_frames() -> None:
    inbox = Inbox()
    inbox.nudge()
    assert inbox.news
    assert inbox.take().keypoints == ()
