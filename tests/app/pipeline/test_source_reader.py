"""One source kept open: what must hold whatever happens meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.pipeline.controls import Controls
from app.pipeline.results import LatestResults
from app.pipeline.source_reader import SourceReader
from app.pipeline.threads import WorkerThreads
from app.sources import open_source
from tests.support.av_clips import write_clip


def test_the_clock_goes_on_after_a_failure(tmp_path: Path) -> None:
    """A detector's model that cannot be loaded must not leave the film standing still."""
    path = write_clip(tmp_path / "a.mp4", [0, 33, 66])
    controls = Controls(delay=0, height_m=None, loop=False)
    threads = WorkerThreads(failed=print, wake=controls.wake)
    reader = SourceReader(
        lambda: open_source(str(path), paced=True), controls, LatestResults(), threads
    )
    assert reader.open()
    assert reader.next() is not None
    with pytest.raises(ZeroDivisionError), reader.standing_still():
        raise ZeroDivisionError
    frames = iter(reader.next, object())
    assert any(frame is not None for frame, _ in zip(frames, range(4), strict=False))
    reader.close()
    assert threads.join(5.0)
