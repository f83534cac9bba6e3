"""Where the program keeps things, by each platform's own rules.

The functions only name places; whoever writes there makes the folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import platformdirs

_NAME: Final = "mixpose"


def recordings_dir() -> Path:
    """The folder new recordings go to: ``mixpose`` in the user's Documents."""
    return platformdirs.user_documents_path() / _NAME


def log_file() -> Path:
    """The program's log."""
    return platformdirs.user_log_path(_NAME, appauthor=False) / f"{_NAME}.log"


def video_cache_dir() -> Path:
    """What was found in videos, to be found again at any time."""
    return platformdirs.user_cache_path(_NAME, appauthor=False) / "videos"


def video_notes_dir() -> Path:
    """What the user has noted of videos: marked moments, and which way is up."""
    return platformdirs.user_data_path(_NAME, appauthor=False) / "videos"


def desktop_data_dir() -> Path:
    """Where a Linux desktop looks for the user's own menu entries and icons."""
    return platformdirs.user_data_path()


def settings_file() -> Path:
    """What the program remembers between runs."""
    return platformdirs.user_config_path(_NAME, appauthor=False) / f"{_NAME}.ini"
