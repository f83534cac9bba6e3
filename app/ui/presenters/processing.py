"""What is done to poses before they are exported, as the export dialog offers it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from app.export.file_options import RESTS, FileOptions
from app.export.presets import PRESETS
from app.export.registry import FORMATS
from app.export.skeleton_names import MOTIONBUILDER
from app.motion.processing_options import NAMED, Processing
from app.ui.preferences import Preferences

PRINTER: Final = "app.ui.printing:pdf"
"""Makes PDFs; loaded when there is one to be made."""
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


def file_options(preferences: Preferences, kind: str, *, dark: bool) -> FileOptions:
    """The same of what the format ``kind`` leaves open, in a window that is ``dark`` or not."""
    exporter = FORMATS[kind]
    options = FileOptions(light=not dark)
    if exporter.rate:
        options = replace(options, fps=preferences.export_fps or None)
    if exporter.printed:
        options = replace(options, printer=PRINTER)
    if exporter.blender:
        options = replace(options, blender=preferences.blender or None)
    if exporter.skeleton:
        rest = next((each for each in RESTS if each == preferences.export_rest), None)
        options = replace(options, skeleton=preferences.export_skeleton, rest=rest)
    return options


def for_preset(preferences: Preferences, name: str) -> Preferences:
    """The same preferences for a preset: the camera and the scale are as told, all else is its."""
    preset = PRESETS[name]
    wanted = preset.processing
    return replace(
        preferences,
        smooth_hz=wanted.smooth_hz or 0.0,
        rigid_bones=wanted.rigid_bones,
        room=wanted.room,
        angles=wanted.angles,
        heading="",
        export_fps=preferences.animate_fps if preset.animated else 0.0,
        export_skeleton=preferences.animate_skeleton if preset.animated else MOTIONBUILDER,
        export_rest="",
    )


def scales(preferences: Preferences) -> list[tuple[str, str]]:
    """(words, bone) of what may set the scale; the first, without a bone, is as in the settings."""
    height_m = preferences.height_m
    usual = f"Body height, {height_m:.2f} m" if height_m else "Of an average person"
    bones = [(f"{name.replace('-', ' ').capitalize()} measured", name) for name in NAMED]
    return [(usual, ""), *bones]
