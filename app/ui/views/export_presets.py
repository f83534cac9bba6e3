"""Parts of the export dialog: the presets, a row per purpose, exported with one click; and the
options of a format, its frame rate and bone names.
"""

from __future__ import annotations

from typing import Any, Final

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QWidget

from app.export.presets import FPS, PRESETS
from app.export.registry import FORMATS, Exporter
from app.export.skeleton_names import SKELETONS
from app.ui.preferences import Preferences
from app.ui.views import kit


class PresetRows(QWidget):
    """A button per preset, with its options beside it and the programs that open the file below."""

    wanted = pyqtSignal(str, str)
    """The preset and the format to export."""

    def __init__(self, chosen: Preferences) -> None:
        super().__init__()
        self.buttons: dict[str, QPushButton] = {}
        self.formats: dict[str, kit.Choice] = {}
        self.notes: dict[str, QLabel] = {}
        self.fps, self.skeleton = kit.Choice(), kit.Choice()
        self.fps.fill([(f"{fps:g} frames/s", fps) for fps in FPS], chosen.animate_fps)
        self.fps.setAccessibleName("Frames a second")
        self.skeleton.fill(
            [(each.label, name) for name, each in SKELETONS.items()],
            chosen.animate_skeleton,
        )
        self.skeleton.setAccessibleName("Names of the bones")
        self.skeleton.setToolTip("The program or kind of character whose names the bones have")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(kit.ems(self, 1))
        self._grid.setVerticalSpacing(kit.ems(self, 0.3))
        self._grid.setColumnStretch(1, 1)
        for name in PRESETS:
            self._add(name, getattr(chosen, f"{name}_kind", ""))

    def values(self) -> dict[str, object]:
        """Return the chosen preferences by name."""
        return {
            "animate_kind": self.formats["animate"].currentData(),
            "animate_fps": self.fps.currentData(),
            "animate_skeleton": self.skeleton.currentData(),
            "analyse_kind": self.formats["analyse"].currentData(),
            "report_kind": self.formats["report"].currentData(),
        }

    def _add(self, name: str, kind: str) -> None:
        preset, row = PRESETS[name], self._grid.rowCount()
        button = kit.push_button(preset.label, lambda: self._press(name), main=True)
        self.buttons[name] = button
        formats = kit.Choice()
        formats.fill(
            [(FORMATS[each].suffix.strip(".").upper(), each) for each in preset.available],
            kind if kind in preset.available else next(iter(preset.available)),
        )
        formats.setAccessibleName(f"Format to {preset.label.lower()}")
        formats.currentIndexChanged.connect(lambda _index: self._show(name))
        self.formats[name] = formats
        choices = QHBoxLayout()
        choices.setSpacing(kit.ems(self, 0.6))
        for each in (formats, self.fps, self.skeleton):
            each.setMinimumContentsLength(max(len(each.itemText(i)) for i in range(each.count())))
        alone = len(preset.available) == 1
        choices.addWidget(kit.label(formats.currentText()) if alone else formats)
        if preset.animated:
            choices.addWidget(self.fps)
            choices.addWidget(self.skeleton)
        choices.addStretch(1)
        note = kit.label(dim=True, wraps=True)
        self.notes[name] = note
        self._grid.addWidget(button, row, 0)
        self._grid.addLayout(choices, row, 1)
        self._grid.addWidget(note, row + 1, 1)
        self._grid.setRowMinimumHeight(row + 2, kit.ems(self, 0.5))
        self._show(name)

    def _show(self, name: str) -> None:
        kind = self.formats[name].currentData()
        parts = PRESETS[name].formats[kind], PRESETS[name].left_out
        self.notes[name].setText(". ".join(filter(None, parts)))
        self.buttons[name].setToolTip(f"Export {FORMATS[kind].label} now")
        if PRESETS[name].animated:
            self.skeleton.setEnabled(FORMATS[kind].skeleton)

    def _press(self, name: str) -> None:
        self.wanted.emit(name, self.formats[name].currentData())


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

    def offer(self, chosen: Exporter) -> None:
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
