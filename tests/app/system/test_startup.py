from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.program import Program


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


def test_a_name_the_terminal_cannot_show_is_printed_all_the_same(tmp_path: Path) -> None:
    code = "from app.system import startup\nstartup.prepare()\nprint('caméra 摄像头 \\udcff')"
    ended = Program(tmp_path).run(code=code, env={"PYTHONIOENCODING": "ascii"})
    assert (ended.code, ended.out) == (0, "cam\\xe9ra \\u6444\\u50cf\\u5934 \\udcff\n")
