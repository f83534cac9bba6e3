from __future__ import annotations

import sys
from pathlib import Path

import pytest

import app.public
from app.public import Motion
from tests.support.clips import performer_pictures, write_clip


@pytest.fixture(autouse=True)
def as_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """``import mixpose`` gives this checkout's, whatever is installed here."""
    monkeypatch.setitem(sys.modules, "mixpose", app.public)


@pytest.fixture(scope="package")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 frames of the performer."""
    return write_clip(tmp_path_factory.mktemp("clip") / "jump.mp4", performer_pictures(40))


@pytest.fixture(scope="package")
def jump(clip: Path) -> Motion:
    return app.public.lift(clip, detector="lite", height=1.82)
