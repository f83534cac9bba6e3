"""The dialog to save a report; the file's suffix, or the filter, decides between HTML and PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QFileDialog, QWidget

from app.export.presets import PRESETS
from app.export.registry import FORMATS, formats_of
from app.system.files import free_name

KINDS: Final = tuple(PRESETS["report"].formats)


class ReportDialog(QFileDialog):
    """The desktop's native dialog to save a file."""

    chosen = pyqtSignal(Path, str)
    """The chosen file and its format."""

    def __init__(self, parent: QWidget, suggested: Path, kind: str) -> None:
        """``suggested`` is a free name of the format ``kind``, one of :data:`KINDS`."""
        super().__init__(parent, "Save the report", str(suggested.parent))
        self._filters = {_filter(each): each for each in KINDS}
        self.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        self.setNameFilters(list(self._filters))
        self.selectNameFilter(_filter(kind))
        self.setDefaultSuffix(FORMATS[kind].suffix)
        self.selectFile(suggested.name)
        self.filterSelected.connect(self._filter_changed)
        self.fileSelected.connect(self._done)

    @property
    def _kind(self) -> str:
        return self._filters.get(self.selectedNameFilter(), KINDS[0])

    def _filter_changed(self) -> None:
        """Change the name's suffix to that of the filter."""
        suffix = FORMATS[self._kind].suffix
        self.setDefaultSuffix(suffix)
        for name in self.selectedFiles():
            path = Path(name)
            if set(formats_of(path)) & set(KINDS):
                self.selectFile(path.with_suffix(suffix).name)

    def _done(self, name: str) -> None:
        path, kind = Path(name), self._kind
        meant = [each for each in formats_of(path) if each in KINDS]
        if meant:
            kind = meant[0]
        else:  # such as walk.2: the user was not asked whether walk.2.html may be replaced
            path = free_name(path.with_name(path.name + FORMATS[kind].suffix))
        self.chosen.emit(path, kind)


def _filter(kind: str) -> str:
    words, _, _ = FORMATS[kind].label.partition(" (")
    return f"{words} (*{FORMATS[kind].suffix})"
