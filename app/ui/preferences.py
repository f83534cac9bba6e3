"""What the window remembers between runs, typed, with a default for everything.

Values come back from the settings file as text and may have been edited by hand or written by
another version, so each is checked; one that makes no sense falls back to its default.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from PyQt6.QtCore import QByteArray, QSettings

from app.ui.theme import ThemeChoice

log: Final = logging.getLogger(__name__)
MAX_DELAY: Final = 10


@dataclass(slots=True)
class Preferences:
    """Everything remembered.  Written by ``save``; plain attributes otherwise."""

    source: str = ""
    """Empty: the first camera, or the performer."""
    resolution: str = ""
    """``"1280x720"``, or empty for the camera's own."""
    rate: float = 0.0
    """Frames a second asked of the camera; 0 for its own."""
    weights: str = ""
    device: str = "auto"
    use_depth: bool = True
    """Whether the network is told the detector's own depth."""
    height_m: float = 0.0
    """0: the size the network gives."""
    delay: int = 2
    countdown_s: int = 0
    auto_stop_s: int = 0
    """0: until stopped by hand."""
    keep_video: bool = False
    theme: ThemeChoice = "system"
    mirror: bool = False
    fill: bool = False
    follow: bool = False
    orbit: tuple[float, ...] = ()
    """The 3D view's camera as the view itself writes it; empty for the first view."""
    last_folder: str = ""
    offered: str = ""
    """Names of the interrupted recordings the window has offered to open, with / between."""
    welcomed: bool = False
    settings_open: bool = False
    geometry: bytes = field(default=b"", repr=False)
    panes: tuple[float, ...] = ()
    """Widths of the two panes."""

    @property
    def size(self) -> tuple[int, int] | None:
        """The resolution asked of the camera."""
        width, _, height = self.resolution.partition("x")
        return (int(width), int(height)) if width.isdigit() and height.isdigit() else None


class PreferencesFile:
    """The preferences on disk, an INI file."""

    def __init__(self, path: Path) -> None:
        self._settings = QSettings(str(path), QSettings.Format.IniFormat)

    def load(self) -> Preferences:
        """All values, defaults where nothing sensible is stored."""
        result = Preferences()
        for item in fields(Preferences):
            stored = self._settings.value(item.name)
            if stored is None:
                continue
            try:
                value = _read(stored, getattr(result, item.name))
            except (TypeError, ValueError):
                log.warning("ignored the setting %s = %r", item.name, stored)
                continue
            setattr(result, item.name, value)
        return _checked(result)

    def save(self, preferences: Preferences) -> None:
        """Write everything; a settings file that cannot be written is logged, never an error."""
        for item in fields(Preferences):
            self._settings.setValue(item.name, _write(getattr(preferences, item.name)))
        self._settings.sync()
        if self._settings.status() != QSettings.Status.NoError:
            log.warning("the settings could not be written to %s", self._settings.fileName())


def _write(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, bytes):
        return QByteArray(value)
    if isinstance(value, tuple):
        return " ".join(f"{number:.6g}" for number in value)
    return value


def _read(stored: Any, default: Any) -> Any:
    """The stored value in the default's type; ValueError or TypeError if it is none."""
    if isinstance(default, bool):
        return {"yes": True, "no": False}[str(stored)] if str(stored) in ("yes", "no") else default
    if isinstance(default, bytes):
        return bytes(stored)
    if isinstance(default, tuple):
        return tuple(float(number) for number in str(stored).split())
    return type(default)(stored)


def _checked(preferences: Preferences) -> Preferences:
    default = Preferences()
    if preferences.theme not in ("system", "light", "dark"):
        preferences.theme = default.theme
    if preferences.device not in ("auto", "cpu", "cuda", "mps"):
        preferences.device = default.device
    preferences.delay = min(MAX_DELAY, max(0, preferences.delay))
    if not (preferences.height_m == 0 or 0.5 <= preferences.height_m <= 2.5):
        preferences.height_m = default.height_m
    preferences.countdown_s = min(60, max(0, preferences.countdown_s))
    preferences.auto_stop_s = min(86400, max(0, preferences.auto_stop_s))
    preferences.rate = preferences.rate if 0 < preferences.rate <= 240 else 0.0
    return preferences
