"""Records until it is killed: ``python -m tests.support.recording_process FOLDER VIDEO``.

Prints, for each frame, its index and the moment it was handed over; VIDEO is ``video`` or ``-``.
"""

from __future__ import annotations

import itertools
import sys
import time
from pathlib import Path

from app.recording.writer import RecordingWriter
from tests.support.recordings import CAMERA, SIZE, packet, picture


def main(folder: str, video: str) -> None:
    """Record 100 frames a second for ever."""
    keep = video == "video"
    writer = RecordingWriter.create(Path(folder), "take", source=CAMERA, size=SIZE, keep_video=keep)
    for index in itertools.count():
        writer.append(packet(index), picture(index) if keep else None)
        print(index, time.monotonic(), flush=True)
        time.sleep(0.01)


if __name__ == "__main__":
    main(*sys.argv[1:])
