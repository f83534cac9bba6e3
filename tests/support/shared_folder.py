"""What all processes of one run of the tests share."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "MIXPOSE_TESTS_FOLDER"


def shared_folder() -> Path:
    """A folder that ``tests/conftest.py`` makes at the start of a run and removes at its end."""
    return Path(os.environ[VARIABLE])
