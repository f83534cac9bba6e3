from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.clips import performer_pictures, write_clip
from tests.support.program import Program

FRAMES = 20


@pytest.fixture
def program(tmp_path: Path) -> Program:
    home = tmp_path / "home"
    home.mkdir()
    return Program(home)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An empty folder for what the program writes."""
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``person.mp4`` and ``person.mkv``, ``FRAMES`` frames of the performer, and ``nobody.mp4``."""
    folder = tmp_path_factory.mktemp("clips")
    pictures = performer_pictures(FRAMES)
    write_clip(folder / "person.mp4", pictures)
    write_clip(folder / "person.mkv", pictures)
    write_clip(folder / "nobody.mp4", np.full((10, 240, 320, 3), 128, np.uint8))
    return folder
