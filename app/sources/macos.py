"""The camera permission of macOS."""

from __future__ import annotations

import os
import threading
from typing import Final

import AVFoundation  # type: ignore[import-not-found,import-untyped,unused-ignore]

from app.errors import SourceError

# OpenCV requests the permission itself, but only from the main thread, and fails in any other ("can
# not spin main run loop from other thread", opencv issue 16427); cameras are opened in a thread.
os.environ.setdefault("OPENCV_AVFOUNDATION_SKIP_AUTH", "1")

ANSWER_LIMIT_S: Final = 60.0
UNDECIDED: Final = 0
ALLOWED: Final = 3


def ask_for_camera() -> None:
    """Return once the user has allowed the camera; the system asks only the first time.

    Raises:
        SourceError: not allowed, now or earlier.
    """
    device, video = AVFoundation.AVCaptureDevice, AVFoundation.AVMediaTypeVideo
    if device.authorizationStatusForMediaType_(video) == UNDECIDED:
        answered = threading.Event()
        device.requestAccessForMediaType_completionHandler_(video, lambda allowed: answered.set())
        answered.wait(ANSWER_LIMIT_S)
    if device.authorizationStatusForMediaType_(video) != ALLOWED:
        raise SourceError(
            "macOS does not let this program use the camera. Allow it in System Settings > "
            "Privacy & Security > Camera for the program this one was started from (Terminal, for "
            "example), then start it again."
        )
