"""What all processes of one run of the tests share: what takes seconds to make is made once."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from filelock import FileLock

VARIABLE = "MIXPOSE_TESTS_FOLDER"
"""Names a folder that ``tests/conftest.py`` makes at the start of a run and removes at its end."""
Made = TypeVar("Made")


def made_once(name: str, make: Callable[[], Made]) -> Made:
    """What ``make`` returns for whoever asks first for something of that ``name``."""
    path = Path(os.environ[VARIABLE]) / f"{name}.pickle"
    with FileLock(path.with_suffix(".lock")):
        if not path.exists():
            path.write_bytes(pickle.dumps(make(), pickle.HIGHEST_PROTOCOL))
    made: Made = pickle.loads(path.read_bytes())
    return made
