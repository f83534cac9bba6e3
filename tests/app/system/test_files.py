"""Whole or not at all, and never over another file unasked: on a real file system."""

from __future__ import annotations

import errno
import os
import signal
import stat
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.system.files import (
    free_name,
    names_in_turn,
    plain_reason,
    safe_name,
    write_atomically,
    write_together,
)
from tests.support.program import Program

posix = pytest.mark.skipif(os.name == "nt", reason="modes and links as POSIX has them")


def listing(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_the_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "Übung 体操.csv"
    with write_atomically(target) as file:
        file.write(b"first")
        file.flush()
        assert not target.exists()
    assert listing(tmp_path) == {target.name: b"first"}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_leaves_nothing_behind(tmp_path: Path, error: type[BaseException]) -> None:
    def write_half() -> None:
        with write_atomically(tmp_path / "new") as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        write_half()
    assert listing(tmp_path) == {}


@posix
def test_what_a_killed_process_left_is_removed_a_day_later(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, signal\nfrom app.system.files import write_atomically\n"
        f"with write_atomically(pathlib.Path({str(tmp_path / 'film.mp4')!r})) as file:\n"
        "    file.write(b'half')\n    file.flush()\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert Program(tmp_path).run(code=code).code == -signal.SIGKILL
    (left,) = listing(tmp_path)
    with write_atomically(tmp_path / "today"):
        pass
    assert set(listing(tmp_path)) == {left, "today"}
    yesterday = time.time() - 25 * 3600
    os.utime(tmp_path / left, (yesterday, yesterday))
    with write_atomically(tmp_path / "slow"):
        (mine,) = {name for name in listing(tmp_path) if name.startswith(".")} - {left}
        os.utime(tmp_path / mine, (yesterday, yesterday))
        with write_atomically(tmp_path / "tomorrow"):
            pass
    assert set(listing(tmp_path)) == {"today", "slow", "tomorrow"}


def test_an_error_leaves_the_old_file_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"precious")

    def write_half() -> None:
        with write_atomically(tmp_path / "old", overwrite=True) as file:
            file.write(b"half")
            raise ValueError("half-way")

    with pytest.raises(ValueError, match="half-way"):
        write_half()
    assert listing(tmp_path) == {"old": b"precious"}


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"precious")
    with pytest.raises(FileExistsError), write_atomically(tmp_path / "old"):
        pytest.fail("work was begun that cannot be kept")
    assert listing(tmp_path) == {"old": b"precious"}


def test_a_name_taken_while_writing_is_not_overwritten(tmp_path: Path) -> None:
    def write_while_another_takes_the_name() -> None:
        with write_atomically(tmp_path / "name") as file:
            file.write(b"ours")
            (tmp_path / "name").write_bytes(b"theirs")

    with pytest.raises(FileExistsError):
        write_while_another_takes_the_name()
    assert listing(tmp_path) == {"name": b"theirs"}


def test_overwriting_replaces_the_whole_file(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"something much longer than what follows")
    with write_atomically(tmp_path / "old", overwrite=True) as file:
        file.write(b"short")
    assert listing(tmp_path) == {"old": b"short"}


@posix
def test_a_new_file_is_readable_by_others_as_usual(tmp_path: Path) -> None:
    with write_atomically(tmp_path / "ours") as file:
        file.write(b"")
    (tmp_path / "usual").write_bytes(b"")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes["ours"] == modes["usual"]


@posix
def test_overwriting_keeps_the_old_mode(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"")
    (tmp_path / "old").chmod(0o600)
    with write_atomically(tmp_path / "old", overwrite=True) as file:
        file.write(b"new")
    assert stat.S_IMODE((tmp_path / "old").stat().st_mode) == 0o600


@posix
def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    with write_atomically(tmp_path / "link", overwrite=True) as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


@posix
@pytest.mark.parametrize("leads", ["real", "none", "folder"])
def test_a_link_that_a_stranger_may_have_made_is_replaced(tmp_path: Path, leads: str) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "real").chmod(0o600)
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(leads)
    with pytest.raises(FileExistsError), write_atomically(tmp_path / "link", through_links=False):
        pytest.fail("work was begun that cannot be kept")
    with write_atomically(tmp_path / "link", overwrite=True, through_links=False) as file:
        file.write(b"new")
    assert not (tmp_path / "link").is_symlink()
    assert listing(tmp_path) == {"real": b"old", "link": b"new"}


@posix
def test_if_the_second_cannot_be_put_in_place_a_link_is_back(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")

    def write_both() -> None:
        paths = [tmp_path / "link", tmp_path / "b"]
        with write_together(paths, overwrite=True, through_links=False):
            paths[1].mkdir()

    with pytest.raises(OSError, match="b"):
        write_both()
    assert (tmp_path / "link").readlink() == Path("real")
    assert listing(tmp_path) == {"real": b"old", "link": b"old"}


@posix
@pytest.mark.parametrize("refused", ["open", "fsync"])
def test_what_is_there_is_not_reported_as_failed(
    tmp_path: Path, refused: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folders one may write to but not read, and disks that know no fsync of folders."""
    called = getattr(os, refused)

    def refuse(what: Any, *given: Any) -> Any:
        if stat.S_ISDIR((os.fstat if refused == "fsync" else os.lstat)(what).st_mode):
            raise OSError(errno.EINVAL, "no folders")
        return called(what, *given)

    monkeypatch.setattr(os, refused, refuse)
    with write_atomically(tmp_path / "file") as file:
        file.write(b"whole")
    assert listing(tmp_path) == {"file": b"whole"}


@posix
def test_a_device_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with (
        pytest.raises(IsADirectoryError),
        write_atomically(tmp_path / "pipe", overwrite=True),
    ):
        pass
    assert (tmp_path / "pipe").is_fifo()


def test_files_that_belong_together_appear_together(tmp_path: Path) -> None:
    with write_together([tmp_path / "a", tmp_path / "b"]) as (a, b):
        a.write(b"1")
        b.write(b"2")
    assert listing(tmp_path) == {"a": b"1", "b": b"2"}


@pytest.mark.parametrize("overwrite", [False, True])
def test_if_the_second_cannot_be_put_in_place_the_first_is_undone(
    tmp_path: Path, overwrite: bool
) -> None:
    if overwrite:
        (tmp_path / "a").write_bytes(b"old a")
        (tmp_path / "b").write_bytes(b"old b")
    before = listing(tmp_path)

    def write_both() -> None:
        paths = [tmp_path / "a", tmp_path / "b"]
        with write_together(paths, overwrite=overwrite) as (a, b):
            a.write(b"new a")
            b.write(b"new b")
            paths[1].unlink(missing_ok=True)
            paths[1].mkdir()  # a file cannot be renamed over a folder

    with pytest.raises(OSError, match="b"):
        write_both()
    before.pop("b", None)
    assert listing(tmp_path) == before


def test_if_either_name_is_taken_neither_is_written(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"precious")
    with pytest.raises(FileExistsError), write_together([tmp_path / "a", tmp_path / "b"]):
        pass
    assert listing(tmp_path) == {"b": b"precious"}


def test_names_in_turn(tmp_path: Path) -> None:
    names = names_in_turn(Path("take 1.5.mixpose"))
    assert [next(names).name for _ in range(3)] == [
        "take 1.5.mixpose",
        "take 1.5-2.mixpose",
        "take 1.5-3.mixpose",
    ]
    (tmp_path / "a.csv").touch()
    (tmp_path / "a-2.csv").mkdir()
    assert free_name(tmp_path / "a.csv") == tmp_path / "a-3.csv"


@given(st.text(max_size=300))
def test_any_text_becomes_a_name_that_can_be_made(text: str) -> None:
    name = safe_name(text)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.mixpose"
        path.touch()
        assert [found.name for found in path.parent.iterdir()] == [path.name]
    assert not set(name) & set('<>:"/\\|?*')
    assert name[0] not in " ."
    assert name[-1] not in " ."


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Über 手 1.5", "Über 手 1.5"),
        ("../../etc/passwd", "etc-passwd"),
        ("con", "con-"),
        ("LPT1.txt", "LPT1.txt-"),
        ("  ", "recording"),
        ("", "recording"),
        ("a\nb\x00c", "a-b-c"),
    ],
)
def test_safe_names(text: str, name: str) -> None:
    assert safe_name(text) == name


def test_reasons_are_plain(tmp_path: Path) -> None:
    def reason_of(path: Path) -> str:
        with pytest.raises(OSError) as caught:  # noqa: PT011
            path.write_bytes(b"")
        return plain_reason(caught.value)

    assert reason_of(tmp_path / "none" / "x") == "the folder does not exist"
    assert reason_of(tmp_path) == "a folder of that name is in the way"
    assert reason_of(tmp_path / ("x" * 300)) == "the name is too long"
    assert plain_reason(OSError("odd")) == "oserror"
