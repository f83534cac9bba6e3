"""The part of the export dialog for a format's options: frame rate, bone names, rest pose."""

from __future__ import annotations

from typing import Any, Final

from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from app.export.presets import FPS
from app.export.skeleton_names import SKELETONS
from app.ui.preferences import Preferences
from app.ui.presenters.exporting import Format
from app.ui.views import kit

_RESTS: Final = [("Its own rest pose", ""), ("T-pose at rest", "t"), ("A-pose at rest", "a")]


class FileOptionsForm:
    """Rows of a grid; options that the format does not have are hidden."""

    def __init__(self, chosen: Preferences) -> None:
        self.export_fps, self.export_skeleton = kit.Choice(), kit.Choice()
        rates = [(f"{fps:g} frames/s", fps) for fps in FPS]
        self.export_fps.fill([("As the source", 0.0), *rates], chosen.export_fps)
        self.export_fps.setToolTip("Movements between two frames are on straight lines")
        names = [(each.label, name) for name, each in SKELETONS.items()]
        self.export_skeleton.fill(names, chosen.export_skeleton)
        self.export_rest = kit.Choice()
        self.export_rest.fill(_RESTS, chosen.export_rest)
        self._rate: list[QWidget] = []
        self._bones: list[QWidget] = []
        for name, words in (
            ("export_fps", "Frames a second"),
            ("export_skeleton", "Names of the bones"),
            ("export_rest", "Pose at rest"),
        ):
            getattr(self, name).setObjectName(name)
            getattr(self, name).setAccessibleName(words)

    def add_to(self, grid: QGridLayout, gap: int) -> None:
        """Append the rows to a grid whose first column has the labels."""
        rate, bones = kit.label("Rate", dim=True), kit.label("Skeleton", dim=True)
        self._rate, self._bones = [rate, self.export_fps], [bones]
        self._bones += [self.export_skeleton, self.export_rest]
        row = grid.rowCount()
        grid.addWidget(rate, row, 0)
        grid.addWidget(self.export_fps, row, 1)
        line = QHBoxLayout()
        line.setSpacing(gap)
        line.addWidget(self.export_skeleton, 1)
        line.addWidget(self.export_rest, 1)
        grid.addWidget(bones, row + 1, 0)
        grid.addLayout(line, row + 1, 1)

    def offer(self, chosen: Format) -> None:
        """Show the options that the format has.  The rows must already be in a widget."""
        for widget in self._rate:
            widget.setVisible(chosen.rate)
        for widget in self._bones:
            widget.setVisible(chosen.skeleton)

    def values(self) -> dict[str, Any]:
        """Return the chosen preferences by name."""
        return {
            "export_fps": self.export_fps.currentData(),
            "export_skeleton": self.export_skeleton.currentData(),
            "export_rest": self.export_rest.currentData(),
        }
