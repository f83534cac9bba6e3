"""The poses of a recording at full quality, made again whenever they do not fit any more."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

from models.skeleton import world_joints

if TYPE_CHECKING:
    from app.recording.poses import SavedPoses
    from app.recording.reader import Recording
    from models.lifter import Lifter


def lift(
    recording: Recording, lifter: Lifter, progress: Callable[[float], None] | None = None
) -> None:
    """Lift all frames of ``recording`` and save the poses with it.

    ``progress`` gets the share done, 0 to 1, and may raise to stop.  Raises RecordingError if the
    poses cannot be saved; ``recording.poses`` holds them all the same then.
    """
    data = recording.keypoints
    lifted = lifter.lift(
        data.xy,
        data.conf,
        recording.size,
        data.time_s,
        world=world_joints(data.world),
        person=data.person,
        progress=progress,
    )
    recording.save_poses(lifted, describe(lifter))


def made_with(poses: SavedPoses, weights: str) -> bool:
    """Whether ``poses`` were lifted with ``weights``, a shipped name or a file, as they are now.

    Raises WeightsError if there are none.
    """
    from models.checkpoint import resolve_weights

    path = resolve_weights(weights)
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == poses.info["sha256"]
    except OSError:  # loading them says it in words
        return False


def describe(lifter: Lifter) -> dict[str, object]:
    """What is kept beside poses about how they were made; no paths of this machine."""
    about = asdict(lifter.info)
    del about["path"]
    return {
        **about,
        "device": str(lifter.device),
        "height_m": lifter.height_m,
        "use_depth": lifter.use_depth,
        "detector_depth": lifter.uses_depth,
    }
