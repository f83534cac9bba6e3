from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

from app import __version__, logs, paths
from tests.support.program import Program


def run(program: Program, body: str) -> str:
    """Run ``body`` with the log started, in a process of its own; return what stderr got."""
    ended = program.run(code=f"import logging, os, sys\nfrom app import logs\n{body}")
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
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO app\.logs: ", text)


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


def test_the_log_does_not_grow_for_ever(program: Program) -> None:
    run(
        program,
        "logs.start_logging()\n"
        "for number in range(60_000):\n"
        "    logging.getLogger('app').info('line %06d, %s', number, 'x' * 60)\n",
    )
    files = sorted(path.name for path in program.home.rglob("mixpose.log*"))
    assert files == ["mixpose.log", "mixpose.log.1", "mixpose.log.2"]
    assert all(path.stat().st_size <= 1_000_000 for path in program.home.rglob("mixpose.log*"))
    assert "line 059999" in program.log_text


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


def test_diagnostics_have_what_a_report_needs(program: Program) -> None:
    code = (
        "import logging, os\nfrom app import logs\nlogs.start_logging()\n"
        "for number in range(50): logging.getLogger('app').info('note %d of %s', number,"
        " os.path.expanduser('~/x.mp4'))\n"
        "print(logs.diagnostics({'Source': 'rtsp://a:b@cam/1'}, log_lines=20))"
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
