"""Purposes of exports, each with suitable formats and processing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.export.registry import FORMATS
from app.motion.processing_options import Processing

FPS: Final = (24.0, 25.0, 30.0, 60.0)
"""Frame rate that animation programs expect."""
USUAL_FPS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Preset:
    """A purpose."""

    label: str
    formats: Mapping[str, str]
    """Formats, keys of ``app.export.registry.FORMATS``, the default first; with the programs that
    open them, units and axes."""
    processing: Processing
    animated: bool = False
    """Whether the rate and the bones' names can be chosen."""

    @property
    def available(self) -> dict[str, str]:
        """Return its formats that can be written on this computer."""
        return {kind: said for kind, said in self.formats.items() if FORMATS[kind].installed}

    @property
    def left_out(self) -> str:
        """Return a sentence on formats that cannot be written, and what to do; empty if all can."""
        missing = [FORMATS[kind] for kind in self.formats if kind not in self.available]
        return " ".join(
            f"With pip install '.[{each.extra}]' also {each.label[:1].lower()}{each.label[1:]}."
            for each in missing
        )


PRESETS: Final = {
    "animate": Preset(
        "Animate",
        {
            "bvh": "Blender, Maya, MotionBuilder open it: a skeleton in centimetres, y up",
            "gltf": "Blender, Unreal, Unity, Godot open it: a skeleton in metres, y up",
            "vrma": "VRM avatars move by it: VRoid, Warudo, browsers; in metres, y up",
        },
        Processing(smooth_hz=6.0, room=True),
        animated=True,
    ),
    "measure": Preset(
        "Measure",
        {
            "csv": "Excel, R, Python open it: joints in metres, y up from the floor; "
            "angles in degrees"
        },
        Processing(room=True, angles=True),
    ),
    "report": Preset(
        "Report",
        {
            "report": "Any browser opens and prints it: ranges of motion, repetitions and walking, "
            "with curves; degrees, metres",
            "pdf": "Sheets of paper, to print or to send: ranges of motion, repetitions and "
            "walking, with curves; degrees, metres",
        },
        Processing(smooth_hz=6.0, room=True, angles=True),
    ),
    "analyse": Preset(
        "Analyse",
        {
            "c3d": "Visual3D, Mokka, Nexus, MATLAB open it: markers in millimetres, y up",
            "trc": "OpenSim opens it: markers in metres, y up",
            "mot": "OpenSim opens it: angles of a full-body model in degrees, metres, y up",
            "opensim": "OpenSim opens both files: a model scaled to the person, and the motion its "
            "inverse kinematics found; degrees, metres, y up",
        },
        Processing(room=True),
    ),
    "show": Preset(
        "Show",
        {"mp4": "Everybody opens it: the picture beside the 3D view, light or dark as the window"},
        Processing(),
    ),
}
