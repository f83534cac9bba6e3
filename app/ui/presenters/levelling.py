"""Levelling: the vertical is set from the pose of a person who stands straight."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.lifting.video import VideoClip
from app.packets import Pose3D
from app.ui.presenters.host import Host
from app.ui.presenters.new_recordings import NewRecordings
from app.ui.presenters.opening import Opening
from app.ui.presenters.playback import PlaybackPresenter
from models.level import MEASURED_STD_DEG, Level
from models.skeleton import JOINT

_NO_PERSON = "Nobody is to be seen in 3D from hips to feet: stand straight in view, then press V"


def standing_level(pose: Pose3D) -> Level | None:
    """Return the camera's level if the person of ``pose`` stands straight.

    The vertical points from the ankles' midpoint to the thorax; None if one of them is missing.
    """
    ankles = [JOINT["left_ankle"], JOINT["right_ankle"]]
    thorax = JOINT["thorax"]
    if pose.missing[[*ankles, thorax]].any():
        return None
    up = pose.xyz[thorax].astype(np.float64) - pose.xyz[ankles].mean(axis=0)
    length = float(np.linalg.norm(up))
    if length < 1e-3:
        return None
    return Level((up / length).astype(np.float32), MEASURED_STD_DEG, given=True)


class Levelling:
    """Levels the 3D view by the pose shown, taken as that of a person who stands straight.

    For a live source the level applies from then on, until the settings are changed; for a
    recording or a video it applies to the whole and is stored with it.
    """

    def __init__(self, window: Host, opening: Opening, new_recordings: NewRecordings) -> None:
        """``opening`` lifts videos again, ``new_recordings`` recordings."""
        self._window, self._opening, self._new_recordings = window, opening, new_recordings

    def level(self) -> None:
        """V: level by the pose shown, or say why that is not possible."""
        window, current = self._window, self._window.current
        pose = None if current is None else current.shown_pose
        level = None if pose is None else standing_level(pose)
        if level is None:
            window.marking.show_hint(_NO_PERSON)
        elif not isinstance(current, PlaybackPresenter):
            window.set_preference("camera_pitch_deg", float(round(level.pitch_deg)))
            window.set_preference("camera_roll_deg", float(round(level.roll_deg)))
            window.set_preference("camera_told", True)
            window.marking.show_hint("Level: the camera's tilt is in the settings")
        elif isinstance(current.clip, VideoClip):
            current.clip.set_level(level)
            self._opening.lift(current.clip)
            window.marking.show_hint("Level: the poses are computed anew")
        else:
            levelled = replace(
                window.preferences,
                camera_told=True,
                camera_pitch_deg=level.pitch_deg,
                camera_roll_deg=level.roll_deg,
            )
            self._new_recordings.lift(
                current.clip.path, current.clip.recording, preferences=levelled
            )
