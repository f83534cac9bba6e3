from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.cli.exits import UsageError
from app.cli.outputs import Job, plan, require_free
from app.errors import ExportError
from app.export import registry
from app.export.registry import FORMATS

KINDS = sorted(kind for kind, each in FORMATS.items() if not (each.blender or each.printed))


def test_one_source_takes_the_name_given(tmp_path: Path) -> None:
    assert plan(["dance.mp4"], f"{tmp_path}/x.csv") == [Job("dance.mp4", tmp_path / "x.csv")]
    assert plan(["dance.mp4"], f"{tmp_path}/X.CSV") == [Job("dance.mp4", tmp_path / "X.CSV")]


def test_a_folder_gets_a_file_named_after_the_source(tmp_path: Path) -> None:
    assert plan(["in/dance.mp4"], str(tmp_path)) == [Job("in/dance.mp4", tmp_path / "dance.csv")]
    new = tmp_path / "new"
    assert plan(["dance.mp4"], f"{new}/") == [Job("dance.mp4", new / "dance.csv")]
    assert not new.exists(), "made when there is something to put into it"


@pytest.mark.parametrize(
    ("sources", "names"),
    [
        (["a.mp4", "b.mp4"], ["a.csv", "b.csv"]),
        (["x/a.mp4", "y/a.mp4", "a.mov"], ["a.csv", "a-2.csv", "a-3.csv"]),
        (["a.mp4", "y/A.mp4"], ["a.csv", "A-2.csv"]),
        (["a-2.mp4", "a.mp4", "b/a.mp4"], ["a-2.csv", "a.csv", "a-3.csv"]),
        (["performer", "0"], ["performer.csv", "0.csv"]),
        (["rtsp://u:p@10.0.0.7/", "http://h/live/cam.mjpg?x=1"], ["10.0.0.7.csv", "cam.csv"]),
        (["Cam: 1/2 (USB)", "b.mp4"], ["2 (USB).csv", "b.csv"]),
    ],
)
def test_several_sources_never_share_a_table(
    sources: list[str], names: list[str], tmp_path: Path
) -> None:
    assert [job.table.name for job in plan(sources, str(tmp_path))] == names


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_may_be_asked_for(kind: str, tmp_path: Path) -> None:
    suffix = FORMATS[kind].suffix
    file = tmp_path / f"x{suffix}"
    assert plan(["a.mp4"], str(file), kind) == [Job("a.mp4", file, kind)]
    jobs = plan(["a.mp4", "b/a.mp4"], str(tmp_path), kind)
    names = [f"a{suffix}", f"a-2{suffix}"]
    if kind == "bids":
        names = [f"sub-01_task-{task}_tracksys-mixpose_motion.tsv" for task in ("a", "a2")]
    assert [job.table.name for job in jobs] == names
    assert {job.kind for job in jobs} == {kind}
    alone = FORMATS[kind].file(tmp_path, "a")
    assert plan(["a.mp4"], f"{tmp_path}/", kind) == [Job("a.mp4", alone, kind)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_ending_alone_decides(kind: str, tmp_path: Path) -> None:
    (job,) = plan(["a.mp4"], f"{tmp_path}/x{FORMATS[kind].suffix.upper()}")
    assert job.kind == ("csv" if kind == "csv-long" else kind)


def test_a_library_that_is_missing_is_said_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "find_spec", lambda name: None)
    with pytest.raises(ExportError, match="needs pyarrow"):
        plan(["a.mp4"], f"{tmp_path}/x.parquet")
    assert plan(["a.mp4"], f"{tmp_path}/x.csv")


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("x", ["x", ".csv"]),
        ("x.xlsx", ["x.xlsx", ".csv"]),
        ("nowhere/x.csv", ["nowhere", "does not exist"]),
        ("nowhere/deep/", ["nowhere", "does not exist"]),
        ("file/x.csv", ["file", "is not a folder"]),
        ("file/", ["file", "is not a folder"]),
    ],
)
def test_output_that_cannot_be(output: str, words: list[str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError) as refusal:
        plan(["a.mp4"], f"{tmp_path}/{output}")
    for word in words:
        assert word in str(refusal.value)


def test_several_sources_need_a_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="folder after -o"):
        plan(["a.mp4", "b.mp4"], f"{tmp_path}/x.csv")
    with pytest.raises(UsageError, match="folder after -o"):
        plan(["a.mp4", "b.mp4"], f"{tmp_path}/x.trc", "trc")


@pytest.mark.parametrize(
    ("output", "wanted", "words"),
    [
        ("x.csv", "xls", "'xls' is not a format. Choose one of: csv, csv-long"),
        ("", "xls", "'xls' is not a format"),
        ("x.csv", "trc", r"End it with \.trc"),
    ],
)
def test_a_format_that_cannot_be(output: str, wanted: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=words):
        plan(["a.mp4"], f"{tmp_path}/{output}", wanted)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="not permitted"):
        plan(["a.mp4"], f"{tmp_path}/x.csv")


@pytest.mark.parametrize("name", ["x.csv", "x.csv.json"])
def test_nothing_is_replaced_unasked(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    with pytest.raises(UsageError, match="--force"):
        require_free(tmp_path / "x.csv", force=False)
    require_free(tmp_path / "x.csv", force=True)
    require_free(tmp_path / "y.csv", force=False)
