"""Processing of lifted motion before export, in a fixed order of steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from app.errors import ExportError
from app.motion.bones import bone_lengths, medians, named_length, with_lengths
from app.motion.data import MotionData
from app.motion.processing_options import Processing
from models.skeleton import FOOT_PARENTS, JOINT_NAMES


def process(
    data: MotionData,
    wanted: Processing,
    progress: Callable[[float], None] = lambda share: None,
) -> MotionData:
    """Return ``data`` with the ``wanted`` steps applied and noted in its provenance.

    Placement in the room comes after smoothing: the trajectory is smooth already, and smoothing it
    again would make standing feet slide.

    ``progress`` is called with the fraction done, 0 to 1; an exception that it raises cancels.
    Raises ExportError if a step is not possible with these poses.
    """
    if wanted.bone is not None:
        data = _scaled(data, *wanted.bone)
    if wanted.smooth_hz is not None or wanted.rigid_bones:
        data = _smoothed(data, wanted)
    progress(0.3)
    if wanted.room:
        from app.motion.placement.placing import place

        data = place(
            data,
            fov_deg=wanted.fov_deg,
            heading_deg=wanted.heading_deg,
            camera_height_m=wanted.camera_height_m,
        )
    progress(0.8)
    if wanted.angles:
        from app.motion.angles import continued, joint_angles

        angles = joint_angles(data.upright(), data.missing, data.upright_feet())
        data = replace(data, angles=continued(angles, data.time_s, data.person))
    progress(1.0)
    return data


def remarks(data: MotionData) -> tuple[str, ...]:
    """Return sentences about steps without effect on ``data``, as returned by :func:`process`."""
    parameters = data.provenance.smoothing["parameters"]
    if not isinstance(parameters, Mapping) or parameters.get("smoothed_share") != 0:
        return ()
    return (
        f"Nothing was smoothed: the frames come too slowly to hold movements faster than "
        f"{parameters['cutoff_hz']:g} Hz, or are too few.",
    )


def _scaled(data: MotionData, name: str, length_m: float) -> MotionData:
    """Return ``data`` scaled so that the named bone has its known length.

    Of several people, the bone of the person followed the longest sets the scale.
    """
    longest_first = sorted(data.people, key=lambda each: each.start - each.stop)
    lengths = [named_length(bone_lengths(data.xyz[e], data.seen[e]), name) for e in longest_first]
    found_m = next((length for length in lengths if length > 0), None)
    if found_m is None:
        raise ExportError(
            f"The {name.replace('-', ' ')} was never seen, so its length cannot set the scale. "
            "Give another bone, or the body height."
        )
    factor = length_m / found_m
    about = {"bone": name, "length_m": length_m, "factor": round(factor, 6)}
    provenance = replace(data.provenance, height_m=None, scale_bone=about)
    feet = None if data.feet is None else data.feet * np.float32(factor)
    return replace(data, xyz=data.xyz * np.float32(factor), feet=feet, provenance=provenance)


def _smoothed(data: MotionData, wanted: Processing) -> MotionData:
    """Return ``data`` smoothed and with rigid bones, as wanted.

    Lengths are measured on the raw poses, since smoothing shortens swinging limbs; they are
    enforced last, since smoothing would change them again.
    """
    from app.motion.smoothing import ORDER, smooth  # scipy's filters take half a second to import

    known = ~data.missing
    xyz = data.xyz.astype(np.float64)
    methods, parameters = [], dict[str, object]()
    lengths = [bone_lengths(data.xyz[each], data.seen[each]) for each in data.people]
    if wanted.smooth_hz is not None:
        done = np.zeros_like(known)
        for each in data.people:
            xyz[each], done[each] = smooth(
                xyz[each], known[each], data.time_s[each], wanted.smooth_hz
            )
        methods.append("butterworth")
        parameters |= {
            "cutoff_hz": wanted.smooth_hz,
            "order": 2 * ORDER,
            "zero_lag": True,
            "uneven_frames": "smoothing spline of the same cut-off",
            "smoothed_share": round(float(done.sum() / max(1, known.sum())), 4),
        }
    if wanted.rigid_bones:
        for each, own in zip(data.people, lengths, strict=True):
            xyz[each] = with_lengths(xyz[each], known[each], own)
        methods.append("rigid bones")
        named = [_named(own) for own in lengths]
        parameters["bone_lengths_m"] = named[0] if len(named) == 1 else named
    about = {"method": " + ".join(methods), "parameters": parameters}
    if data.feet is not None:
        data = replace(data, feet=_smoothed_feet(data, data.feet, wanted))
    return data.moved(xyz, provenance=replace(data.provenance, smoothing=about))


def _smoothed_feet(
    data: MotionData, feet: NDArray[np.float32], wanted: Processing
) -> NDArray[np.float32]:
    """Return (N, 4, 3) heels and toes, processed relative to their ankles as the joints are."""
    from app.motion.smoothing import smooth

    ankles = data.xyz[:, list(FOOT_PARENTS)].astype(np.float64)
    bones = feet - ankles
    known = np.asarray(np.isfinite(bones).all(axis=-1))
    for each in data.people:
        own = bones[each].copy()
        if wanted.smooth_hz is not None:
            own, _ = smooth(own, known[each], data.time_s[each], wanted.smooth_hz)
        if wanted.rigid_bones:
            before, after = (np.linalg.norm(bone, axis=-1) for bone in (bones[each], own))
            own *= (medians(before, known[each]) / after)[..., None]
        bones[each] = own
    return (ankles + bones).astype(np.float32)


def _named(lengths: NDArray[np.float64]) -> dict[str, float]:
    """Return the known bone lengths in metres, by the joints at which the bones end."""
    return {
        name: round(float(length), 4)
        for name, length in zip(JOINT_NAMES, lengths, strict=True)
        if np.isfinite(length)
    }
