"""What the program calls itself: what the user can type again."""

from __future__ import annotations

import pytest

from app.cli import program


@pytest.mark.parametrize(
    ("started_as", "name"),
    [
        ("run_app.py", "python run_app.py"),
        ("/home/ann/mixpose/run_app.py", "python run_app.py"),
        ("/home/ann/.local/bin/mixpose", "mixpose"),
        ("mixpose-gui", "mixpose"),
        ("mixpose.exe", "mixpose"),
        ("/usr/lib/python3/site-packages/mixpose/__main__.py", "python -m mixpose"),
        ("/home/ann/mixpose/app/public/__main__.py", "python -m mixpose"),
    ],
)
def test_the_name_is_what_was_typed(started_as: str, name: str) -> None:
    assert program.name(started_as) == name
