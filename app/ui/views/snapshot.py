"""Snapshots of the panes, to a file and to the clipboard."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QBuffer, QIODevice, QPoint, QSize
from PyQt6.QtGui import QGuiApplication, QImage, QPainter, QRegion
from PyQt6.QtWidgets import QWidget

from app.errors import ExportError
from app.system.files import free_name, plain_reason, write_atomically
from app.ui.notices import Message, MessageButton
from app.ui.painting import painting
from app.ui.tasks import Job
from app.ui.views.menus import Entry

if TYPE_CHECKING:
    from app.ui.presenters.window import WindowPresenter


class SnapshotController:
    """Takes snapshots of the panes.

    Args:
        window: the window's presenter, for jobs and messages.
        picture: the pane of the camera picture.
        skeleton: the pane of the 3D view.
        folder: returns the folder for snapshots.
    """

    def __init__(
        self,
        window: WindowPresenter,
        picture: QWidget,
        skeleton: QWidget,
        folder: Callable[[], Path],
    ) -> None:
        self._window, self._folder = window, folder
        self._picture, self._skeleton = picture, skeleton

    def entries(self) -> list[Entry]:
        """Return the entries of the File menu, with their shortcuts."""
        both = (self._picture, self._skeleton)
        left, right = (partial(self.take, each) for each in both)
        return [
            Entry("snapshot", "Snapshot of picture and 3D", partial(self.take, *both), "S"),
            Entry("snapshot-picture", "Snapshot of the picture", left),
            Entry("snapshot-3d", "Snapshot of the 3D view", right),
        ]

    def take(self, *panes: QWidget) -> None:
        """Copy the content of ``panes``, side by side, to the clipboard and into a file."""
        image = side_by_side([shown(pane) for pane in panes])
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setImage(image)
        moment = datetime.now().strftime("%Y-%m-%d %H.%M.%S")
        path = self._folder() / f"mixpose {moment}.png"
        window = self._window
        window.jobs.start(
            Job(
                "Saving the snapshot",
                lambda _control: write(image, path),
                done=self._say,
                failed=window.job_failed,
                quiet=True,
            )
        )

    def _say(self, path: Path) -> None:
        window = self._window
        show = MessageButton("Show in folder", lambda: window.show_folder.emit(path))
        window.announce(Message(f"{path.name} is saved, and on the clipboard", (show,)))


def shown(pane: QWidget) -> QImage:
    """Return the content of a pane in device pixels, without the buttons and hints over it."""
    ratio = pane.devicePixelRatioF()
    image = QImage(pane.size() * ratio, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    pane.render(image, QPoint(), QRegion(), QWidget.RenderFlag.DrawWindowBackground)
    return image


def side_by_side(images: list[QImage]) -> QImage:
    """Return the images in a row; they should have the same height."""
    width, height = sum(each.width() for each in images), max(each.height() for each in images)
    result = QImage(QSize(width, height), QImage.Format.Format_RGB32)
    result.fill(0)
    left = 0
    with painting(QPainter(result)) as painter:
        for image in images:
            whole = image.copy()
            whole.setDevicePixelRatio(1.0)
            painter.drawImage(left, 0, whole)
            left += whole.width()
    return result


def write(image: QImage, path: Path) -> Path:
    """Write a PNG to ``path``, or to a free name if that exists, and return its path.

    Raises ExportError if it cannot be written.
    """
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path = free_name(path)
        with write_atomically(path) as file:
            file.write(buffer.data().data())
    except OSError as error:
        raise ExportError(
            f"The snapshot could not be saved in {path.parent}: {plain_reason(error)}. "
            "It is on the clipboard."
        ) from error
    return path
