"""``record`` is killed at random moments; what it leaves opens, with at most a second lost."""

from __future__ import annotations

import os
import random
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from app.recording import rows
from app.recording.listing import interrupted_recordings
from app.recording.reader import Recording
from app.recording.rows import HEADER_BYTES, ROW
from tests.support.program import Program

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs POSIX")

RECORDS_AND_TELLS = """
import sys, time
from app.recording.writer import RecordingWriter
append = RecordingWriter.append
def tell(self, keypoints, frame=None, *, dropped=0):
    append(self, keypoints, frame, dropped=dropped)
    print(keypoints.index, time.monotonic(), flush=True)
RecordingWriter.append = tell
from app.cli import main
sys.exit(main(sys.argv[1:]))
"""


def record_and_kill(
    program: Program, folder: Path, seed: int
) -> tuple[list[tuple[int, float]], float]:
    """Index and moment of each frame handed to the writer, and the moment of SIGKILL."""
    chance = random.Random(seed)
    video = ["--video"] if seed % 2 else []
    with program.start(
        "record", "--source", "performer", "-o", folder / "x", *video,
        code=RECORDS_AND_TELLS, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(chance.uniform(0.02, 4.0))
        process.kill()
        killed_at = time.monotonic()
        lines = [first, *process.stdout]
    pairs = [line.split() for line in lines if line.endswith("\n")]
    return [(int(index), float(moment)) for index, moment in pairs], killed_at


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_killed_at_any_moment(program: Program, out: Path, seed: int) -> None:
    given, killed_at = record_and_kill(program, out, seed)
    path = out / "x.mixpose"
    data = (path / "keypoints.bin").read_bytes()[HEADER_BYTES:]
    whole = np.frombuffer(data, ROW, count=len(data) // ROW.itemsize)
    assert rows.intact(whole).all(), "a row is torn, or out of order"
    assert whole["index"].tolist() == [index for index, _ in given[: len(whole)]]
    lost = [moment for _, moment in given[len(whole) :]]
    assert not lost or killed_at - lost[0] < 1.0
    if not len(whole):  # killed in the first moments
        return
    (entry,) = interrupted_recordings(out)
    assert entry.frames == len(whole)
    recording = Recording.open(path)
    assert "interrupted" in str(recording.recovered)
    assert len(recording.keypoints.time_s) == len(whole)
    if seed % 2:
        missing = [row for row in range(len(whole)) if recording.picture(row) is None]
        assert missing == list(range(len(whole) - len(missing), len(whole))), "only the end"
        assert not missing or killed_at - given[missing[0]][1] < 1.0
