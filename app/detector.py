"""MediaPipe's pose landmarker: a picture in, the 17 joints in 2D out."""

from __future__ import annotations

import hashlib
import logging
import time
import weakref
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.errors import DetectorError
from app.packets import Frame, Keypoints2D
from app.silence import silenced
from models.skeleton import LANDMARK_COUNT, confidence_from_landmarks, joints_from_landmarks

BUNDLE: Final = Path(__file__).resolve().parents[1] / "weights" / "pose_landmarker_full.task"
BUNDLE_SHA256: Final = "b28da7bb2d1ed2e939ddf808a6c0966b0a7fa30ab34083639d3595c24f37683a"

# Measured on real and rendered clips.  Below, furniture is taken for a person and kept (in four of
# four rooms at 0.3, in one at 0.5); above, people are lost: of 187 frames of a person in the dark
# 158 are found at 0.5 and none at 0.6, of one a fifth as large 78 and 58.
_THRESHOLD: Final = 0.5
_LONGEST_STEP_S: Final = 1.0
"""After a longer pause the person is looked for anew, not where they were before it."""

_EMPTY: Final[NDArray[np.uint8]] = np.zeros((64, 64, 3), dtype=np.uint8)

_log = logging.getLogger(__name__)


class Detector:
    """Finds one person in each picture of a source, following them from frame to frame.

    Args:
        model: a pose landmarker bundle; the one shipped in ``weights/`` unless told.

    Raises:
        DetectorError: the bundle is absent or damaged, or MediaPipe cannot start.
    """

    def __init__(self, model: Path | None = None) -> None:
        content = _read_bundle(model)
        with ExitStack() as stack:
            stack.enter_context(silenced())
            try:
                self._task: Any = _start(content)
            except (ImportError, OSError, RuntimeError, ValueError) as error:
                _log.error("MediaPipe did not start: %s", error)
                first_line = str(error).partition("\n")[0]
                # Without its traceback, whose frames keep MediaPipe's worker thread alive.
                cause = error.with_traceback(None)
                raise DetectorError(f"The pose detector cannot start: {first_line}") from cause
            stack.callback(_end, self._task)
            # Also when nobody closes it: MediaPipe's own clean-up would come after the silence.
            self._finish = weakref.finalize(self, stack.pop_all().close)
            # Once Python shuts down MediaPipe cannot be closed; it stays silent to the very end.
            self._finish.atexit = False
        self._clock_ms = 0
        self._last_s: float | None = None

    def detect(self, frame: Frame) -> Keypoints2D:
        """Find the person in ``frame``; nobody there gives ``tracked`` False.

        Raises:
            DetectorError: MediaPipe failed, or the detector is closed.
        """
        if not self._finish.alive:
            raise DetectorError("The pose detector is closed already.")
        step_s = 0.0 if self._last_s is None else frame.time_s - self._last_s
        try:
            if self._last_s is not None and not 0.0 < step_s <= _LONGEST_STEP_S:
                # Left to itself the tracker looks where the person was, and blends the first poses
                # after a cut with the last before it (by 15 pixels).  A picture without anybody
                # makes it forget both; its answers are then within 0.2 pixels of a new detector's.
                self._run(_EMPTY, 1)
                step_s = 0.0
            result = self._run(frame.image, max(1, round(1000 * step_s)))
        except (RuntimeError, ValueError) as error:
            _log.error("MediaPipe failed on picture %d: %s", frame.index, error)
            raise DetectorError(
                "The pose detector failed on a picture. Start again; the log file says more."
            ) from error
        self._last_s = frame.time_s
        landmarks, world = _arrays(result, frame.size)
        return Keypoints2D(
            index=frame.index,
            time_s=frame.time_s,
            size=frame.size,
            tracked=bool(result.pose_landmarks),
            landmarks=landmarks,
            world=world,
            xy=joints_from_landmarks(landmarks[:, :2]).astype(np.float32),
            conf=confidence_from_landmarks(landmarks[:, 3]).astype(np.float32),
            captured_at=frame.captured_at,
            detected_at=time.perf_counter(),
        )

    def close(self) -> None:
        """Free the detector; more calls do nothing."""
        self._finish()

    def __enter__(self) -> Detector:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self, image: NDArray[np.uint8], step_ms: int) -> Any:
        """Hand a picture to MediaPipe, whose clock must increase whatever the source's does."""
        import mediapipe as mp

        self._clock_ms += step_ms
        picture = mp.Image(image_format=mp.ImageFormat.SRGB, data=image)
        return self._task.detect_for_video(picture, self._clock_ms)


def _read_bundle(model: Path | None) -> bytes:
    path = BUNDLE if model is None else model
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DetectorError(
            f"The pose model {path} cannot be read ({error.strerror}). Install the program again."
        ) from error
    digest = hashlib.sha256(content).hexdigest()
    if model is None and digest != BUNDLE_SHA256:
        raise DetectorError(
            f"The pose model {path} is damaged: its SHA-256 is {digest}, not {BUNDLE_SHA256}. "
            "Install the program again."
        )
    return content


def _start(content: bytes) -> Any:
    # Imported here because it takes a second, and only who detects needs it.
    from mediapipe.tasks.python import BaseOptions
    from mediapipe.tasks.python.vision import PoseLandmarker, PoseLandmarkerOptions, RunningMode

    options = PoseLandmarkerOptions(
        base_options=BaseOptions(model_asset_buffer=content, delegate=BaseOptions.Delegate.CPU),
        running_mode=RunningMode.VIDEO,  # LIVE_STREAM would drop results
        min_pose_detection_confidence=_THRESHOLD,
        min_pose_presence_confidence=_THRESHOLD,
        min_tracking_confidence=_THRESHOLD,
    )
    return PoseLandmarker.create_from_options(options)


def _end(task: Any) -> None:
    try:
        task.close()
    except (RuntimeError, ValueError) as error:
        # A task that failed on a picture reports the same again when it is closed.
        _log.warning("MediaPipe did not close cleanly: %s", error)
        # Its destructor would close it a second time, and hang; this makes all its calls empty.
        task._lib.close()


def _arrays(result: Any, size: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(33, 5) landmarks in pixels and (33, 3) world landmarks in metres of the first person."""
    landmarks = np.full((LANDMARK_COUNT, 5), np.nan, dtype=np.float32)
    world = np.full((LANDMARK_COUNT, 3), np.nan, dtype=np.float32)
    if not result.pose_landmarks:
        landmarks[:, 3:] = 0.0
        return landmarks, world
    width, height = size
    landmarks[:] = [
        (p.x * width, p.y * height, p.z * width, p.visibility, p.presence)
        for p in result.pose_landmarks[0]
    ]
    world[:] = [(p.x, p.y, p.z) for p in result.pose_world_landmarks[0]]
    return landmarks, world
