"""``lift`` of one film in several processes, as a user stops it."""

from __future__ import annotations

import csv
import json
import os
import signal
from pathlib import Path

import psutil
import pytest

from tests.support.clips import performer_pictures, write_clip
from tests.support.program import Program

if os.name == "nt":
    pytest.skip("POSIX signals and terminals", allow_module_level=True)

from tests.support.terminal import on_terminal

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
FPS = 5


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three stretches."""
    pictures = performer_pictures(24 * FPS, (320, 240))
    return write_clip(tmp_path_factory.mktemp("film") / "a.mp4", pictures, FPS)


def test_one_film_in_two_processes(program: Program, film: Path, tmp_path: Path) -> None:
    table = tmp_path / "x.csv"
    command = ("lift", film, "-o", table, "--detector", "lite", "--jobs", "2")
    ended = program.call(*command, "--camera-pitch", "8")
    assert ended.code == 0, ended
    assert "3D off the picture by " in ended.out
    with table.open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 24 * FPS
    said = json.loads(table.with_name("x.csv.json").read_text())
    assert said["level"]["told"]
    assert said["level"]["pitch_deg"] == 8.0
    assert said["axes"]["up"] == "the image's"
    assert said["quality"]["misfit_pct_of_height"]["median"] > 0


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_keeps_what_was_read_and_leaves_no_process(
    number: signal.Signals, code: int, program: Program, film: Path, tmp_path: Path
) -> None:
    table = tmp_path / "x.csv"
    command = ("lift", film, "-o", table, "--detector", "lite", "--jobs", "2")
    with on_terminal(program, *command) as (terminal, process):
        terminal.read_until(r"[1-9]\d+/\d+, ", 300)
        family = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, number)
        terminal.read_until("", 120)
        process.communicate(timeout=120)
    assert process.returncode == code, terminal.text
    assert "Traceback" not in terminal.text
    assert "mixpose: Stopping after" in terminal.text
    gone, alive = psutil.wait_procs(family, timeout=20)
    assert len(gone) >= 2
    assert not [each for each in alive if each.status() != psutil.STATUS_ZOMBIE]
    with table.open(newline="") as file:
        assert 0 < len(list(csv.DictReader(file))) < 24 * FPS
