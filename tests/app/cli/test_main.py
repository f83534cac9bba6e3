"""The way in: what starts fast, what ends in words, what is kept off the terminal."""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path

import pytest

from app import __version__
from tests.support.program import RUN_APP, Program

HEAVY = ("torch", "mediapipe", "cv2", "open3d", "PyQt6", "numpy", "tqdm", "av", "scipy")


@pytest.mark.parametrize(
    "arguments", [["--version"], ["--help"], ["lift", "--help"], ["record", "--help"]]
)
def test_answers_without_loading_anything_heavy(arguments: list[str], program: Program) -> None:
    code = (
        "import atexit, runpy, sys\n"
        f"loaded = lambda: [name for name in {HEAVY} if name in sys.modules]\n"
        "atexit.register(lambda: print(loaded(), file=sys.stderr))\n"
        f"runpy.run_path({str(RUN_APP)!r}, run_name='__main__')\n"
    )
    ended = program.run(*arguments, code=code)
    assert (ended.code, ended.err) == (0, "[]\n")
    assert not program.log_text, "nothing has happened that is worth a log"


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="needs POSIX")
def test_version_takes_no_time(program: Program) -> None:
    def seconds() -> float:
        process = program.start("--version")
        assert process.stdout is not None
        assert process.stdout.read() == f"mixpose {__version__}\n"
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        process.communicate()
        return usage.ru_utime + usage.ru_stime  # not the clock: other work must not fail this

    assert min(seconds() for _ in range(3)) < 0.3


def test_help_names_commands_options_and_exit_codes(program: Program) -> None:
    text = program.call("--help", COLUMNS="100").out
    for word in (
        "lift",
        "record",
        "export",
        "devices",
        "bench",
        "--source",
        "--weights",
        "--device",
        "--height",
        "--delay",
        "--version",
        "performer",
        "examples:",
    ):
        assert word in text
    lift = program.call("lift", "--help", COLUMNS="100").out
    for code in ("0", "1", "2", "70", "130"):
        assert re.search(rf"^  {code} +\S", lift, re.MULTILINE)
    others = [program.call(name, "--help", COLUMNS="100").out for name in ("record", "export")]
    for other in others:
        for code in ("0", "2", "70", "130"):
            assert re.search(rf"^  {code} +\S", other, re.MULTILINE)
    assert all(len(line) <= 100 for line in "".join([text, lift, *others]).splitlines())


def test_wrong_arguments_end_with_2_and_one_line(program: Program) -> None:
    program.call("--height", "170").check_refused("--height", "1.7")
    program.call("dance.mp4").check_refused("no file 'dance.mp4'", "opens in the window", "lift")


def test_a_reader_that_has_enough_is_no_error(program: Program) -> None:
    with program.start("--help") as process:
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_to_a_full_disk_is_no_traceback(program: Program) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123
        ended = program.run("--help", stdout=full)
    assert "Traceback" not in ended.err


FAULTY = """
import sys
import time
import app.cli.devices
def run(options):
    return {}["a thing nobody foresaw"]
app.cli.devices.run = run
from app.cli import main
sys.exit(main(sys.argv[1:]))
"""


def test_a_fault_is_one_line_and_the_rest_is_in_the_log(program: Program) -> None:
    ended = program.run("devices", code=FAULTY)
    assert ended.code == 70
    assert ended.err.count("\n") == 1
    assert "KeyError" in ended.err
    assert "mixpose.log" in ended.err
    assert "Traceback" in program.log_text


def test_without_a_log_it_works_all_the_same(program: Program) -> None:
    (program.home / ".local").write_text("a file where the log's folder should be")
    ended = program.call("lift", "missing.mp4", "-o", program.home / "x.csv")
    ended.check_refused("missing.mp4")


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps the current folder")
def test_a_current_folder_that_was_deleted_is_said(program: Program, clips: Path) -> None:
    folder = program.home / "gone"
    folder.mkdir()
    code = (
        "import os, sys; sys.path.insert(0, os.getcwd())\n"
        f"os.chdir({str(folder)!r}); os.rmdir({str(folder)!r})\n"
        "from app.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    ended = program.run("lift", clips / "person.mp4", "-o", program.home / "x.csv", code=code)
    ended.check_refused("current folder no longer exists")


def test_ctrl_c_is_quiet(program: Program) -> None:
    code = FAULTY.replace('{}["a thing nobody foresaw"]', "signal.raise_signal(signal.SIGINT)")
    ended = program.run("devices", code="import signal\n" + code)
    assert (ended.code, ended.err) == (130, "")


def test_devices(program: Program) -> None:
    ended = program.call("devices")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    titles = [line.partition(" (")[0] for line in lines if not line.startswith(" ")]
    assert titles == ["Cameras", "Compute devices", "Weights"]
    assert any(line.startswith("  cpu") for line in lines)
    assert any(line.startswith("  mixpose-s") and "default" in line for line in lines)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there always is a screen")
def test_no_screen_for_the_window(program: Program) -> None:
    program.call("--source", "performer").check_refused("no screen", "lift")


def test_the_core_of_lift_imports_without_the_window(program: Program) -> None:
    code = (
        "import sys; sys.modules.update(dict.fromkeys(['PyQt6', 'open3d', 'torch', 'mediapipe']));"
        "import app.lifting.work, app.cli.lift;"
        "import app.cli.devices, app.cli.bench, app.system.logs, app.system.machine"
    )
    assert program.run(code=code).code == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows counts letters, and whole paths")
@pytest.mark.parametrize(
    "arguments",
    [
        ("lift", "performer", "-o", f"{'x' * 300}.csv"),
        ("lift", "performer", "-o", f"{'x' * 300}/a.csv"),
        ("lift", "performer", "-o", f"{'ü' * 128}.csv"),
        ("lift", "performer", "-o", f"{'x' * 248}.csv"),  # its description would be too long
        ("lift", "performer", "a.mp4", "-o", "x" * 256),
        ("lift", ".", "-o", "x" * 256),
        ("record", "--source", "performer", "-o", "x" * 256),
        ("evaluate", "--quick", "-o", f"{'x' * 256}/report.md"),
        ("lift", f"{'x' * 300}.mp4", "-o", "a.csv"),
        ("export", "x" * 300, "-o", "a.csv"),
    ],
    ids=lambda arguments: " ".join(each[:12] for each in arguments),
)
def test_a_name_that_is_too_long_is_said_before_any_work(
    arguments: tuple[str, ...], program: Program, tmp_path: Path
) -> None:
    began = time.monotonic()
    ended = program.call(*arguments, folder=tmp_path)
    ended.check_refused()
    assert "too long" in ended.err or "There is no" in ended.err or "does not exist" in ended.err
    assert time.monotonic() - began < 60
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home"]
