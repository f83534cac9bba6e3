"""Workarounds for the environment, applied before anything heavy is imported.

Each documents the failure it prevents.  Two more are where they are needed:
``app.detection.no_telemetry`` keeps MediaPipe off the network, ``app.sources.newest`` keeps OpenCV
quiet.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

_STDERR: Final = 2
_SET_BY_CV2: Final = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR")


def prepare() -> None:
    """Set up the process; cheap."""
    _occupy_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        # A name of a camera or file that the terminal cannot show must not end the program.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _occupy_closed_streams() -> None:
    """Open the null device in place of standard streams that are closed (``2>&-``).

    The next file opened gets the number of a closed one, and what libraries print into it: it was
    the user's video, or the file that was being written.
    """
    while (nowhere := os.open(os.devnull, os.O_RDWR)) <= _STDERR:
        os.set_inheritable(nowhere, True)  # the same for processes that are started
    os.close(nowhere)


def import_qt_before_cv2() -> None:
    """Import PyQt6, then cv2, and undo what cv2 does to Qt's environment.

    On Linux cv2 points Qt to the plug-ins of its own, older Qt; a QApplication created after that
    aborts the process ("could not load the Qt platform plugin xcb").
    """
    import PyQt6.QtWidgets  # noqa: F401

    before = {name: os.environ.pop(name, "") for name in _SET_BY_CV2}
    import cv2  # noqa: F401

    for name in _SET_BY_CV2:
        os.environ.pop(name, None)
    os.environ.update({name: value for name, value in before.items() if value})
    # A process started by a program that has imported cv2 (a notebook, a test) inherits its values.
    forget_plugins_of_cv2()


def forget_plugins_of_cv2() -> None:
    """Undo the changes cv2 made to Qt's environment, whenever it was imported; see above."""
    for name in _SET_BY_CV2:
        if "cv2" in Path(os.environ.get(name, "")).parts:
            del os.environ[name]
