"""One source kept open: what must hold whatever happens meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.pipeline.board import Board
from app.pipeline.controls import Controls
from app.pipeline.crew import Crew
from app.pipeline.feed import Feed
from app.sources import open_source
from tests.support.av_clips import write_clip


def test_the_clock_goes_on_after_a_failure(tmp_path: Path) -> None:
    """A detector's model that cannot be loaded must not leave the film standing still."""
    path = write_clip(tmp_path / "a.mp4", [0, 33, 66])
    controls = Controls(delay=0, height_m=None, loop=False)
    crew = Crew(failed=print, wake=controls.wake)
    feed = Feed(lambda: open_source(str(path), paced=True), controls, Board(), crew)
    assert feed.open()
    assert feed.next() is not None
    with pytest.raises(ZeroDivisionError), feed.standing_still():
        raise ZeroDivisionError
    frames = iter(feed.next, object())
    assert any(frame is not None for frame, _ in zip(frames, range(4), strict=False))
    feed.close()
    assert crew.join(5.0)
