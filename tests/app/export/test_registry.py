"""Exporting: all files or none, nothing overwritten unasked, errors in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.errors import ExportError
from app.export.registry import FORMATS, export
from tests.support.disks import read_only, small_disk
from tests.support.motion import motion


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_it_returns_what_it_wrote(tmp_path: Path) -> None:
    path = tmp_path / "Übung 体操.csv"
    files = export(path, motion(3))
    assert files == (path, tmp_path / "Übung 体操.csv.json")
    assert set(contents(tmp_path)) == {file.name for file in files}


def test_every_format_names_itself() -> None:
    for kind, exporter in FORMATS.items():
        assert exporter.suffix.startswith((".", "_"))
        assert exporter.label
        assert kind == kind.lower()


@pytest.mark.parametrize("taken", ["a.csv", "a.csv.json"])
def test_nothing_is_overwritten_unasked(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).write_text("precious")
    with pytest.raises(ExportError, match=rf"{taken} exists already. Choose another name"):
        export(tmp_path / "a.csv", motion(3))
    assert contents(tmp_path) == {taken: b"precious"}


def test_overwriting_when_asked_replaces_both(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    export(path, motion(9))
    export(path, motion(3), overwrite=True)
    assert len(path.read_text().splitlines()) == 4
    assert '"rows": 3' in (tmp_path / "a.csv.json").read_text()
    assert len(contents(tmp_path)) == 2


class CancelError(Exception):
    """What a window raises from ``progress`` when the user cancels."""


@pytest.mark.parametrize("overwrite", [False, True])
def test_cancelling_leaves_things_as_they_were(tmp_path: Path, overwrite: bool) -> None:
    if overwrite:
        export(tmp_path / "a.csv", motion(3))
    before = contents(tmp_path)

    def cancel_half_way(share: float) -> None:
        if share >= 0.5:
            raise CancelError

    with pytest.raises(CancelError):
        export(tmp_path / "a.csv", motion(4000), overwrite=overwrite, progress=cancel_half_way)
    assert contents(tmp_path) == before


def test_progress_runs_from_nothing_to_all(tmp_path: Path) -> None:
    shares: list[float] = []
    export(tmp_path / "a.csv", motion(4500), progress=shares.append)
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert len(shares) > 4


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 128 * 1024) as disk:
        export(disk / "old.csv", motion(10))
        before = contents(disk)
        for name, overwrite in (("new.csv", False), ("old.csv", True)):
            with pytest.raises(ExportError, match=r"cannot be written: the disk is full\."):
                export(disk / name, motion(5000), overwrite=overwrite)
            assert contents(disk) == before


def test_a_locked_folder_is_said(tmp_path: Path) -> None:
    with read_only(tmp_path / "locked") as folder:
        with pytest.raises(ExportError, match=r"can only be read|not permitted"):
            export(folder / "a.csv", motion(3))
        assert contents(folder) == {}


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="the folder does not exist"):
        export(tmp_path / "none" / "a.csv", motion(3))


def test_a_folder_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(ExportError, match="a folder of that name is in the way"):
        export(tmp_path / "a.csv", motion(3), overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
