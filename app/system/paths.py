"""Locations of the program's files, by the conventions of each platform.

The functions only return paths; folders are created by the code that writes there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import platformdirs

_NAME: Final = "mixpose"


def recordings_dir() -> Path:
    """Return the folder for new recordings: ``mixpose`` in the user's Documents."""
    return platformdirs.user_documents_path() / _NAME


def log_file() -> Path:
    """Return the program's log file."""
    return platformdirs.user_log_path(_NAME, appauthor=False) / f"{_NAME}.log"


def video_cache_dir() -> Path:
    """Return the cache folder for detections in videos; its content can be computed again."""
    return platformdirs.user_cache_path(_NAME, appauthor=False) / "videos"


def video_notes_dir() -> Path:
    """Return the folder for the user's notes on videos: marked moments, camera orientation."""
    return platformdirs.user_data_path(_NAME, appauthor=False) / "videos"


def desktop_data_dir() -> Path:
    """Return the folder of the user's menu entries and icons on a Linux desktop."""
    return platformdirs.user_data_path()


def settings_file() -> Path:
    """Return the file of settings remembered between runs."""
    return platformdirs.user_config_path(_NAME, appauthor=False) / f"{_NAME}.ini"
