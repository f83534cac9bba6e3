"""Placement of root-relative poses in a room."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.motion.data import FEET, MotionData
from app.motion.placement.foot_locking import lock_feet
from app.motion.placement.lens import Lens
from app.motion.placement.scene import Scene, SceneEstimate, estimate_scene
from app.motion.placement.soles import with_soles_down
from app.motion.placement.upright import pitch
from models.level import Level
from models.skeleton import JOINT, PELVIS

_HIGHEST_CAMERA_M: Final = 20.0
_FIRST_S: Final = 1.0
"""Time over which the facing direction is averaged."""


def place(
    data: MotionData,
    *,
    fov_deg: float | None = None,
    heading_deg: float | None = None,
    camera_height_m: float | None = None,
) -> MotionData:
    """Place the motion in the room: give the pelvis a position in every frame in which it is known.

    The camera must not have moved.  The origin is the point on the floor below the pelvis' first
    position; y is up, and z is the horizontal direction toward the camera, unless ``heading_deg``
    rotates it.

    Args:
        data: root-relative poses with the 2D keypoints they were lifted from.
        fov_deg: field of view along the longer side of the picture; by default the source's, or the
            usual one if the source states none.
        heading_deg: direction the person faces in the first second (of several people the first
            one), degrees about the vertical: 0 is along +z, positive turns to the person's left,
            toward +x.
        camera_height_m: height of the lens above the floor.  Where feet are seen it corrects the
            camera's pitch within its uncertainty; where none are, it defines the floor.

    Returns:
        The motion with ``root``, ``axes``, ``contacts`` and ``provenance.placement``; legs whose
        feet stand are adjusted so that the feet do not slide, and the body is lowered where legs
        are too short for that.

    Raises:
        ValueError: the field of view or the height is impossible.
    """
    lens = Lens.of(data.size, fov_deg, data.provenance.fov_deg)
    if camera_height_m is not None and not 0 < camera_height_m < _HIGHEST_CAMERA_M:
        raise ValueError(f"a lens {camera_height_m:g} m above the floor cannot be")
    scene = Scene.of(data, lens)
    if not scene.body.known.any():
        nowhere = {"frames": 0, "lens": _lens_description(lens)}
        return replace(
            data,
            root=np.full((len(data.time_s), 3), np.nan),
            contacts=np.zeros((len(data.time_s), len(FEET)), bool),
            provenance=replace(data.provenance, placement=nowhere),
        )
    estimate = estimate_scene(scene, data.provenance.height_m, camera_height_m)
    places, joints = _locked(scene, estimate)
    first = places[np.flatnonzero(np.isfinite(places[:, 0]))[0]]
    axes = _axes(estimate, joints, scene, heading_deg)
    origin = axes @ first
    origin[1] = -estimate.floor.below_m
    root = places @ axes.T - origin
    about = _description(lens, estimate, camera=-origin)
    about["told"] = {"heading_deg": heading_deg, "camera_height_m": camera_height_m}
    placed = data.moved(
        joints,
        root=root,
        axes=axes,
        contacts=estimate.stands,
        provenance=replace(data.provenance, placement=about),
    )
    return with_soles_down(placed, estimate.stands, estimate.upright.up)


def in_room_of(first: MotionData, motion: MotionData) -> MotionData:
    """Return ``motion`` in the room of ``first``, of another person seen by the same camera.

    It is unchanged if either was not placed; heights above the floor stay.
    """
    here, there = first.provenance.placement, motion.provenance.placement
    if motion.root is None or here is None or there is None:
        return motion
    mine, theirs = there.get("camera"), here.get("camera")
    if not isinstance(mine, dict) or not isinstance(theirs, dict):
        return motion
    away = np.subtract(theirs["position_m"], mine["position_m"]) * (1.0, 0.0, 1.0)
    place = [round(float(each), 4) for each in np.add(mine["position_m"], away)]
    placement = {**there, "camera": {**mine, "position_m": place}}
    return replace(
        motion,
        root=motion.root + away,
        provenance=replace(motion.provenance, placement=placement),
    )


def _locked(
    scene: Scene, estimate: SceneEstimate
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (N, 3) positions and (N, 17, 3) relative joints, standing feet locked to the floor."""
    known = np.isfinite(estimate.places[:, 0])
    places = np.where(known[:, None], estimate.places, 0.0)[:, None]
    there = scene.joints + places
    for each in scene.people:
        there[each] = lock_feet(
            scene.time_s[each],
            there[each],
            estimate.stands[each],
            estimate.upright.up,
            estimate.floor.below_m,
        )
    pelvis = np.where(known[:, None], there[:, PELVIS], np.nan)
    joints = np.where(known[:, None, None], there - there[:, PELVIS, None], scene.joints)
    return pelvis, joints


def _axes(
    estimate: SceneEstimate,
    joints: NDArray[np.float64],
    scene: Scene,
    heading_deg: float | None,
) -> NDArray[np.float64]:
    """Return the (3, 3) rotation from camera axes to the room's."""
    level = Level(estimate.upright.up.astype(np.float32), 0.0).axes
    if heading_deg is None:
        return level
    known = np.flatnonzero(np.isfinite(estimate.places[:, 0]))
    first = next(each for each in scene.people if known[0] < each.stop)
    known = known[known < first.stop]
    early = known[scene.time_s[known] - scene.time_s[known[0]] <= _FIRST_S]
    turn = math.radians(heading_deg) - _facing(joints[early] @ level.T)
    s, c = math.sin(turn), math.cos(turn)
    about_y = np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])
    return np.asarray(about_y @ level)


def _facing(joints: NDArray[np.float64]) -> float:
    """Return the facing direction of a person, (N, 17, 3) in level axes.

    Radians: 0 along +z, positive toward +x.
    """
    left = joints[:, JOINT["left_hip"]] - joints[:, JOINT["right_hip"]]
    left = left + joints[:, JOINT["left_shoulder"]] - joints[:, JOINT["right_shoulder"]]
    forward = np.cross(left, (0.0, 1.0, 0.0)).mean(axis=0)
    return math.atan2(float(forward[0]), float(forward[2]))


def _lens_description(lens: Lens) -> dict[str, object]:
    return {
        "focal_px": round(lens.focal, 2),
        "fov_deg": round(lens.fov_deg, 2),
        "from": lens.origin,
    }


def _description(
    lens: Lens, estimate: SceneEstimate, camera: NDArray[np.float64]
) -> dict[str, object]:
    """Return the description of the placement for files, JSON values."""
    up = estimate.upright.up
    known = np.isfinite(estimate.places[:, 0])
    shares = estimate.stands[known].mean(axis=0)
    return {
        "root": "pelvis",
        "frames": int(known.sum()),
        "lens": _lens_description(lens),
        "camera": {
            "position_m": [round(float(value), 4) for value in camera],
            "tilt_deg": round(math.degrees(pitch(up)), 2),
            "roll_deg": round(math.degrees(math.atan2(float(up[0]), -float(up[1]))), 2),
            "tilt_sd_deg": round(math.degrees(estimate.upright.pitch_sd), 1),
            "from": estimate.upright.cue,
        },
        "floor": {"from": estimate.floor.origin},
        "contacts": {
            side: round(float(share), 4) for side, share in zip(FEET, shares, strict=True)
        },
    }
