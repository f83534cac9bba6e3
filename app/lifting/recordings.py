"""The poses of a recording at full quality, lifted again when options have changed."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from typing import TYPE_CHECKING

from app.errors import DetectorError, RecordingError
from app.lifting.clip import describe
from app.lifting.options import PITCH_RANGE_DEG, ROLL_RANGE_DEG, LiftOptions
from app.lifting.progress import ProgressCallback, Stage, reporting
from app.motion.processing_options import HEIGHT_RANGE_M
from models.skeleton import world_joints

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from app.motion.data import MotionData
    from app.recording.reader import Recording
    from models.lifter import Lifter


def lift_recording(
    recording: Recording,
    lifter: Lifter,
    options: LiftOptions,
    progress: ProgressCallback | None = None,
) -> None:
    """Lift all frames of ``recording`` and save the poses with it.

    Args:
        recording: its poses are replaced.
        lifter: made for ``options``.
        options: completed by :func:`as_recorded`.
        progress: called regularly in the calling thread; may raise to stop.

    Raises:
        DetectorError: there is no person in any frame.
        RecordingError: the poses cannot be saved; ``recording.poses`` holds them nevertheless.
    """
    data = recording.keypoints
    report = reporting(Stage.LIFTING, len(data.time_s), progress)
    report(0.0)
    require_person(recording)
    lifted = lifter.lift(
        *(data.xy, data.conf, recording.size, data.time_s),
        world=world_joints(data.world),
        person=data.person,
        sides_known=data.sides_known,
        level=options.level,
        progress=report,
    )
    corrections = {"corrections": recording.corrections.key} if recording.corrections.done else {}
    recording.save_poses(lifted, {**describe(lifter), **corrections})


def bring_up_to_date(
    recording: Recording, options: LiftOptions, progress: ProgressCallback | None = None
) -> tuple[bool, RecordingError | None]:
    """Lift ``recording`` unless its poses were made with ``options``.

    Unspecified options are those of the existing poses, or else those recorded.

    Returns:
        Whether it was lifted, and why the new poses could not be saved; they are used nevertheless.

    Raises:
        DetectorError: there is no person in any frame.
        WeightsError, DeviceError: from the network.
    """
    from app.lifting.work import make_lifter

    wanted = as_recorded(options, recording)
    lifted, unsaved = not is_current(recording, wanted), None
    if lifted:
        require_person(recording)
        try:
            lift_recording(recording, make_lifter(wanted), wanted, progress)
        except RecordingError as error:  # on a disk that is full or read-only
            unsaved = error
    require_person(recording)
    return lifted, unsaved


def motion_of(
    path: Path, options: LiftOptions, progress: ProgressCallback | None = None
) -> tuple[MotionData, tuple[str, ...]]:
    """The motion in a recording, and sentences about it; errors as above.

    Raises:
        RecordingError: this is no recording, or it is too damaged.
    """
    from app.motion.data import MotionData
    from app.recording.reader import Recording

    recording = Recording.open(path)
    _, unsaved = bring_up_to_date(recording, options, progress)
    said = (recording.recovered, None if unsaved is None else str(unsaved))
    return MotionData.from_recording(recording), tuple(filter(None, said))


def require_person(recording: Recording) -> None:
    """Raise DetectorError if there is no person in any frame, or no pose in the lifted ones."""
    poses = recording.poses
    if recording.keypoints.tracked.any() and (poses is None or not poses.missing.all()):
        return
    count = len(recording.keypoints.time_s)
    raise DetectorError(
        f"No person was found in {recording.path.name} "
        f"({count} frame{'s' if count > 1 else ''} searched), so it has no 3D poses."
    )


def as_recorded(options: LiftOptions, recording: Recording) -> LiftOptions:
    """``options`` completed by those of the existing poses, or else by those recorded."""
    settings = recording.meta.settings
    height_m = options.height_m
    if height_m is None:
        poses = recording.poses
        found = settings.get("height_m") if poses is None else poses.info["height_m"]
        height_m = _within(found, HEIGHT_RANGE_M)
    pitch_deg, roll_deg = options.camera_pitch_deg, options.camera_roll_deg
    if options.level is None:
        level = None if recording.poses is None else recording.poses.level
        if level is not None and level.given:
            pitch_deg, roll_deg = level.pitch_deg, level.roll_deg
        else:
            pitch_deg = _within(settings.get("camera_pitch_deg"), PITCH_RANGE_DEG)
            roll_deg = _within(settings.get("camera_roll_deg"), ROLL_RANGE_DEG)
    return replace(options, height_m=height_m, camera_pitch_deg=pitch_deg, camera_roll_deg=roll_deg)


def is_current(recording: Recording, options: LiftOptions) -> bool:
    """Whether the poses saved with ``recording`` were made with ``options``.

    Unspecified weights and level match any.

    Raises:
        WeightsError: there are no such weights.
    """
    poses = recording.poses
    if poses is None or poses.info["height_m"] != options.height_m:
        return False
    if poses.info.get("corrections", "") != recording.corrections.key:
        return False
    told = options.level
    if told is not None:
        there = poses.level
        if there is None or not there.given or float(abs(there.up - told.up).max()) > _SAME_UP:
            return False
    return options.weights is None or made_with(poses.info, options.weights)


_SAME_UP = 1e-4
"""Tolerance of a direction's coordinates, which are saved with five digits."""


def made_with(info: Mapping[str, object], weights: str) -> bool:
    """Whether poses were lifted with the current ``weights``, a shipped name or a file."""
    from models.checkpoint import resolve_weights

    path = resolve_weights(weights)
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == info["sha256"]
    except OSError:  # loading them raises a readable error
        return False


def _within(value: object, limits: tuple[float, float]) -> float | None:
    """A value of possibly hand-edited metadata if it is a number within ``limits``."""
    usable = isinstance(value, (int, float)) and math.isfinite(value)
    if not usable or not isinstance(value, (int, float)):
        return None
    return float(value) if limits[0] <= value <= limits[1] else None
