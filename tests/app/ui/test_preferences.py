from __future__ import annotations

import os
import stat
from dataclasses import fields, replace
from pathlib import Path

import pytest

from app.ui.preferences import Preferences, PreferencesFile

CHANGED = Preferences(
    source="Kamera „Süd“ 📷",
    addresses="http://me@camera/1\nrtsp://other",
    resolution="1280x720",
    rate=29.97,
    weights="mixpose-s",
    device="cpu",
    several=False,
    detector="heavy",
    camera_told=True,
    camera_pitch_deg=12.0,
    camera_roll_deg=-3.0,
    height_m=1.83,
    delay=5,
    countdown_s=3,
    auto_stop_s=30,
    keep_video=True,
    smooth_live=False,
    export_kind="bvh",
    smooth_hz=6.0,
    rigid_bones=True,
    bone="upper-arm",
    bone_m=0.31,
    room=True,
    fov_deg=65.0,
    camera_height_m=1.2,
    heading="-90",
    angles=True,
    export_more=True,
    export_fps=24.0,
    export_skeleton="unreal",
    export_rest="a",
    blender="/opt/blender 4.2/blender",
    animate_kind="vrma",
    animate_fps=60.0,
    animate_skeleton="mixamo",
    analyse_kind="mot",
    report_kind="pdf",
    osc=True,
    osc_address="studio:4000",
    lsl=True,
    lsl_name="lab@network",
    theme="light",
    mirror=True,
    fill=True,
    follow=False,
    orbit=(0.5, -0.25, 3.0, 0.0, 1.05, 0.0),
    last_folder="films/with space",
    offered="monday.mixpose/Süd, 2.mixpose",
    saved_at_close="monday.mixpose",
    welcomed=True,
    settings_open=True,
    geometry=b"\x00\x01\xff",
    panes=(300.0, 400.0),
    plot_open=True,
    plot_group="elbow_flexion",
    plot_height=210.0,
    numbers=True,
    numbers_of="hip_flexion/trunk_flexion",
)


def test_everything_is_remembered(tmp_path: Path) -> None:
    for item in fields(Preferences):
        default = getattr(Preferences(), item.name)
        assert getattr(CHANGED, item.name) != default, f"{item.name} is not tested"
    PreferencesFile(tmp_path / "a.ini").save(CHANGED)
    assert PreferencesFile(tmp_path / "a.ini").load() == CHANGED


def test_without_a_file_there_are_defaults(tmp_path: Path) -> None:
    assert PreferencesFile(tmp_path / "none.ini").load() == Preferences()


@pytest.mark.parametrize(
    "line",
    [
        "delay=many",
        "delay=999",
        "theme=pink",
        "device=abacus",
        "height_m=17",
        "detector=huge",
        "height_m=nan",
        "rate=-1",
        "rate=inf",
        "orbit=1 2 x",
        "mirror=perhaps",
        "countdown_s=-3",
        "plot_group=toes",
        "plot_height=-20",
        "numbers=perhaps",
        "numbers_of=toes/ears",
        "smooth_hz=-3",
        "smooth_hz=nan",
        "bone=nose",
        "bone_m=0.4",
        "fov_deg=1000",
        "camera_height_m=inf",
        "heading=north",
    ],
)
def test_nonsense_in_the_file_falls_back_to_something_sensible(tmp_path: Path, line: str) -> None:
    file = tmp_path / "edited.ini"
    file.write_text(f"[General]\n{line}\n")
    found, default = PreferencesFile(file).load(), Preferences()
    name = line.partition("=")[0]
    if line == "delay=999":
        assert found.delay == 10
    else:
        assert getattr(found, name) == getattr(default, name)


def test_a_file_that_cannot_be_written_is_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "folder.ini").mkdir()
    PreferencesFile(tmp_path / "folder.ini").save(CHANGED)
    assert f"the settings could not be written to {tmp_path / 'folder.ini'}" in caplog.text
    assert list((tmp_path / "folder.ini").iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps a user's folder to the user")
def test_nobody_else_may_read_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.ini"
    for older in (False, True):
        if older:
            file.chmod(0o644)
        PreferencesFile(file).save(replace(CHANGED, delay=3 + older))
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1280x720", (1280, 720)),
        *(("", None), ("large", None), ("12x", None), ("12x²", None), ("9" * 5000 + "x9", None)),
    ],
)
def test_resolution(text: str, size: tuple[int, int] | None) -> None:
    assert Preferences(resolution=text).size == size


def test_a_resolution_of_strange_digits_is_none() -> None:
    assert Preferences(resolution="1280x720").size == (1280, 720)
    assert Preferences(resolution="\u00b2x\u00b2").size is None
