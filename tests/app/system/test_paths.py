"""Where things are kept, by the platform's rules."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from app.system import paths


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the rules of freedesktop.org")
def test_linux_places_follow_the_users_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DOCUMENTS_DIR", str(tmp_path / "Dokumente"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert paths.recordings_dir() == tmp_path / "Dokumente" / "mixpose"
    assert paths.log_file().is_relative_to(tmp_path / "state" / "mixpose")
    assert paths.settings_file() == tmp_path / "config" / "mixpose" / "mixpose.ini"
    assert list(tmp_path.iterdir()) == [], "naming a place must not make it"
