"""FFmpeg as it comes inside OpenCV: kept quiet, and with limits on how long it may wait."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import cv2

# A damaged frame makes FFmpeg write dozens of lines to the terminal ("error while decoding MB 14
# 10"), and OpenCV one per camera or stream that does not open.  All of that reaches the user as a
# sentence of ours.  Both look at these variables when the first capture opens, not at import;
# -8 is AV_LOG_QUIET.  Whoever sets them wants the lines.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
if "OPENCV_LOG_LEVEL" not in os.environ:
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
# V4L2 waits 10 s for a picture of a camera that has gone; the grabbing thread lives as long.
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "3")

OPEN_TIMEOUT_S: Final = 6.0
READ_TIMEOUT_S: Final = 3.0


def open_file(path: Path) -> cv2.VideoCapture:
    """Return a capture on a video file; whether it opened is for the caller to ask."""
    # Without "file:" FFmpeg takes "http:x.mp4" or "concat:…" in the current folder for a protocol.
    return cv2.VideoCapture(f"file:{path}", cv2.CAP_FFMPEG)


def open_url(url: str) -> cv2.VideoCapture:
    """Return a capture on a network stream, whose calls wait no longer than the limits above."""
    limits = [
        cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
        int(OPEN_TIMEOUT_S * 1000),
        cv2.CAP_PROP_READ_TIMEOUT_MSEC,
        int(READ_TIMEOUT_S * 1000),
        # FFmpeg decodes as many frames at once as it has threads and hands out the oldest: H.264
        # over RTSP at 25/s came after 41 ms with one thread, 163 ms with four, 324 ms with eight.
        cv2.CAP_PROP_N_THREADS,
        1,
    ]
    return cv2.VideoCapture(url, cv2.CAP_FFMPEG, limits)
