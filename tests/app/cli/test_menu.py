"""The program in a Linux desktop's menu: put there, started from there, taken out again."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from app import __version__
from app.cli import menu
from app.cli.exits import UsageError
from tests.support.program import RUN_APP, Ended, Program

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux desktops' menus")


def entry_of(data: Path) -> Path:
    return data / "applications" / "mixpose.desktop"


def icon_of(data: Path) -> Path:
    return data / "icons" / "hicolor" / "scalable" / "apps" / "mixpose.svg"


def values(entry: Path) -> dict[str, str]:
    first, *lines = entry.read_text(encoding="utf-8").splitlines()
    assert first == "[Desktop Entry]"
    return dict(line.split("=", 1) for line in lines)  # type: ignore[arg-type,misc]


def command(value: str) -> list[str]:
    """The words of ``Exec`` as a desktop reads them: escapes of any value, quotes, then %."""
    value = value.replace("\\\\", "\\")
    words = re.findall(r'"(?:[^"\\]|\\.)*"|\S+', value)
    plain = [re.sub(r"\\(.)", r"\1", word[1:-1]) if word[0] == '"' else word for word in words]
    return [word.replace("%%", "%") for word in plain]


def in_menu(program: Program, option: str, data: Path) -> Ended:
    return program.run(option, env={"XDG_DATA_HOME": str(data)})


@on_linux
def test_added_started_and_removed(program: Program, tmp_path: Path) -> None:
    data = tmp_path / "data"
    added = in_menu(program, "--add-to-menu", data)
    assert (added.code, added.err) == (0, "")
    assert str(entry_of(data)) in added.out
    assert "python run_app.py --remove-from-menu" in added.out
    entry = values(entry_of(data))
    assert (entry["Type"], entry["Name"], entry["Terminal"]) == ("Application", "mixpose", "false")
    assert ElementTree.parse(icon_of(data)).getroot().tag.endswith("svg")
    assert icon_of(data).stem == entry["Icon"]
    assert command(entry["Exec"]) == [sys.executable, str(RUN_APP), "%f"], "a video opens with it"
    assert "video/mp4" in entry["MimeType"].split(";")
    assert entry["TryExec"] == sys.executable

    again = in_menu(program, "--add-to-menu", data)
    assert again == added, "it is put there once"

    removed = in_menu(program, "--remove-from-menu", data)
    assert (removed.code, removed.out) == (0, "mixpose is no longer in the menu.\n")
    assert [path for path in data.rglob("*") if path.is_file()] == []
    not_there = in_menu(program, "--remove-from-menu", data)
    assert (not_there.code, not_there.out) == (0, "mixpose was not in the menu.\n")


@on_linux
def test_from_a_folder_of_any_name(tmp_path: Path) -> None:
    folder = tmp_path / 'my "$poses" 100% \\ `now`; é'
    folder.mkdir()
    for name in ("app", "models", "run_app.py"):
        (folder / name).symlink_to(RUN_APP.with_name(name))
    program = Program(tmp_path, (sys.executable, "run_app.py"), folder)
    in_menu(program, "--add-to-menu", tmp_path / "data")
    *words, _ = command(values(entry_of(tmp_path / "data"))["Exec"])
    assert words == [sys.executable, str(folder / "run_app.py")]
    started = subprocess.run([*words, "--version"], cwd="/", capture_output=True, text=True)
    assert started.stdout == f"mixpose {__version__}\n"
    check(entry_of(tmp_path / "data"))


def check(entry: Path) -> None:
    """By the desktops' own rules, where their checker is installed."""
    checker = shutil.which("desktop-file-validate")
    if checker is not None:
        done = subprocess.run([checker, str(entry)], capture_output=True, text=True)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@on_linux
@pytest.mark.skipif(shutil.which("desktop-file-validate") is None, reason="desktop-file-utils")
def test_desktops_find_nothing_wrong_with_it(program: Program, tmp_path: Path) -> None:
    in_menu(program, "--add-to-menu", tmp_path / "data")
    check(entry_of(tmp_path / "data"))


@on_linux
def test_where_nothing_can_be_written(program: Program, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    refused = in_menu(program, "--add-to-menu", tmp_path / "data")
    refused.check_refused("The menu cannot be changed", str(tmp_path / "data"))


def test_it_is_no_option_of_a_command(program: Program) -> None:
    program.run("--add-to-menu", "devices").check_refused("--add-to-menu", "'devices'")


@pytest.mark.parametrize(
    ("system", "words"), [("win32", "mixpose-gui.exe"), ("darwin", "terminal")]
)
def test_elsewhere_it_is_said_what_to_do(
    system: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    with pytest.raises(UsageError, match=f"Linux.*{words}"):
        menu.run(argparse.Namespace(menu="--add-to-menu"))
