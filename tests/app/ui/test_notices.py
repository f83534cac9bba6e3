from __future__ import annotations

from app.pipeline import BodyInView
from app.ui import notices
from app.ui.notices import InViewHints


def hints_over(sights: list[tuple[float, BodyInView | None]], until_s: float) -> list[str]:
    """The hint at every tenth of a second; ``sights`` are (from when, what)."""
    hints, said = InViewHints(), []
    for tenth in range(round(until_s * 10)):
        now = tenth / 10
        sight = [what for since, what in sights if since <= now][-1]
        said.append(hints.step(sight, now))
    return said


def test_nobody_in_view_is_said_after_a_moment_and_stays() -> None:
    said = hints_over([(0, BodyInView.NOBODY)], 20)
    assert said[5] == ""
    assert "step back until your hips are visible" in said[15]
    assert said[-1] == said[15]


def test_a_short_miss_does_not_flicker() -> None:
    said = hints_over([(0, BodyInView.WHOLE), (1, BodyInView.NOBODY), (1.5, BodyInView.WHOLE)], 5)
    assert set(said) == {""}


def test_hidden_legs_are_mentioned_once() -> None:
    again = [(0, BodyInView.UPPER_BODY), (4, BodyInView.WHOLE), (8, BodyInView.UPPER_BODY)]
    said = hints_over(again, 30)
    assert "legs" in said[20]
    assert set(said[50:]) == {""}


def test_hidden_legs_are_not_mentioned_for_ever() -> None:
    said = hints_over([(0, BodyInView.UPPER_BODY)], 60)
    assert "legs" in said[20]
    assert set(said[150:]) == {""}


def test_an_error_becomes_a_title_and_what_to_do() -> None:
    error = "The camera is used by another program. Close that program, then try again."
    notice = notices.failed(error, no_camera=False)
    assert notice.title == "The camera is used by another program"
    assert notice.body == "Close that program, then try again."
    assert notices.Action.RETRY in [button.action for button in notice.buttons]


def test_without_any_camera_everything_else_is_offered() -> None:
    notice = notices.failed("There is no camera number 0.", no_camera=True)
    offered = {button.action for button in notice.buttons}
    assert {notices.Action.OPEN_FILE, notices.Action.OPEN_URL, notices.Action.PERFORMER} <= offered
