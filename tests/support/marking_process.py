"""Records and marks until it is killed: ``python -m tests.support.marking_process FOLDER``.

Prints, for each event, its number and the moment it was marked.
"""

from __future__ import annotations

import itertools
import sys
import time
from dataclasses import replace
from pathlib import Path

from app.recording.writer import RecordingWriter
from tests.support.recordings import CAMERA, SIZE, packet


def main(folder: str) -> None:
    """Record 100 frames a second for ever, and mark every fifth."""
    writer = RecordingWriter.create(Path(folder), "take", source=CAMERA, size=SIZE)
    for index in itertools.count():
        writer.append(replace(packet(index), captured_at=time.perf_counter()))
        if index % 5 == 4:
            made = writer.mark(f"beat {index}")
            assert made is not None
            print(made.number, time.monotonic(), flush=True)
        time.sleep(0.01)


if __name__ == "__main__":
    main(sys.argv[1])
