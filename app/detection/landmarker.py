"""One task of MediaPipe's pose landmarker: pictures in, one person's landmarks out."""

from __future__ import annotations

import importlib
import logging
import sys
from contextlib import nullcontext
from functools import cache
from types import ModuleType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.detection.models import Size
from app.detection.native_lines import off_the_terminal
from app.detection.person import Person

# Measured on real and rendered clips.  With lower thresholds furniture is tracked as a person (in
# four of four rooms at 0.3, in one at 0.5); with higher ones people are lost: a person in the dark
# is detected in 158 of 187 frames at 0.5 and in none at 0.6, one a fifth as large in 78 and 58.
_THRESHOLD: Final = 0.5

_log = logging.getLogger(__name__)


class Landmarker:
    """A running MediaPipe task for one person.

    Args:
        content: the model bundle.
        size: of the model in it.
        follow: whether the pictures are frames of a video, in which the person is tracked and the
            landmarks are smoothed; otherwise each picture is independent.

    Raises:
        ImportError, OSError, RuntimeError, ValueError: MediaPipe does not start.
    """

    def __init__(self, content: bytes, size: Size, *, follow: bool) -> None:
        with off_the_terminal():
            self._task: Any = _start(content, follow=follow)
        self._found_somebody = False
        self._size = size
        self._follow = follow
        self._clock_ms = 0

    def run(self, image: NDArray[np.uint8], step_ms: int = 1) -> Person | None:
        """Find a person in (height, width, 3) RGB, ``step_ms`` > 0 after the previous picture.

        Raises:
            RuntimeError, ValueError: MediaPipe failed.
        """
        mp = import_mediapipe()
        picture = mp.Image(image_format=mp.ImageFormat.SRGB, data=image)
        # Each of its networks prints when it first runs; the last runs once a person is in view.
        with nullcontext() if self._found_somebody else off_the_terminal():
            result = self._detect(picture, step_ms)
        if not result.pose_landmarks:
            return None
        self._found_somebody = True
        height, width = image.shape[:2]
        landmarks = [
            (p.x * width, p.y * height, p.z * width, p.visibility, p.presence)
            for p in result.pose_landmarks[0]
        ]
        world = [(p.x, p.y, p.z) for p in result.pose_world_landmarks[0]]
        return Person(np.array(landmarks, np.float32), np.array(world, np.float32), self._size)

    def _detect(self, picture: Any, step_ms: int) -> Any:
        if not self._follow:
            return self._task.detect(picture)
        # MediaPipe's timestamps must increase, whatever the source's do.
        self._clock_ms += step_ms
        return self._task.detect_for_video(picture, self._clock_ms)

    def close(self) -> None:
        """Free the task."""
        try:
            with off_the_terminal():
                self._task.close()
        except (RuntimeError, ValueError) as error:
            # A task that failed on a picture reports the same error again when it is closed.
            _log.warning("MediaPipe did not close cleanly: %s", error)
            # Its destructor would close it a second time and hang; this disables all its calls.
            self._task._lib.close()


class _Later(ModuleType):
    """Stands in for a module that is imported when one of its attributes is first used."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:  # another thread asks, in the middle of it
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


@cache
def import_mediapipe() -> Any:
    """Import MediaPipe without its plotting and audio modules, which are imported if ever used.

    Pyplot and sounddevice take half of the import's 0.7 s of CPU time, and in a new account, where
    pyplot first scans all fonts, two thirds of 1.2 s; sounddevice also opens the sound device.
    """
    unused = {
        name: _Later(name)
        for name in ("matplotlib.pyplot", "sounddevice")
        if name not in sys.modules
    }
    sys.modules.update(unused)
    try:
        return importlib.import_module("mediapipe")
    finally:
        for name, module in unused.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


def _start(content: bytes, *, follow: bool) -> Any:
    # Imported here because it takes half a second and only detection needs it.
    import_mediapipe()
    from mediapipe.tasks.python import BaseOptions
    from mediapipe.tasks.python.vision import PoseLandmarker, PoseLandmarkerOptions, RunningMode

    options = PoseLandmarkerOptions(
        base_options=BaseOptions(model_asset_buffer=content, delegate=BaseOptions.Delegate.CPU),
        # LIVE_STREAM would drop results
        running_mode=RunningMode.VIDEO if follow else RunningMode.IMAGE,
        min_pose_detection_confidence=_THRESHOLD,
        min_pose_presence_confidence=_THRESHOLD,
        min_tracking_confidence=_THRESHOLD,
    )
    return PoseLandmarker.create_from_options(options)
