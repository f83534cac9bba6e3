from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.clips import performer_pictures, write_clip


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``a.mp4``, ``deep/b.mkv`` and ``deep/c.avi`` with 20 frames of the performer each."""
    folder = tmp_path_factory.mktemp("films")
    (folder / "deep").mkdir()
    pictures = performer_pictures(20)
    for name in ("a.mp4", "deep/b.mkv", "deep/c.avi"):
        write_clip(folder / name, pictures)
    return folder
