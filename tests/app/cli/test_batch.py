"""``lift`` over a folder as a user runs it."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from app.cli import batch, batch_options, folders
from app.cli.arguments import parse
from app.errors import ExportError
from app.export.registry import export
from app.lifting.batch.task import Result, Task
from tests.support.clips import performer_pictures, write_clip
from tests.support.motion import ORIGIN, motion
from tests.support.program import LIFT, Program
from tests.support.waiting import until

if os.name == "nt":
    pytest.skip("POSIX signals and terminals", allow_module_level=True)

from tests.support.terminal import on_terminal

pytestmark = pytest.mark.timeout(900)
PATIENCE_S = 400
"""Each process loads the network; on a busy machine that takes a while."""


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two films of a person, one of them in a folder, and a file that is none."""
    folder = tmp_path_factory.mktemp("films")
    (folder / "deep").mkdir()
    pictures = performer_pictures(20)
    write_clip(folder / "a.mp4", pictures)
    write_clip(folder / "deep" / "b.mkv", pictures[:15])
    (folder / "broken.mp4").write_text("a shopping list\n" * 100)
    return folder


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.slow
def test_a_folder_is_as_one_by_one_and_a_second_run_skips_it(
    program: Program, films: Path, out: Path
) -> None:
    folder, single = out / "many", out / "single"
    ended = program.call(*LIFT, films, "-o", folder, "--smooth", "6", "--jobs", "2")
    assert ended.code == 1, ended
    first, second, *rest = ended.err.splitlines()
    assert first == "mixpose: 2 of 3 videos lifted. Not lifted:"
    assert second.startswith(f"  {films / 'broken.mp4'}: broken.mp4 is not a video")
    assert rest == [], "no bar where nobody watches, and no chatter of the processes"
    said = [line.partition("; ") for line in sorted(ended.out.splitlines())]
    assert [words for words, _, _ in said] == [
        f"{folder / 'a.csv'}: 20 frames (0.6 s), a person in 20",
        f"{folder / 'deep' / 'b.csv'}: 15 frames (0.5 s), a person in 15",
    ]
    assert all(quality.startswith("3D off the picture by ") for _, _, quality in said)
    single.mkdir()
    for source in (films / "a.mp4", films / "deep" / "b.mkv"):
        alone = program.call(*LIFT, source, "-o", single / f"{source.stem}.csv", "--smooth", "6")
        assert alone.code == 0, alone
    found = {Path(name).name: data for name, data in content(folder).items()}
    assert found == content(single), "to the last byte, sidecars included"

    before = content(folder)
    times = [path.stat().st_mtime_ns for path in sorted(folder.rglob("*.csv"))]
    again = program.call(*LIFT, films, "-o", folder, "--smooth", "6")
    assert again.code == 1
    assert again.err.startswith("mixpose: 0 of 3 videos lifted, 2 done before. Not lifted:")
    assert content(folder) == before
    assert [path.stat().st_mtime_ns for path in sorted(folder.rglob("*.csv"))] == times


def sorted_out(films: Path, out: Path, *arguments: str) -> tuple[list[Task], int, list[str]]:
    """What there is to do, what is done, and why the rest cannot be done."""
    options = parse(["lift", str(films), "-o", str(out), *arguments])
    wanted = batch_options.wanted_of_each(options, "csv", "ab" * 32)
    found = batch.sort_out(folders.plan([str(films)], str(out), None), wanted, options)
    return found.tasks, found.done, [reason for _, reason in found.refused]


def test_what_is_done_is_told_from_what_is_in_the_way(films: Path, out: Path) -> None:
    (task, *_), done, refused = sorted_out(films / "deep", out)
    assert (task, done, refused) == (Task(films / "deep" / "b.mkv", out / "b.csv"), 0, [])
    options = parse(["lift", "x", "-o", "y"])
    motion_of_b = replace(motion(3), provenance=replace(ORIGIN, weights_sha256="ab" * 32))
    export(task.table, batch_options.remembered(motion_of_b, str(task.source), "csv", options))
    assert sorted_out(films / "deep", out) == ([], 1, [])
    overwrite = replace(task, overwrite=True)
    assert sorted_out(films / "deep", out, "--again") == ([overwrite], 0, [])
    assert sorted_out(films / "deep", out, "--force") == ([], 1, []), "only what differs"
    tasks, done, (reason,) = sorted_out(films / "deep", out, "--smooth", "6")
    assert (tasks, done) == ([], 0)
    assert "exists already" in reason
    assert "--force" in reason
    tasks, done, (reason,) = sorted_out(films / "deep", out, "--smooth", "6", "--again")
    assert "exists already" in reason, "it was made of something else: not ours to replace"
    assert sorted_out(films / "deep", out, "--smooth", "6", "--force") == ([overwrite], 0, [])


def test_a_video_lifted_meanwhile_by_the_same_command_is_done(
    program: Program, films: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By another process, so that its file is in the way at the end."""

    def meanwhile(tasks: list[Task], *_: object) -> Iterator[Result]:
        for index, task in enumerate(tasks):
            motion_of_it = replace(motion(3), provenance=replace(ORIGIN, weights_sha256=sha256))
            remembered = batch_options.remembered(motion_of_it, str(task.source), "csv", options)
            export(task.table, remembered)
            with pytest.raises(ExportError) as error:
                export(task.table, remembered)
            yield Result(index, error=error.value)

    options = parse([*LIFT, str(films / "deep"), "-o", str(out)])
    sha256 = batch._sha256_of_weights(None)
    monkeypatch.setattr(batch, "_events", meanwhile)
    ended = program.call(*LIFT, films / "deep", "-o", out)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "0 of 1 video lifted, 1 done before.\n"


def test_the_largest_is_begun_first(films: Path, out: Path) -> None:
    tasks, _, _ = sorted_out(films, out)
    sizes = [task.source.stat().st_size for task in tasks]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 3


def children_of(process_id: int) -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process(process_id).children(recursive=True)
        if alive(child) and "spawn_main" in " ".join(child.cmdline())
    ]


def alive(process: psutil.Process) -> bool:
    """Whether it does anything: one that has ended but was not waited for does not."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(scope="module")
def long_films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("long")
    pictures = performer_pictures(20)
    for name in ("a.mp4", "b.mp4"):
        write_clip(folder / name, pictures * 60)
    return folder


@pytest.mark.slow
def test_one_bar_and_ctrl_c(program: Program, long_films: Path, out: Path) -> None:
    arguments = (*LIFT, long_films, "-o", out / "x", "--jobs", "2")
    with on_terminal(program, *arguments) as (terminal, process):
        terminal.read_until(r"lifting, 0 of 2 videos +[1-9]\d?%\|.*left", PATIENCE_S)
        workers = children_of(process.pid)
        assert len(workers) == 2
        pressed_at = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
        terminal.read_until("", PATIENCE_S)
        process.communicate(timeout=60)
        assert time.monotonic() - pressed_at < 15
    assert process.returncode == 130, terminal.text
    assert "Stopped: 0 of 2 videos lifted. The same command goes on with the 2 left." in re.sub(
        r"\s+", " ", terminal.text
    )
    assert "Traceback" not in terminal.text
    assert not any(alive(worker) for worker in workers)
    assert content(out) == {}


@pytest.mark.slow
def test_the_processes_end_with_the_one_that_was_killed(
    program: Program, long_films: Path, out: Path
) -> None:
    with program.start(*LIFT, long_films, "-o", out / "x", "--jobs", "1") as process:
        until(lambda: children_of(process.pid) != [], "a process to be started", PATIENCE_S)
        workers = children_of(process.pid)
        process.kill()
        process.communicate()
    until(lambda: not any(alive(each) for each in workers), "the processes to end", PATIENCE_S)


@pytest.mark.slow
def test_weights_that_cannot_be_had_end_it_all(program: Program, films: Path, out: Path) -> None:
    broken = out / "broken.safetensors"
    broken.write_bytes(os.urandom(4096))
    ended = program.call(*LIFT, films, "-o", out / "x", "--weights", broken)
    ended.check_refused("broken.safetensors")
    ended = program.call(*LIFT, films, "-o", out / "x", "--weights", "no-such")
    ended.check_refused("no-such")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-o", "x.csv"], ["need a folder after -o"]),
        (["-o", "x", "--jobs", "0"], ["--jobs", "between 1 and 256"]),
        (["-o", "x", "--to", "xls"], ["'xls' is not a format"]),
        (["-o", "x", "--ray", "nonsense"], ["no Ray cluster at nonsense"]),
        (["-o", "x", "--ray", "127.0.0.1:9"], ["no Ray cluster at 127.0.0.1:9"]),
    ],
)
def test_what_cannot_be(
    arguments: list[str], words: list[str], program: Program, films: Path
) -> None:
    ended = program.call(*LIFT, films, *arguments)
    ended.check_refused(*words)
