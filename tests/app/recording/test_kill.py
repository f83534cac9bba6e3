"""A real process is killed while it records; what it leaves opens."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from app.recording.listing import list_recordings
from app.recording.reader import Recording
from tests.support.recordings import packet

REPOSITORY = Path(__file__).parents[3]


def record_and_kill(folder: Path, video: str, after_s: float) -> list[float]:
    """The moments at which each frame was handed over, up to SIGKILL."""
    command = [sys.executable, "-m", "tests.support.recording_process", str(folder), video]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(after_s)
        process.kill()
        lines = [first, *process.stdout]
    return [float(line.split()[1]) for line in lines if line.endswith("\n")]


@pytest.mark.parametrize("seed", range(6))
def test_killed_at_any_moment_at_most_a_second_is_lost(tmp_path: Path, seed: int) -> None:
    after_s = random.Random(seed).uniform(0.02, 1.6)
    video = "video" if seed % 2 else "-"
    moments = record_and_kill(tmp_path, video, after_s)
    (entry,) = list_recordings(tmp_path)
    assert not entry.finished
    lost_s = moments[-1] - moments[min(entry.frames, len(moments)) - 1] if entry.frames else after_s
    assert lost_s < 1.0
    if not entry.frames:  # killed within the first moments
        return
    recording = Recording.open(entry.path)
    assert recording.recovered is not None
    assert "interrupted" in recording.recovered
    kept = recording.keypoints
    assert kept.index.tolist() == list(range(len(kept.index)))
    for row in range(len(kept.index)):
        np.testing.assert_array_equal(kept.xy[row], packet(row).xy)
        np.testing.assert_array_equal(kept.landmarks[row], packet(row).landmarks)
    if video == "video":
        assert_pictures_are_of_their_rows(recording)


def assert_pictures_are_of_their_rows(recording: Recording) -> None:
    last = len(recording.keypoints.index) - 1
    lost = 0
    for row in range(last, -1, -1):
        found = recording.picture(row)
        if found is None:
            lost += 1
            continue
        assert abs(float(found[..., 1].mean()) - (row * 8) % 256) < 3
    assert lost <= 100, "a second's worth at 100 frames/s"
