from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.program import RUN_APP, Program


@pytest.mark.skipif(sys.platform != "linux", reason="cv2 sets these on Linux only")
@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({}, None),
        ({"QT_QPA_PLATFORM_PLUGIN_PATH": "/where/my/plugins/are"}, "/where/my/plugins/are"),
        ({"QT_QPA_PLATFORM_PLUGIN_PATH": "/lib/python3.12/site-packages/cv2/qt/plugins"}, None),
    ],
    ids=["none", "the user's", "inherited from cv2"],
)
def test_cv2_does_not_lead_qt_astray(
    given: dict[str, str], left: str | None, tmp_path: Path
) -> None:
    code = (
        "import os\nfrom app.system import startup\nstartup.import_qt_before_cv2()\n"
        "import cv2\nprint(os.environ.get('QT_QPA_PLATFORM_PLUGIN_PATH'), "
        "'QT_QPA_FONTDIR' in os.environ)"
    )
    ended = Program(tmp_path).run(code=code, env=given)
    assert ended.out == f"{left} False\n"


@pytest.mark.skipif(sys.platform != "linux", reason="cv2 sets these on Linux only")
def test_a_window_opens_after_that(tmp_path: Path) -> None:
    code = (
        "from app.system import startup\nstartup.import_qt_before_cv2()\n"
        "from PyQt6.QtWidgets import QApplication\nprint(QApplication([]).platformName())"
    )
    ended = Program(tmp_path).run(code=code, env={"QT_QPA_PLATFORM": "offscreen"})
    assert (ended.code, ended.out) == (0, "offscreen\n")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX descriptors")
def test_no_file_takes_the_place_of_a_closed_stream(tmp_path: Path) -> None:
    """What libraries print would be written into it."""
    code = (
        "import os, subprocess, sys\n"
        "for number in (0, 2): os.close(number)\n"
        "from app.system import startup\nstartup.prepare()\n"
        "file = open('written', 'w')\nos.write(2, b'printed')\n"
        "os.write(1, b'%d' % os.path.getsize('written'))\n"
        "os.set_inheritable(file.fileno(), True)\n"
        "subprocess.run([sys.executable, '-c', 'import os; print(os.fstat(0), os.fstat(2))'],"
        " close_fds=False, check=True)\n"
    )
    ended = Program(tmp_path).run(code=code, cwd=tmp_path, env={"PYTHONPATH": str(RUN_APP.parent)})
    assert ended.code == 0, ended
    assert ended.out.startswith("0os.stat_result("), ended


def test_a_name_the_terminal_cannot_show_is_printed_all_the_same(tmp_path: Path) -> None:
    code = "from app.system import startup\nstartup.prepare()\nprint('caméra 摄像头 \\udcff')"
    ended = Program(tmp_path).run(code=code, env={"PYTHONIOENCODING": "ascii"})
    assert (ended.code, ended.out) == (0, "cam\\xe9ra \\u6444\\u50cf\\u5934 \\udcff\n")
