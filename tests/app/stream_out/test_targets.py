"""What a person may type as a place to send to."""

from __future__ import annotations

import subprocess
import sys

import pytest

from app.errors import LiveOutError
from app.stream_out.targets import LslTarget, OscTarget


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("", "127.0.0.1", 39539),
        (" 39540 ", "127.0.0.1", 39540),
        (":39540", "127.0.0.1", 39540),
        ("studio", "studio", 39539),
        ("studio:", "studio", 39539),
        ("192.168.1.20:4000", "192.168.1.20", 4000),
        ("[::1]:4000", "::1", 4000),
        ("[::1]", "::1", 39539),
        ("fe80::1", "fe80::1", 39539),
    ],
)
def test_addresses(text: str, host: str, port: int) -> None:
    target = OscTarget.parse(text)
    assert (target.host, target.port) == (host, port)
    assert OscTarget.parse(str(target)) == target


@pytest.mark.parametrize(
    "text", ["a:b", "host:0", "host:65536", "a b", "http://x", "a:²", "a:" + "9" * 5000]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(LiveOutError, match=r"is no address.*HOST:PORT"):
        OscTarget.parse(text)


def test_nothing_leaves_the_computer_unless_it_is_typed() -> None:
    assert OscTarget.parse("").host == OscTarget().host == "127.0.0.1"
    assert not LslTarget.parse("").network
    assert not LslTarget.parse("lab").network
    assert LslTarget.parse("lab@network") == LslTarget("lab", network=True)
    assert str(LslTarget.parse("@network")) == "mixpose@network"
    with pytest.raises(LiveOutError, match="NAME@network"):
        LslTarget.parse("lab@10.0.0.1")


def test_a_new_way_is_one_line() -> None:
    """An option, a setting and a remembered address follow from the registry."""
    script = (
        "from dataclasses import replace\n"
        "from app.stream_out import registry\n"
        "registry.OUTPUTS['pigeon'] = replace(registry.OUTPUTS['osc'], remembered='pigeon_to')\n"
        "from app.cli.arguments import parse\n"
        "print(parse(['stream', '--source', '0', '--pigeon', 'loft:7']).pigeon)\n"
        "from app.ui.preferences import Preferences\n"
        "print(Preferences().pigeon, repr(Preferences().pigeon_to))\n"
        "from PyQt6.QtWidgets import QApplication, QCheckBox, QLineEdit\n"
        "application = QApplication(['x', '-platform', 'offscreen'])\n"
        "from app.ui.views.settings import SettingsPanel\n"
        "panel = SettingsPanel(Preferences(pigeon=True, pigeon_to='loft:7'))\n"
        "print(panel.findChild(QLineEdit, 'pigeon_to').text())\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert ran.stdout == "loft:7\nFalse ''\nloft:7\n", ran.stderr
