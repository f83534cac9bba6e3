"""FBX by Blender: what is said without one, when it fails, when it is cancelled; and the file."""

from __future__ import annotations

import os
import shutil
import stat
import time
from pathlib import Path

import pytest

from app.cli import file_options
from app.errors import ExportError
from app.export.file_options import FileOptions
from app.export.registry import export
from tests.support.skeletons import as_motion, performed


def program(folder: Path, text: str) -> FileOptions:
    """A program that stands in the way of Blender, to see what becomes of its failures."""
    path = folder / "blender"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return FileOptions(blender=str(path))


def test_without_blender_it_says_where_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    data = as_motion(performed(1))
    with pytest.raises(ExportError, match=r"Install it .*glTF") as said:
        export(tmp_path / "a.fbx", data, "fbx")
    assert "--" not in str(said.value), "in the window and in scripts there are no options"
    with pytest.raises(ExportError, match=r"Install it .*glTF.*--blender PATH"):
        file_options.require("fbx", FileOptions())
    with pytest.raises(ExportError, match="There is no program /none/blender"):
        export(tmp_path / "a.fbx", data, "fbx", options=FileOptions(blender="/none/blender"))
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="a shell script")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("echo Traceback; echo 'Error: no importer'; exit 3", "Error: no importer"),
        ("exit 0", "wrote no FBX file"),
    ],
)
def test_a_failure_is_said_and_leaves_nothing(text: str, words: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(ExportError, match=words):
        export(out / "a.fbx", as_motion(performed(1)), "fbx", options=program(tmp_path, text))
    assert not list(out.iterdir())


class CancelError(Exception):
    """What a window raises from ``progress`` when the user cancels."""


@pytest.mark.skipif(os.name == "nt", reason="a shell script")
def test_cancelling_ends_blender(tmp_path: Path) -> None:
    def cancel(share: float) -> None:
        if share > 0:
            raise CancelError

    out = tmp_path / "out"
    out.mkdir()
    began = time.monotonic()
    options = program(tmp_path, "exec sleep 60")
    with pytest.raises(CancelError):
        export(out / "a.fbx", as_motion(performed(1)), "fbx", options=options, progress=cancel)
    assert time.monotonic() - began < 30
    assert not list(out.iterdir())


@pytest.mark.slow
def test_blender_writes_a_skeleton_with_the_names(tmp_path: Path) -> None:
    if shutil.which("blender") is None:
        pytest.skip("Blender is not installed")
    path = tmp_path / "a.fbx"
    options = FileOptions(skeleton="mixamo", fps=24)
    export(path, as_motion(performed(2)), "fbx", options=options)
    content = path.read_bytes()
    assert content.startswith(b"Kaydara FBX Binary")
    assert b"mixamorig:LeftForeArm" in content
