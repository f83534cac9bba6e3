from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

from app import __version__
from app.system import logs, paths
from tests.support.program import Program


def run(program: Program, body: str) -> str:
    """Run ``body`` with the log started, in a process of its own; return what stderr got."""
    ended = program.run(code=f"import logging, os, sys\nfrom app.system import logs\n{body}")
    assert ended.code == 0, ended
    return ended.err


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"cannot open {Path.home()}/Videos/x.mp4", "cannot open ~/Videos/x.mp4"),
        ("rtsp://anna:secret@10.0.0.7/live lost", "rtsp://10.0.0.7/live lost"),
        ("rtsp://anna:p@ss/w#rd@10.0.0.7/live lost", "rtsp://10.0.0.7/live lost"),
        ("rtsp://anna:12/34@10.0.0.7/live lost", "rtsp://10.0.0.7/live lost"),
        ("rtsp://anna@mail.org:secret@10.0.0.7/live lost", "rtsp://10.0.0.7/live lost"),
        ("http://10.0.0.7/v.cgi?user=anna&pwd=secret&q=1 lost", "http://10.0.0.7/v.cgi?&&q=1 lost"),
        ("rtsp://anna@10.0.0.7/live lost", "rtsp://10.0.0.7/live lost"),
        ("rtsp://:secret@10.0.0.7/ lost", "rtsp://10.0.0.7/ lost"),
        ("http://10.0.0.7/a@b stays", "http://10.0.0.7/a@b stays"),
        ("mail a@b stays", "mail a@b stays"),
    ],
)
def test_nothing_personal(text: str, left: str) -> None:
    assert logs.redacted(text) == left


def test_the_log_gets_our_notes_and_everyones_warnings(program: Program) -> None:
    said = run(
        program,
        "logs.start_logging()\n"
        "logging.getLogger('app.x').info('ours, from rtsp://me:pw@cam/')\n"
        "logging.getLogger('torch').info('chatter')\n"
        "logging.getLogger('torch').warning('theirs')\n"
        "import warnings; warnings.warn('a python warning')\n",
    )
    text = program.log_text
    assert said == ""
    assert f"mixpose {__version__}" in text
    assert "ours, from rtsp://cam/" in text
    assert "theirs" in text
    assert "a python warning" in text
    assert "chatter" not in text
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO app\.system\.logs: ", text)


def test_errors_in_threads_go_to_the_log_and_not_to_the_terminal(program: Program) -> None:
    said = run(
        program,
        "import threading\n"
        "logs.start_logging()\n"
        "thread = threading.Thread(target=lambda: 1 / 0, name='worker 7')\n"
        "thread.start(); thread.join()\n",
    )
    assert said == ""
    assert "worker 7" in program.log_text
    assert "ZeroDivisionError" in program.log_text


def test_native_chatter_goes_to_the_log_and_our_words_to_the_terminal(program: Program) -> None:
    said = run(
        program,
        "logs.start_logging()\n"
        "logs.divert_native_stderr()\n"
        "os.write(2, b'chatter of a library\\n')\n"
        "print('our words', file=sys.stderr)\n"
        "os.system('echo chatter of a child >&2')\n",
    )
    assert said == "our words\n"
    assert "chatter of a library" in program.log_text
    assert "chatter of a child" in program.log_text


def test_native_chatter_is_redacted_to_the_last_line(program: Program) -> None:
    run(
        program,
        "logs.start_logging()\n"
        "logs.divert_native_stderr()\n"
        "os.write(2, b'cannot open rtsp://anna:p@ss/word@10.0.0.7/live\\n' * 500)\n"
        "os.write(2, f'in {os.path.expanduser(\"~\")}/x.mp4\\n'.encode())\n"
        "os.write(2, b'the last line, without an end')\n",
    )
    text = program.log_text
    assert text.count("cannot open rtsp://10.0.0.7/live") == 500
    assert "anna" not in text
    assert "word" not in text
    assert "in ~/x.mp4" in text
    assert "the last line, without an end" in text


def test_several_processes_share_one_log(program: Program) -> None:
    body = (
        "import logging, sys\nfrom app.system import logs\nlogs.start_logging()\n"
        "for number in range(4_000):\n"
        "    logging.getLogger('app').info('%s %06d %s', sys.argv[1], number, 'x' * 300)\n"
    )
    running = [program.start(name, code=body) for name in "abc"]
    for process in running:
        assert process.communicate(timeout=200) == ("", "")
        assert process.returncode == 0
    files = {path.name: path for path in program.home.rglob("mixpose.log*") if path.stat().st_size}
    assert sorted(files) == ["mixpose.log", "mixpose.log.1", "mixpose.log.2"]
    newest = files["mixpose.log.1"].read_text() + files["mixpose.log"].read_text()
    lines = [line for line in newest.splitlines() if " INFO app: " in line]
    assert all(re.fullmatch(r".* INFO app: [abc] \d{6} x{300}", line) for line in lines)
    last = {line.split(" INFO app: ")[1][0]: int(line.split()[-2]) for line in lines}
    assert max(last.values()) == 3_999
    assert all(path.stat().st_size < 1_100_000 for path in files.values())


@pytest.mark.slow
def test_the_log_does_not_grow_for_ever(program: Program) -> None:
    run(
        program,
        "logs.start_logging()\n"
        "for number in range(12_000):\n"
        "    logging.getLogger('app').info('line %06d, %s', number, 'x' * 300)\n",
    )
    files = sorted(path.name for path in program.home.rglob("mixpose.log*"))
    assert files == ["mixpose.log", "mixpose.log.1", "mixpose.log.2", "mixpose.log.lock"]
    assert all(path.stat().st_size <= 1_000_000 for path in program.home.rglob("mixpose.log*"))
    assert "line 011999" in program.log_text


def test_a_full_disk_under_the_log_is_quiet(program: Program) -> None:
    said = run(
        program,
        "import resource\n"
        "logs.start_logging()\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))\n"
        "for number in range(100):\n"
        "    logging.getLogger('app').error('line %06d', number)\n",
    )
    assert said == ""


@pytest.mark.slow
def test_diagnostics_have_what_a_report_needs(program: Program) -> None:
    code = (
        "import logging, os\nfrom app.sources import camera_lines\nfrom app.system import logs\n"
        "logs.start_logging()\n"
        "for number in range(50): logging.getLogger('app').info('note %d of %s', number,"
        " os.path.expanduser('~/x.mp4'))\n"
        "print(logs.diagnostics(camera_lines, {'Source': 'rtsp://a:b@cam/1'}, log_lines=20))"
    )
    ended = program.run(code=code)
    assert ended.code == 0, ended
    for name in (
        "mixpose",
        "Python",
        "System",
        "torch",
        "mediapipe",
        "opencv-python",
        "numpy",
        "open3d",
        "PyQt6",
        "Compute devices",
        "Weights",
        "Cameras",
        "Source",
    ):
        assert re.search(rf"^{name}: \S", ended.out, re.MULTILINE), name
    assert "Source: rtsp://cam/1" in ended.out
    assert "note 49 of ~/x.mp4" in ended.out
    assert "note 29" not in ended.out
    assert str(program.home) not in ended.out


def test_recent_lines_without_a_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(paths, "log_file", lambda: tmp_path / "none.log")
    assert logs.recent_lines(5) == []
    assert logging.getLogger("app").name == "app"
