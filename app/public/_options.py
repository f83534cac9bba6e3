"""What can be wanted, checked: wrong values are ValueError with a sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypedDict, get_args

from app.export.file_options import FPS_RANGE, RESTS, FileOptions, Rest
from app.export.skeleton_names import SKELETONS
from app.lifting.choosing import choices_of
from app.lifting.options import PITCH_RANGE_DEG, ROLL_RANGE_DEG, LiftOptions
from app.motion import processing_options
from app.motion.processing_options import HEIGHT_RANGE_M, NAMED

if TYPE_CHECKING:
    from app.lifting.corrected import Correction

Corrections = bool | Sequence[Mapping[str, object]]
Detector = Literal["lite", "full", "heavy"]
Device = Literal["auto", "cpu", "cuda", "mps"]


class Processing(TypedDict, total=False):
    """What is done to the poses after lifting; nothing unless told."""

    smooth: float
    """Cut-off in Hz of the smoothing, without delay: 6 for walking, 10 for sport."""
    rigid_bones: bool
    """Whether every bone has one length over all frames."""
    bone: tuple[str, float]
    """A bone (thigh, shin, upper-arm or forearm) and its true length in metres: sets the scale
    instead of ``height``."""
    room: bool
    """Whether the person is placed in the room, on the floor, instead of the pelvis at the
    origin."""
    fov: float
    """With ``room``: degrees that the camera sees along the longer side of its picture."""
    camera_height: float
    """With ``room``: metres of the lens above the floor."""
    heading: float
    """With ``room``: where the person faces at first, degrees, 0 along +z, 90 along +x."""


_ABOUT_ROOM: Final = ("fov", "camera_height", "heading")


def within(name: str, value: float | None, limits: tuple[float, float], unit: str) -> float | None:
    """``value``, if it lies within ``limits``; None stays None.  Raises ValueError."""
    low, high = limits
    if value is None:
        return None
    if low <= value <= high:
        return float(value)
    centimetres = unit == "metres" and 100 * low <= value <= 100 * high
    hint = f" It looks like centimetres: write {value / 100:g}." if centimetres else ""
    raise ValueError(f"{name}={value!r} is not between {low:g} and {high:g} {unit}.{hint}")


def heights_of(people: Sequence[float]) -> tuple[float, ...]:
    """Metres of each, if they can be.  Raises ValueError."""
    checked = (within("heights", each, HEIGHT_RANGE_M, "metres") for each in people)
    return tuple(each for each in checked if each is not None)


def positive(name: str, value: float | None) -> float | None:
    """``value``, if it is above 0 and finite; None stays None.  Raises ValueError."""
    if value is not None and not 0 < value < math.inf:
        raise ValueError(f"{name}={value!r} is not above 0.")
    return None if value is None else float(value)


def lift_options(
    *,
    height: float | None,
    weights: str | None,
    device: Device,
    camera_pitch: float | None,
    camera_roll: float | None,
    detector: Detector = "heavy",
    person: tuple[float, ...] | None = None,
    seconds: float | None = None,
    rate: float | None = None,
    jobs: int | None = None,
    everybody: bool = False,
    heights: Sequence[float] = (),
) -> LiftOptions:
    """As :mod:`app.lifting` takes it.  Raises ValueError."""
    if detector not in get_args(Detector):
        raise ValueError(f"detector={detector!r} is none of {', '.join(get_args(Detector))}.")
    if jobs is not None and jobs < 1:
        raise ValueError(f"jobs={jobs!r} is not a number of processes.")
    if person is not None and len(person) not in (2, 3):
        raise ValueError(f"person={person!r} is not (x, y) or (x, y, seconds).")
    return LiftOptions(
        weights=weights,
        detector=detector,
        device=device,
        height_m=within("height", height, HEIGHT_RANGE_M, "metres"),
        camera_pitch_deg=within("camera_pitch", camera_pitch, PITCH_RANGE_DEG, "degrees"),
        camera_roll_deg=within("camera_roll", camera_roll, ROLL_RANGE_DEG, "degrees"),
        choices=choices_of(person),
        seconds=positive("seconds", seconds),
        rate=positive("rate", rate),
        jobs=jobs,
        everybody=everybody,
        heights_m=heights_of(heights),
    )


def corrections_of(source: str, given: Corrections) -> tuple[Correction, ...]:
    """Those made in the window, or those that are told.  Raises ValueError, RecordingError."""
    from app.lifting.corrected import from_json, made_in_window

    if isinstance(given, bool):
        return made_in_window(Path(source)) if given else ()
    if isinstance(given, (str, Mapping)):
        raise ValueError('corrections are True, or a list as info["corrections"] has it.')
    try:
        return from_json(given)
    except ValueError as error:
        raise ValueError(f"corrections cannot be applied: {error}.") from error


def file_options(*, fps: float | None, skeleton: str, rest: Rest | None) -> FileOptions:
    """As :mod:`app.export` takes it.  Raises ValueError."""
    if skeleton not in SKELETONS:
        raise ValueError(f"skeleton={skeleton!r} is none of {', '.join(SKELETONS)}.")
    if rest is not None and rest not in RESTS:
        raise ValueError(f"rest={rest!r} is none of {', '.join(RESTS)}.")
    return FileOptions(within("fps", fps, FPS_RANGE, "frames a second"), skeleton, rest)


def processing(given: Processing, *, height: float | None = None) -> processing_options.Processing:
    """As :mod:`app.motion.processing` takes it.  Raises ValueError, TypeError."""
    unknown = set(given) - set(Processing.__annotations__)
    if unknown:
        raise TypeError(f"There is no option {', '.join(sorted(unknown))}.")
    for name in _ABOUT_ROOM:
        if name in given and not given.get("room"):
            raise ValueError(f"{name} is about the room: give room=True too.")
    bone = given.get("bone")
    if bone is not None:
        if height is not None:
            raise ValueError("bone and height both set the scale: give one of them.")
        if bone[0] not in NAMED:
            raise ValueError(f"bone={bone!r} begins with none of {', '.join(NAMED)}.")
        within("bone", bone[1], processing_options.BONE_RANGE_M, "metres")
    return processing_options.Processing(
        smooth_hz=within("smooth", given.get("smooth"), processing_options.CUTOFF_RANGE_HZ, "Hz"),
        rigid_bones=given.get("rigid_bones", False),
        bone=bone,
        room=given.get("room", False),
        fov_deg=within("fov", given.get("fov"), processing_options.FOV_RANGE_DEG, "degrees"),
        camera_height_m=within(
            "camera_height",
            given.get("camera_height"),
            processing_options.CAMERA_HEIGHT_RANGE_M,
            "metres",
        ),
        heading_deg=within("heading", given.get("heading"), (-360.0, 360.0), "degrees"),
    )
