"""What is done to poses before they are exported, as the export dialog offers it."""

from __future__ import annotations

from typing import Final

from app.motion.processing_options import NAMED, Processing
from app.ui.preferences import Preferences

SMOOTHING: Final = [
    ("Off: as measured", 0.0),
    ("Light, 10 Hz: sport", 10.0),
    ("Usual, 6 Hz: everyday movements", 6.0),
    ("Strong, 3 Hz: slow movements", 3.0),
]
HEADINGS: Final = [
    ("As filmed", ""),
    ("Toward +z", "0"),
    ("Toward +x", "90"),
    ("Toward \u2212z", "180"),
    ("Toward \u2212x", "-90"),
]


def wanted(preferences: Preferences) -> Processing:
    """What the preferences ask for."""
    measured = preferences.bone and preferences.bone_m
    room = preferences if preferences.room else Preferences()
    return Processing(
        smooth_hz=preferences.smooth_hz or None,
        rigid_bones=preferences.rigid_bones,
        bone=(preferences.bone, preferences.bone_m) if measured else None,
        room=room.room,
        fov_deg=room.fov_deg or None,
        camera_height_m=room.camera_height_m or None,
        heading_deg=float(room.heading) if room.heading else None,
        angles=preferences.angles,
    )


def scales(preferences: Preferences) -> list[tuple[str, str]]:
    """(words, bone) of what may set the scale; the first, without a bone, is as in the settings."""
    height_m = preferences.height_m
    usual = f"Body height, {height_m:.2f} m" if height_m else "Of an average person"
    bones = [(f"{name.replace('-', ' ').capitalize()} measured", name) for name in NAMED]
    return [(usual, ""), *bones]
