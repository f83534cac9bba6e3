"""The part of the export dialog for the processing of the poses."""

from __future__ import annotations

from typing import Any, Final

from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from app.motion.processing_options import BONE_RANGE_M, CAMERA_HEIGHT_RANGE_M, FOV_RANGE_DEG
from app.ui.preferences import Preferences
from app.ui.presenters.processing import HEADINGS, SMOOTHING, scales
from app.ui.views import kit

_USUAL_BONE_M: Final = 0.40
_USUAL_LENS: Final = "Usual, 61°"


class ProcessingForm:
    """Rows of a grid: smoothing, bones, size, room, angles.  The defaults leave the poses raw.

    Options that depend on another one are visible only if that is chosen.
    """

    def __init__(self, chosen: Preferences) -> None:
        self.smooth_hz = kit.Choice()
        self.smooth_hz.fill(SMOOTHING, chosen.smooth_hz)
        self.smooth_hz.setToolTip("Movements faster than this are smoothed away, without delay")
        self.rigid_bones = _tick(
            "Keep every bone at one length",
            chosen.rigid_bones,
            "Lengths are fitted once to the person; as measured they change a little",
        )
        self.bone = kit.Choice()
        self.bone.fill(scales(chosen), chosen.bone)
        self.bone.setToolTip("A bone you have measured sets the scale instead of the body height")
        self.bone_m = kit.Number(BONE_RANGE_M, chosen.bone_m or _USUAL_BONE_M, " m", 0.01)
        self.bone_m.setToolTip("From joint to joint, on the person")
        self.room = _tick(
            "Place the person in the room",
            chosen.room,
            "They walk about on the floor, and standing feet stay still; the camera must, too.\n"
            "Otherwise the pelvis stays at the origin",
        )
        self.fov_deg = _number_or(_USUAL_LENS, FOV_RANGE_DEG, chosen.fov_deg, "°", 1)
        self.fov_deg.setToolTip(
            "How wide the camera sees along the longer side of its picture.\n"
            "Many telephones' videos say it themselves; otherwise 61° is usual"
        )
        self.camera_height_m = _number_or(
            "Automatic", CAMERA_HEIGHT_RANGE_M, chosen.camera_height_m, " m", 0.05
        )
        self.camera_height_m.setToolTip("How far the lens is above the floor")
        self.heading = kit.Choice()
        self.heading.fill(HEADINGS, chosen.heading)
        self.heading.setToolTip("In the axes of the file: y is up")
        self.angles = _tick(
            "Joint angles too",
            chosen.angles,
            "In degrees: in all tables (CSV, Parquet), JSON and NPZ; MOT always has them",
        )
        self._of_room: list[QWidget] = []
        self._name()
        self.bone.currentIndexChanged.connect(lambda _index: self.fit())
        self.room.toggled.connect(lambda _on: self.fit())

    def add_to(self, grid: QGridLayout, gap: int) -> None:
        """Append the rows to a grid whose first column has the labels."""
        scale, camera = QHBoxLayout(), QHBoxLayout()
        for line in (scale, camera):
            line.setSpacing(gap)
        scale.addWidget(self.bone, 1)
        scale.addWidget(self.bone_m)
        sees, above = kit.label("sees", dim=True), kit.label("from a height of", dim=True)
        for widget in (sees, self.fov_deg, above, self.camera_height_m):
            camera.addWidget(widget, 0 if widget in (sees, above) else 1)
        self._of_room = [sees, self.fov_deg, above, self.camera_height_m, self.heading]
        rows: tuple[tuple[str, QWidget | QHBoxLayout], ...] = (
            ("Smoothing", self.smooth_hz),
            ("Bones", self.rigid_bones),
            ("Size", scale),
            ("Room", self.room),
            ("Camera", camera),
            ("Faces at first", self.heading),
            ("Angles", self.angles),
        )
        for words, what in rows:
            row = grid.rowCount()
            name = kit.label(words, dim=True)
            grid.addWidget(name, row, 0)
            if what in (camera, self.heading):
                self._of_room.append(name)
            if isinstance(what, QWidget):
                grid.addWidget(what, row, 1)
            else:
                grid.addLayout(what, row, 1)

    def offer_angles(self, possible: bool) -> None:
        """Enable the angles if the chosen format can contain them."""
        self.angles.setEnabled(possible)

    def fit(self) -> None:
        """Show the options that have an effect now.  The rows must already be in a widget."""
        self.bone_m.setVisible(bool(self.bone.currentData()))
        for widget in self._of_room:
            widget.setVisible(self.room.isChecked())

    def values(self) -> dict[str, Any]:
        """Return the chosen preferences by name."""
        return {
            "smooth_hz": self.smooth_hz.currentData(),
            "rigid_bones": self.rigid_bones.isChecked(),
            "bone": self.bone.currentData(),
            "bone_m": round(self.bone_m.value(), 3),
            "room": self.room.isChecked(),
            "fov_deg": _value(self.fov_deg),
            "camera_height_m": _value(self.camera_height_m),
            "heading": self.heading.currentData(),
            "angles": self.angles.isChecked(),
        }

    def _name(self) -> None:
        """Set the object names (the preferences' names) and the names for screen readers."""
        for name in self.values():
            getattr(self, name).setObjectName(name)
        for widget, words in (
            (self.smooth_hz, "Smoothing"),
            (self.bone, "Measured bone"),
            (self.bone_m, "Its length"),
            (self.fov_deg, "Angle the camera sees"),
            (self.camera_height_m, "Height of the camera"),
            (self.heading, "Faces at first"),
        ):
            widget.setAccessibleName(words)


def _tick(words: str, on: bool, tip: str) -> kit.CheckBox:
    box = kit.CheckBox(words)
    box.setChecked(on)
    box.setToolTip(tip)
    return box


def _number_or(
    words: str, limits: tuple[float, float], value: float, unit: str, step: float
) -> kit.Number:
    """Return a spin box with an additional lowest entry ``words``, which stands for the value 0."""
    low, high = limits
    box = kit.Number((low - step, high), value or low - step, unit, step)
    box.setSpecialValueText(words)
    return box


def _value(box: kit.Number) -> float:
    return 0.0 if box.value() <= box.minimum() else round(box.value(), box.decimals())
