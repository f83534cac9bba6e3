"""What the pages say: that their links lead somewhere, their commands can be typed, and what they
name is there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.arguments import parse

REPOSITORY = Path(__file__).resolve().parent.parent
PAGES = [
    REPOSITORY / "README.md",
    *(REPOSITORY / ".github").glob("*.md"),
    *(
        path
        for folder in ("app", "models", "weights")
        for path in (REPOSITORY / folder).rglob("*.md")
    ),
]
on_every_page = pytest.mark.parametrize(
    "page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY))
)


def test_there_are_pages() -> None:
    assert len(PAGES) >= 10


@on_every_page
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    inside = [link for link in links if "://" not in link]
    assert [link for link in inside if not (page.parent / link).exists()] == []


@on_every_page
def test_files_that_are_named_are_there(page: Path) -> None:
    named = set(re.findall(r"`([\w./-]+)`", page.read_text(encoding="utf-8")))
    paths = {name for name in named if re.match(r"(app|models|tests|weights|\.ci|\.github)/", name)}
    assert [path for path in sorted(paths) if not (REPOSITORY / path).exists()] == []
    tests = {path.name for path in (REPOSITORY / "tests").rglob("test_*.py")}
    assert {name for name in named if re.fullmatch(r"test_\w+\.py", name)} <= tests


def commands() -> Iterator[tuple[str, str]]:
    """Every call of the program in a block of a page, and the page."""
    for page in PAGES:
        for block in re.findall(r"```\w*\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            for line in block.splitlines():
                call = re.match(r"mixpose( .*|$)", re.split(" {2,}", line)[0])
                if call:
                    yield call[1], page.relative_to(REPOSITORY).as_posix()


@pytest.mark.parametrize(("call", "page"), list(commands()))
def test_commands_can_be_typed(call: str, page: str) -> None:
    parse(shlex.split(call))


def test_the_readme_is_read_at_one_sitting() -> None:
    lines = (REPOSITORY / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 150


@pytest.mark.skipif(os.name == "nt", reason="needs bash")
@pytest.mark.parametrize(
    ("number", "words"), [(1, [".ci/debian-packages", "pip install ."]), (2, ["test", "-m pytest"])]
)
def test_its_two_commands_can_be_taken_out(number: int, words: list[str]) -> None:
    taken = subprocess.run(
        ["bash", ".ci/readme_command", str(number)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert taken.stdout.count("\n") == 1
    assert all(word in taken.stdout for word in words)
