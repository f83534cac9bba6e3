"""The window, as model-view-presenter: presenters have no widgets, views have no logic."""

from __future__ import annotations

from pathlib import Path
from typing import Final

DESKTOP_ID: Final = "mixpose"
"""The program's desktop file ID: the name of its menu entry and icon, its windows' class."""
ICON: Final = Path(__file__).with_name("mixpose.svg")
