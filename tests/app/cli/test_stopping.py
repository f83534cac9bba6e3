"""Ctrl-C, SIGTERM, and streams that end: what was lifted so far is kept."""

from __future__ import annotations

import csv
import os
import re
import signal
import socket
from pathlib import Path

import pytest

from tests.support.mjpeg import MjpegServer, clip_jpegs
from tests.support.program import LIFT, RECORD, Program
from tests.support.waiting import until

if os.name == "nt":
    pytest.skip("POSIX signals and terminals", allow_module_level=True)

from tests.support.terminal import on_terminal


def rows(table: Path) -> list[dict[str, str]]:
    with table.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_keeps_what_was_lifted(
    number: signal.Signals, code: int, program: Program, clips: Path, out: Path
) -> None:
    with (
        MjpegServer(clip_jpegs(clips / "person.mp4")) as server,
        on_terminal(program, *LIFT, server.url, "-o", out / "x.csv") as (terminal, process),
    ):
        terminal.read_until("[1-9] frames, .* so far")
        os.killpg(process.pid, number)
        terminal.read_until("")
        said, _ = process.communicate(timeout=60)
    assert process.returncode == code, terminal.text
    assert "mixpose: Stopping after" in terminal.text
    assert "Traceback" not in terminal.text
    assert said.startswith(f"{out / 'x.csv'}: stopped early, kept ")
    kept = rows(out / "x.csv")
    assert f"kept {len(kept)} frame" in said
    assert any(row["left_wrist_x"] for row in kept)


@pytest.mark.parametrize("command", [LIFT, pytest.param(RECORD, marks=pytest.mark.slow)])
def test_what_outlives_its_terminal_is_finished(
    command: tuple[str, ...], program: Program, clips: Path, out: Path
) -> None:
    """Under ``nohup`` or ``disown``, which keep away the signal of a terminal that is closed."""
    if command == LIFT:
        source, seen, made = [clips / "person.mp4"], r"[1-9]\d*/\d+, ", "x.csv"
    else:
        source, seen = ["--source", "performer", "--seconds", "3"], "[1-9] frames, "
        made = "x.csv.mixpose/poses.npz"
    with on_terminal(program, *command, *source, "-o", out / "x.csv") as (terminal, process):
        terminal.read_until(seen)
        terminal.close()
        process.communicate(timeout=120)
    assert process.returncode == 0, program.log_text
    assert (out / made).exists()


def catches_ctrl_c(process_id: int) -> bool:
    status = Path(f"/proc/{process_id}/status").read_text()
    caught = int(re.search(r"SigCgt:\s*([0-9a-f]+)", status)[1], 16)  # type: ignore[index]
    return bool(caught >> (signal.SIGINT - 1) & 1)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_a_second_ctrl_c_kills_at_once(program: Program, out: Path) -> None:
    with on_terminal(program, "lift", "performer", "--seconds", "60", "-o", out / "x.csv") as (
        terminal,
        process,
    ):
        terminal.read_until("[1-9]/1800, .* left")
        process.send_signal(signal.SIGINT)
        until(lambda: not catches_ctrl_c(process.pid), "the first Ctrl-C to be noted")
        process.send_signal(signal.SIGINT)
        process.wait(timeout=10)
    assert process.returncode == -signal.SIGINT
    assert list(out.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_benchmark_that_is_stopped_leaves_no_film(
    number: signal.Signals, program: Program, out: Path
) -> None:
    with program.start("bench", env={"TMPDIR": str(out)}) as process:
        assert process.stderr is not None
        until(lambda: list(out.rglob("*.mp4")) != [], "the film to be begun")
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "Traceback" not in err
    assert list(out.iterdir()) == []


def test_ctrl_c_while_a_source_is_being_opened(program: Program, out: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/silent"
        with program.start("lift", url, "performer", "-o", out) as process:
            connection, _ = server.accept()  # and never a word
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=30)
            connection.close()
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "0 of 2 sources lifted" in err
    assert "performer: not begun" in err
    assert list(out.iterdir()) == []


@pytest.mark.slow
def test_a_stream_that_ends_is_complete(program: Program, clips: Path, out: Path) -> None:
    with (
        MjpegServer(clip_jpegs(clips / "person.mp4")) as server,
        on_terminal(program, *LIFT, server.url, "-o", out / "x.csv") as (terminal, process),
    ):
        terminal.read_until("[1-9] frames, .* so far")
        server.die()
        terminal.read_until("")
        process.communicate(timeout=60)
    assert process.returncode == 0, terminal.text
    assert "Warning: " in terminal.text
    assert len(rows(out / "x.csv")) > 0
