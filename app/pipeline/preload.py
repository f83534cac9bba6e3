"""Imports the heavy libraries of a live run in the background."""

from __future__ import annotations

import importlib
import logging
import threading

_log = logging.getLogger(__name__)

_HEAVY = ("mediapipe", "models.live")
"""Measured on 2 cores: mediapipe 0.6 s (most of it matplotlib), torch 1.3 s."""


def warm_up() -> None:
    """Import the libraries of detector and network in a thread; return at once.

    A window that calls this during its construction has the first pose a second earlier.  It
    imports cv2, so Qt must have been imported before.  An import that fails is reported by the run
    that needs it.
    """
    threading.Thread(target=_import_all, name="mixpose-warm-up", daemon=True).start()


def _import_all() -> None:
    for name in _HEAVY:
        try:
            importlib.import_module(name)
        except ImportError as error:
            _log.warning("%s cannot be imported: %s", name, error)
