"""Desktop integration: user folders, the file manager, drag and drop."""

from __future__ import annotations

import sys
from pathlib import Path

from PyQt6.QtCore import QMimeData, QProcess, QProcessEnvironment, QStandardPaths, QUrl
from PyQt6.QtGui import QDesktopServices

from app.detection.no_telemetry import environment_for_others
from app.recording.names import SUFFIX
from app.ui.presenters import sources


def videos() -> Path:
    """Return the user's folder of videos, or else their home folder."""
    films = Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.MoviesLocation))
    return films if films.is_dir() else Path.home()


def pictures() -> Path:
    """Return the user's folder of pictures, or else their home folder."""
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
    return Path(place) if Path(place).is_dir() else Path.home()


def show_folder(folder: Path) -> None:
    """Open a folder in the desktop's file manager."""
    if sys.platform == "linux":
        opener = QProcess()
        opener.setProgram("xdg-open")
        opener.setArguments([str(folder)])
        environment = QProcessEnvironment()
        for name, value in environment_for_others().items():
            environment.insert(name, value)
        opener.setProcessEnvironment(environment)
        if opener.startDetached()[0]:
            return
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def show_in_folder(path: Path) -> None:
    """Open the folder of a file, with the file selected if the desktop supports that."""
    if sys.platform == "win32":
        QProcess.startDetached("explorer", ["/select,", str(path)])
    elif sys.platform == "darwin":
        QProcess.startDetached("open", ["-R", str(path)])
    else:
        show_folder(path.parent)


def specification(path: Path) -> str:
    """Return the source for a chosen file: the recording for a file inside a recording."""
    inside = path.parent.suffix == SUFFIX and path.is_file()
    return str(path.parent if inside else path)


def dropped(data: QMimeData | None) -> str:
    """Return the source that is being dragged in; empty if it is none."""
    if data is None or not data.hasUrls():
        return ""
    url = data.urls()[0]
    if not url.isLocalFile():
        text = url.toString()
        return text if sources.is_url(text) else ""
    return specification(Path(url.toLocalFile()))


def left_out(data: QMimeData | None) -> str:
    """Return the message that only the first of several dropped items is opened; else empty."""
    count = 0 if data is None else len(data.urls())
    if count < 2:
        return ""
    which = "the first of two" if count == 2 else f"the first of {count}"
    return f"Only {which} is opened. Two are seen side by side by File > Compare with"
