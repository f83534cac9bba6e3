from __future__ import annotations

import dataclasses

import pytest

from app.detection.models import Size
from app.pipeline import Stats
from app.ui import words

STATS = Stats(
    fps=29.97,
    poses_per_s=18.2,
    detector_size="full",
    detect_ms=16.4,
    lift_ms=24.1,
    capture_to_pose_ms=70.0,
    capture_to_screen_ms=88.3,
    dropped=3,
    device="cpu",
    weights="mixpose-s",
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "00:00.0"),
        (12.44, "00:12.4"),
        (59.99, "00:59.9"),
        (75.25, "01:15.2"),
        (3723.9, "1:02:03"),
        (-1, "00:00.0"),
    ],
)
def test_clock_never_shows_sixty_seconds(seconds: float, text: str) -> None:
    assert words.clock(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (7.9, "0:07"), (192.4, "3:12"), (3723.9, "1:02:03")]
)
def test_a_length_in_a_sentence(seconds: float, text: str) -> None:
    assert words.length(seconds) == text


def test_the_status_line_says_it_all_in_order() -> None:
    texts = [segment.text.replace(words.NARROW_SPACE, " ") for segment in words.status(STATS, 97)]
    assert texts == [
        "30.0 fps",
        "2D 16 ms",
        "3D 24 ms",
        "screen 88 ms",
        "CPU",
        "mixpose-s",
        "3% skipped",
    ]
    assert all(segment.explained for segment in words.status(STATS))


@pytest.mark.parametrize(
    ("size", "model", "why"),
    [
        ("lite", "faster", "this computer is too slow"),
        ("heavy", "most accurate", "this computer has time enough"),
    ],
)
def test_an_unusual_detector_is_said_and_why(size: Size, model: str, why: str) -> None:
    stats = dataclasses.replace(STATS, detector_size=size)
    chosen, suited = words.status(stats)[1], words.status(stats, detector_automatic=True)[1]
    assert suited.text == chosen.text == f"2D 16{words.NARROW_SPACE}ms, {model}"
    assert "as chosen in Settings" in chosen.explained
    assert why in suited.explained


def test_what_was_not_measured_is_not_shown() -> None:
    nothing = dataclasses.replace(
        STATS, detect_ms=None, lift_ms=None, capture_to_screen_ms=None, device=None, weights=None
    )
    assert [segment.text for segment in words.status(nothing)] == ["30.0 fps"]


@pytest.mark.parametrize(
    ("dropped", "text", "recorded"),
    [
        (0, "no picture skipped", "no picture skipped"),
        (10, "10% skipped", "10% skipped"),
        (44, "44% skipped", "44% not recorded: choose a faster model"),
    ],
)
def test_skipped_pictures_alarm_only_who_records(dropped: int, text: str, recorded: str) -> None:
    stats = dataclasses.replace(STATS, dropped=dropped)
    watching = words.status(stats, 100 - dropped)[-1]
    recording = words.status(stats, 100 - dropped, recording=True)[-1]
    assert (watching.text, recording.text) == (text, recorded)
    assert not watching.warn
    assert recording.warn is (dropped == 44)
    if dropped:
        assert f"{dropped} pictures" in watching.explained
    if dropped == 44:
        assert "in Settings" in watching.explained
        smallest = dataclasses.replace(stats, detector_size="lite")
        assert "a smaller picture" in words.status(smallest, 56)[-1].explained


def test_megabytes_are_an_estimate() -> None:
    assert [words.megabytes(value) for value in (2.0, 52.9, 166.0)] == ["2 MB", "55 MB", "170 MB"]


def test_a_gpu_that_was_asked_for_and_is_missing_is_pointed_out() -> None:
    warned = [segment for segment in words.status(STATS, gpu_wanted=True) if segment.warn]
    assert [segment.text for segment in warned] == ["CPU, no GPU"]
    assert not [segment for segment in words.status(STATS) if segment.warn]
    used = words.status(dataclasses.replace(STATS, device="cuda:0"), gpu_wanted=True)
    assert "GPU" in [segment.text for segment in used]


def test_the_delay_is_told_in_milliseconds_where_the_rate_is_known() -> None:
    assert "67 ms" in words.delay(2, 30.0)
    assert "ms" not in words.delay(2, None)
    assert "1 frame," in words.delay(1, 30.0)
    assert "Fastest" in words.delay(0, 30.0)


@pytest.mark.parametrize(("seconds", "text"), [(12, "12 s"), (180, "3 min"), (7200, "2 h")])
def test_spans(seconds: float, text: str) -> None:
    assert words.span(seconds) == text
