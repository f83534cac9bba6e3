"""Events marked while ``record`` runs: typed at a terminal, or written by a script."""

from __future__ import annotations

import io
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.event_lines import EventLines
from app.recording.events import Mark
from app.recording.reader import Recording
from tests.app.cli.conftest import FRAMES
from tests.support.mjpeg import MjpegServer, clip_jpegs
from tests.support.program import RECORD, Popen, Program
from tests.support.waiting import remains, until

if os.name == "nt":
    pytest.skip("POSIX signals and terminals", allow_module_level=True)

import pty

from tests.support.terminal import on_terminal

PATIENCE_S = 120.0
EXPLAINED = "Press Enter to mark an event; what you type before it is its label."
EXPLAINED_TO_SCRIPTS = "Each line on standard input marks an event; what stands in it is its label."


@pytest.fixture
def camera(clips: Path) -> Iterator[MjpegServer]:
    with MjpegServer(clip_jpegs(clips / "person.mp4")) as server:
        yield server


def labels(path: Path) -> list[str]:
    return [mark.label for mark in Recording.open(path).events.marks]


def said_until(process: Popen, pattern: str) -> re.Match[str]:
    """What stands in the line of standard error in which ``pattern`` comes."""
    assert process.stderr is not None
    text = ""
    for line in process.stderr:
        text += line
        if found := re.search(pattern, line):
            return found
    raise AssertionError(f"no {pattern!r} in {text!r}")


@pytest.mark.parametrize("kind", ["xterm", pytest.param("dumb", marks=pytest.mark.slow)])
def test_enter_marks_and_what_was_typed_before_is_the_label(
    kind: str, program: Program, camera: MjpegServer, out: Path
) -> None:
    command = (*RECORD, "--source", camera.url, "-o", out / "x", "--no-lift")
    with on_terminal(program, *command, kind=kind) as (terminal, process):
        terminal.read_until(re.escape(EXPLAINED))
        terminal.type("\n")
        terminal.read_until(r"(?s)Event 1 at \d\.\d s\r\n.*frames/s")
        began = len(terminal.text)
        terminal.type("jump")
        terminal.read_until(r"(?s)jump.*frames/s.*frames/s")  # drawn twice since
        rows = [row for row in terminal.screen if row]
        terminal.type(" high\n")
        terminal.read_until(r"Event 2 at (\d+\.\d) s: jump high\r\n")
        terminal.type("\x04")  # Ctrl-D is not for ever
        terminal.type("down\n\n")  # twice between two looks
        terminal.read_until(r"Event 4 at \d+\.\d s\r\n")
        process.send_signal(signal.SIGINT)
        process.wait(timeout=PATIENCE_S)
        terminal.read_until("")
    assert process.returncode == 130
    assert labels(out / "x.mixpose") == ["Event 1", "jump high", "down", "Event 4"]
    first, second, *_ = Recording.open(out / "x.mixpose").events.marks
    start_s = Recording.open(out / "x.mixpose").keypoints.time_s[0]
    told = [float(time_s) for time_s in re.findall(r"Event \d at (\d+\.\d) s", terminal.text)]
    assert told[:2] == pytest.approx([first.time_s - start_s, second.time_s - start_s], abs=0.06)
    if kind == "dumb":
        assert "\x1b" not in terminal.text
        return
    assert rows[-1] == "jump", "what is typed has a row of its own"
    assert "frames/s" in rows[-2]
    assert "\x1b" in terminal.text[began:]
    kept = [row for row in terminal.screen if row]
    assert [row.partition(" at ")[0] for row in kept[-4:]] == [
        f"mixpose: Event {number}" for number in (1, 2, 3, 4)
    ], "nothing else is left of the status line and of what was typed"  # fmt: skip


@pytest.mark.slow
def test_a_script_writes_lines_and_its_end_ends_nothing(
    program: Program, camera: MjpegServer, out: Path
) -> None:
    command = (*RECORD, "--source", camera.url, "-o", out / "x", "--seconds", "4", "--no-lift")
    with program.start(*command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write("too early\n")
        process.stdin.flush()
        said_until(process, "Nothing is being recorded at the moment; no event is marked")
        said_until(process, re.escape(EXPLAINED_TO_SCRIPTS))
        for line in ("left foot\r\n", "\n", "Fuß\n"):
            process.stdin.write(line)
            process.stdin.flush()
            said_until(process, r"Event \d at \d\.\d s")
        process.stdin.write("unended")
        process.stdin.close()
        said_until(process, r"Event 4 at \d\.\d s: unended")
        process.wait(timeout=PATIENCE_S)
    assert process.returncode == 0
    path = out / "x.mixpose"
    assert labels(path) == ["left foot", "Event 2", "Fuß", "unended"]
    assert Recording.open(path).duration_s > 3.5, "it went on to its end"


@pytest.mark.slow
def test_what_was_confirmed_a_second_ago_survives_a_kill(
    program: Program, camera: MjpegServer, out: Path
) -> None:
    command = (*RECORD, "--source", camera.url, "-o", out / "x")
    with program.start(*command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        said_until(process, re.escape(EXPLAINED_TO_SCRIPTS))
        process.stdin.write("jump\n")
        process.stdin.flush()
        said_until(process, "Event 1 at .*: jump")
        until(lambda: labels(out / "x.mixpose") == ["jump"], "the event on the disk", 1.0)
        process.kill()
    assert labels(out / "x.mixpose") == ["jump"]


@pytest.mark.slow
def test_what_is_typed_while_it_lifts_is_left_to_the_shell(
    program: Program, camera: MjpegServer, out: Path
) -> None:
    own, other = os.pipe()
    with program.start(*RECORD, "--source", camera.url, "-o", out / "x", stdin=own) as process:
        said_until(process, re.escape(EXPLAINED_TO_SCRIPTS))
        process.send_signal(signal.SIGINT)
        said_until(process, "now lifting")
        os.write(other, b"ls\n")
        process.wait(timeout=PATIENCE_S)
    os.close(other)
    assert os.read(own, 10) == b"ls\n"
    os.close(own)


@pytest.mark.slow
def test_a_file_is_left_to_the_loop_that_reads_it(
    program: Program, clips: Path, out: Path, tmp_path: Path
) -> None:
    """``while read -r clip; do run_app.py record ...; done < LIST``."""
    list_ = tmp_path / "list.txt"
    list_.write_text("one\ntwo\n")
    command = (*RECORD, "--source", clips / "person.mp4", "-o", out / "x", "--no-lift")
    with list_.open("rb", buffering=0) as given:
        ended = program.run(*command, stdin=given)
        assert given.read() == b"one\ntwo\n"
    assert ended.code == 0, ended
    assert "Event" not in ended.err
    assert "standard input" not in ended.err
    assert labels(out / "x.mixpose") == []


@pytest.mark.slow
def test_without_standard_input_it_records_as_ever(
    program: Program, clips: Path, out: Path
) -> None:
    ended = program.run(
        *RECORD, "--source", clips / "person.mp4", "-o", out / "x", "--no-lift",
        preexec_fn=lambda: os.close(0),
    )  # fmt: skip
    assert ended.code == 0, ended
    assert ended.err.count("\n") == 1
    assert len(Recording.open(out / "x.mixpose").keypoints.time_s) == FRAMES


# A shell's part: the terminal's session is its own, and the job it starts is in the background.
SHELL = """
import fcntl, os, subprocess, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
job = subprocess.Popen(sys.argv[1:], preexec_fn=os.setpgrp)
assert os.tcgetpgrp(0) == os.getpgrp() != os.getpgid(job.pid)
_, status = os.waitpid(job.pid, os.WUNTRACED)
if os.WIFSTOPPED(status):
    os.killpg(job.pid, 9)
    sys.exit("stopped")
print("ended", os.waitstatus_to_exitcode(status))
"""


@pytest.mark.slow
def test_a_job_in_the_background_is_not_stopped_by_what_is_typed(
    program: Program, camera: MjpegServer, out: Path
) -> None:
    run_app = Path(__file__).resolve().parents[3] / "run_app.py"
    ours, theirs = pty.openpty()
    try:
        shell = program.start(
            sys.executable, run_app, *RECORD, "--source", camera.url, "-o", out / "x",
            "--no-lift", "--seconds", "3",
            code=SHELL, stdin=theirs,
        )  # fmt: skip
        os.close(theirs)
        with shell:
            said_until(shell, re.escape(EXPLAINED))
            os.write(ours, b"ls\n")  # meant for the shell, which is busy
            said, err = shell.communicate(timeout=PATIENCE_S)
    finally:
        os.close(ours)
    assert said.splitlines()[-1] == "ended 0", (said, err)
    assert labels(out / "x.mixpose") == []
    assert Recording.open(out / "x.mixpose").duration_s > 2.5


WAITS = """
import time
from app.cli.event_lines import EventLines
EventLines().start(lambda label: print("marked", label))
time.sleep(0.3)
began = time.process_time()
time.sleep(1.0)
print(time.process_time() - began)
"""


def test_in_the_background_a_line_that_waits_for_the_shell_takes_no_time(program: Program) -> None:
    ours, theirs = pty.openpty()
    try:
        os.write(ours, b"ls\n")
        ended = program.run(sys.executable, "-c", WAITS, code=SHELL, stdin=theirs)
    finally:
        os.close(theirs)
        os.close(ours)
    took_s, last = ended.out.splitlines()
    assert last == "ended 0", ended
    assert float(took_s) < 0.05


class Lines:
    """The reading alone, of a pipe or a terminal in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, terminal: bool = False) -> None:
        self.other, self.own = pty.openpty() if terminal else reversed(os.pipe())
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.FileIO(self.own), encoding="utf-8"))
        self.labels: list[str] = []
        self.events = EventLines()
        self.events.start(self._mark)

    def _mark(self, label: str) -> Mark:
        self.labels.append(label)
        return Mark(len(self.labels), 0.0, label)

    def write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.other, data[:4096]) :]

    @property
    def reading(self) -> bool:
        return any(thread.name == "event-lines" for thread in threading.enumerate())


def test_what_comes_after_the_end_is_left_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = Lines(monkeypatch)
    lines.write(b"one\n")
    until(lambda: lines.labels == ["one"], "the line")
    lines.events.close()
    until(lambda: not lines.reading, "the thread to end")
    lines.write(b"ls\n")
    assert select.select([lines.own], [], [], 1.0)[0]
    assert os.read(lines.own, 10) == b"ls\n"
    os.close(lines.other)


def test_the_end_of_a_pipe_ends_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = Lines(monkeypatch)
    os.close(lines.other)
    until(lambda: not lines.reading, "the thread to end")
    assert lines.labels == []


@pytest.mark.parametrize("data", [b"", b"\x04"])
def test_waiting_takes_no_time(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    lines = Lines(monkeypatch, terminal=True)
    lines.write(data * 3)
    time.sleep(0.3)
    began = time.process_time()
    time.sleep(1.0)
    assert time.process_time() - began < 0.05
    assert lines.reading
    os.close(lines.other)  # the terminal's window is closed
    until(lambda: not lines.reading, "the thread to end")


def test_a_flood_waits_until_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = Lines(monkeypatch)
    lines.write(b"y\n" * 20_000)
    until(lambda: len(lines.labels) == 101, "as many as wait, and the one that does not fit")
    remains(lambda: len(lines.labels) == 101, "the others wait", 0.5)
    told = 0
    for _ in lines.events.made():
        told += 1
        assert told <= 100, "not without end while more come"
        until(lambda count=101 + told: len(lines.labels) >= count, "what comes next")
    assert told == 100
    lines.events.close()
    until(lambda: not lines.reading, "the thread to end")
    os.close(lines.other)


def test_a_line_without_end_takes_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = Lines(monkeypatch)
    lines.write(b"x" * 300_000 + b"\n")
    until(lambda: bool(lines.labels), "the line")
    assert set(lines.labels[0]) == {"x"}
    assert len(lines.labels[0]) <= 2 * 4096
    os.close(lines.other)
    until(lambda: not lines.reading, "the thread to end")
