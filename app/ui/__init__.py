"""The window: presenters hold the logic and no widgets, views hold the widgets and no logic."""

from __future__ import annotations

from pathlib import Path
from typing import Final

DESKTOP_ID: Final = "mixpose"
"""What a desktop knows the program by: the names of its menu entry and icon, its windows' class."""
ICON: Final = Path(__file__).with_name("mixpose.svg")
