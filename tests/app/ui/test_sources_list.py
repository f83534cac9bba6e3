from __future__ import annotations

from pathlib import Path

import pytest

from app.ui.presenters import sources


def test_cameras_come_first_and_what_is_open_is_listed() -> None:
    found = sources.build(["Logitech C920"], "/films/dance.mp4")
    labels = [entry.label for entry in found.entries]
    assert labels[:3] == ["Logitech C920", "Performer (built-in)", "dance.mp4"]
    assert [entry.spec for entry in found.entries][-2:] == [sources.ASK_FILE, sources.ASK_URL]


def test_what_is_known_is_not_listed_twice() -> None:
    for current in ("Logitech C920", sources.PERFORMER, ""):
        specs = [entry.spec for entry in sources.build(["Logitech C920"], current).entries]
        assert len(specs) == len(set(specs)) == 4


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("http://user:secret@10.0.0.7/video", "10.0.0.7/video"),
        ("/films/Süd 📷.mp4", "Süd 📷.mp4"),
        ("/r/2026-11-21 14.03.22.mixpose", "2026-11-21 14.03.22"),
        ("performer", "Performer"),
        ("Logitech C920", "Logitech C920"),
    ],
)
def test_short_names_hide_folders_and_passwords(spec: str, name: str) -> None:
    assert sources.short(spec) == name


@pytest.mark.parametrize(
    ("spec", "kept"),
    [
        ("rtsp://anna:secret@10.0.0.7/live", "rtsp://anna@10.0.0.7/live"),
        ("http://anna:s%40cret:x@[::1]:80/v?a=1", "http://anna@[::1]:80/v?a=1"),
        ("http://anna:s@cret:x@[::1]:80/v?a=1", ""),
        ("http://anna:sec/ret@10.0.0.7/v", ""),
        ("http://anna:sec#ret@10.0.0.7/v", ""),
        ("http://anna@10.0.0.7/video", "http://anna@10.0.0.7/video"),
        ("http://10.0.0.7:8080/@live", "http://10.0.0.7:8080/@live"),
        ("http://anna:secret@[::1/video", ""),
        ("Kamera „Süd“: a@b", "Kamera „Süd“: a@b"),
        ("performer", "performer"),
    ],
)
def test_no_password_is_remembered(spec: str, kept: str) -> None:
    assert sources.to_remember(spec) == kept


def test_what_counts_as_a_camera(tmp_path: Path) -> None:
    file = tmp_path / "clip"
    file.touch()
    assert sources.is_camera("Logitech C920")
    assert sources.is_camera("0")
    for other in (str(file), "missing.mp4", "/no/such/file", "rtsp://x/y", sources.PERFORMER):
        assert not sources.is_camera(other), other


def test_a_performer_that_cannot_be_drawn_is_not_listed() -> None:
    specs = [entry.spec for entry in sources.build([], "", performer=False).entries]
    assert specs == [sources.ASK_FILE, sources.ASK_URL]
