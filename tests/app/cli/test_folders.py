"""Which videos a folder holds, and what they become."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.cli.folders import plan
from app.errors import MixposeError
from app.export.registry import export
from tests.support.motion import motion


def make(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"video")
    return folder


def tables(sources: list[Path], output: Path, kind: str | None = None) -> dict[str, str]:
    """Source -> file, both relative to where the test is."""
    base = output.parent
    pairs = plan([str(each) for each in sources], str(output), kind).pairs
    return {str(a.relative_to(base)): str(b.relative_to(output)) for a, b in pairs}


def test_folders_are_found_again_in_the_output(tmp_path: Path) -> None:
    films = make(tmp_path / "films", "a.mp4", "B.MOV", "x/y/c.mkv", "x/漢字 d.webm", "notes.txt")
    assert tables([films], tmp_path / "out") == {
        "films/a.mp4": "a.csv",
        "films/B.MOV": "B.csv",
        "films/x/y/c.mkv": "x/y/c.csv",
        "films/x/漢字 d.webm": "x/漢字 d.csv",
    }
    assert not (tmp_path / "out").exists(), "made when there is something to put into it"


def test_the_format_gives_the_ending(tmp_path: Path) -> None:
    films = make(tmp_path / "films", "a.mp4", "v.1.mp4")
    assert list(tables([films], tmp_path / "out", "bvh").values()) == ["a.bvh", "v.1.bvh"]


def test_several_sources_keep_apart(tmp_path: Path) -> None:
    make(tmp_path, "one/a.mp4", "two/a.mp4", "b.mp4")
    sources = [tmp_path / "one", tmp_path / "two", tmp_path / "b.mp4"]
    assert list(tables(sources, tmp_path / "out").values()) == ["one/a.csv", "two/a.csv", "b.csv"]


def test_the_same_file_twice_is_one(tmp_path: Path) -> None:
    make(tmp_path, "b.mp4")
    assert len(tables([tmp_path / "b.mp4"] * 2, tmp_path / "out")) == 1


def test_equal_names_keep_their_endings_in_every_run(tmp_path: Path) -> None:
    films = make(tmp_path / "films", "a.mp4", "a.mov", "A.mkv", "b.mp4")
    assert sorted(tables([films], tmp_path / "out").values()) == [
        *("A.mkv.csv", "a.mov.csv", "a.mp4.csv", "b.csv")
    ]


def test_what_is_hidden_recorded_or_exported_is_no_source(tmp_path: Path) -> None:
    films = make(
        tmp_path / "films",
        *("a.mp4", "._a.mp4", ".trash/b.mp4", "walk.mixpose/video.mkv", "x/run.mixpose/video.mkv"),
    )
    export(films / "made.csv", motion(3))
    make(films, "made.mp4")
    (films / "made.csv.json").rename(films / "made.mp4.json")
    found = plan([str(films)], str(tmp_path / "out"), None)
    assert [source.name for source, _ in found.pairs] == ["a.mp4"]
    assert found.recordings == 2


def test_a_folder_that_holds_itself(tmp_path: Path) -> None:
    films = make(tmp_path / "films", "a.mp4")
    (films / "again").symlink_to(films)
    assert list(tables([films], tmp_path / "out").values()) == ["a.csv"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_a_folder_that_may_not_be_looked_into_is_listed(tmp_path: Path) -> None:
    films = make(tmp_path / "films", "a.mp4", "locked/b.mp4")
    (films / "locked").chmod(0)
    found = plan([str(films)], str(tmp_path / "out"), None)
    (films / "locked").chmod(0o755)
    assert found.unreadable == ((films / "locked", "access is not permitted, or another program "
                                 "holds the file"),)  # fmt: skip


@pytest.mark.parametrize(
    ("sources", "output", "kind", "words"),
    [
        (["empty"], "out", None, "There is no video in .*empty"),
        (["films"], "out.csv", None, "need a folder after -o"),
        (["films"], "nowhere/deep", None, "does not exist"),
        (["films"], "films/a.mp4", None, "need a folder|is not a folder"),
        (["films"], "out", "xls", "'xls' is not a format"),
        (["films", "other/films"], "out", None, "Two of the folders are called films"),
        (["films/a.mp4", "other/films/a.mp4"], "out", None, "films/a.mp4 and .*would both"),
        (["films/体操.mp4", "films/舞.mp4"], "out", "bids", "体操.mp4 and .*舞.mp4 would"),
        (["films"], "films", "mp4", "would be overwritten"),
    ],
)
def test_what_cannot_be(
    sources: list[str], output: str, kind: str | None, words: str, tmp_path: Path
) -> None:
    make(tmp_path, "films/a.mp4", "other/films/a.mp4", "empty/notes.txt")
    with pytest.raises(MixposeError, match=words):
        plan([str(tmp_path / each) for each in sources], str(tmp_path / output), kind)


def test_what_is_not_there_is_left_for_the_list_at_the_end(tmp_path: Path) -> None:
    make(tmp_path, "a.mp4")
    sources = [tmp_path / "a.mp4", tmp_path / "gone.mp4"]
    assert list(tables(sources, tmp_path / "out").values()) == ["a.csv", "gone.csv"]
