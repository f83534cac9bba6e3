"""The 3D poses of a recording as the command line asks for them, lifted when they are not there."""

from __future__ import annotations

import argparse
import logging
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from app.cli.exits import warn
from app.cli.interrupt import Interrupt
from app.cli.lifting_options import lift_options
from app.cli.progress import ProgressBar
from app.errors import DetectorError, RecordingError
from app.lifting.progress import Progress, Stage, Stopped
from app.lifting.work import Network
from app.motion.wanted import HEIGHT_RANGE_M
from app.recording.lifting import lift, made_with

if TYPE_CHECKING:
    from app.recording.reader import Recording

log: Final = logging.getLogger(__name__)
"""A recording's description may have been edited by hand."""


def provide(
    recording: Recording, options: argparse.Namespace, interrupt: Interrupt, bar: ProgressBar
) -> bool:
    """Lift ``recording`` unless its poses are what ``options`` ask for; whether it was lifted.

    What the options leave open is as in the poses there were, else as it was recorded.  Poses
    that cannot be saved are used all the same.

    Raises:
        DetectorError: there is no person in any frame.
        WeightsError, DeviceError: from the network.
        Stopped: a signal has come that had not come before.
    """
    lifted = not _fit(recording, options)
    if lifted:
        _lift(recording, options, interrupt, bar)
    if recording.poses is None or recording.poses.missing.all():
        raise _nobody(recording)
    return lifted


def _fit(recording: Recording, options: argparse.Namespace) -> bool:
    """Whether the saved poses, if there are any, are those asked for."""
    if recording.poses is None:
        return False
    info = recording.poses.info
    if options.height is not None and options.height != info["height_m"]:
        return False
    return options.weights is None or made_with(recording.poses, options.weights)


def _lift(
    recording: Recording, options: argparse.Namespace, interrupt: Interrupt, bar: ProgressBar
) -> None:
    count = len(recording.keypoints.time_s)
    came_before = interrupt.signal

    def report(share: float) -> None:
        if interrupt.signal != came_before:
            raise Stopped
        bar.update(Progress(Stage.LIFTING, round(share * count), count))

    if not recording.keypoints.tracked.any():
        raise _nobody(recording)
    height_m = _height(recording) if options.height is None else options.height
    wanted = replace(lift_options(options), height_m=height_m)
    with Network(wanted) as network:
        try:
            lift(recording, network.get(), report)
        except RecordingError as error:  # on a disk that is full or read-only
            bar.close()
            warn(f"mixpose: Warning: {error}")


def _height(recording: Recording) -> float | None:
    found = recording.meta.settings.get("height_m")
    if recording.poses is not None:
        found = recording.poses.info["height_m"]
    low, high = HEIGHT_RANGE_M
    usable = isinstance(found, (int, float)) and math.isfinite(found) and low <= found <= high
    return float(found) if usable and isinstance(found, (int, float)) else None


def _nobody(recording: Recording) -> DetectorError:
    count = len(recording.keypoints.time_s)
    return DetectorError(
        f"No person was found in {recording.path.name} "
        f"({count} frame{'s' if count > 1 else ''} looked at), so it has no 3D poses."
    )
