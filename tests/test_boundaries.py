"""Which rooms may know of which: read from every import, and proved by importing them with the
others' packages blocked."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent

_BLOCK = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ImportError(name + " is blocked")
sys.meta_path.insert(0, Block())
import importlib, pkgutil
def everything(name):
    module = importlib.import_module(name)
    for found in pkgutil.walk_packages(getattr(module, "__path__", []), name + "."):
        if not found.name.endswith(".macos"):  # needs a Mac's own modules
            importlib.import_module(found.name)
for name in {packages!r}:
    everything(name)
"""

OUTSIDE_MODELS = ["PyQt6", "mediapipe", "cv2", "open3d", "app", "cv2_enumerate_cameras"]


@pytest.mark.parametrize(
    ("packages", "blocked"),
    [
        (["models"], OUTSIDE_MODELS),
        (["app.pipeline", "app.sources", "app.detection", "app.recording"], ["PyQt6"]),
        (
            [
                "app.export",
                "app.lifting",
                "app.lifting.batch",
                "app.synthetic.performer",
                "app.render.client",
            ],
            ["PyQt6"],
        ),
        (["app.motion"], ["PyQt6", "mediapipe", "cv2", "open3d", "torch"]),
        (["app.stream_out"], ["PyQt6", "torch", "pythonosc", "pylsl"]),
        (["app.lab.evaluation"], ["PyQt6", "h5py"]),
        (["app.ui.presenters"], ["open3d", "mediapipe", "torch"]),
    ],
)
def test_room_imports_without(packages: list[str], blocked: list[str]) -> None:
    script = _BLOCK.format(packages=packages, blocked=set(blocked))
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


def test_the_block_itself_blocks() -> None:
    script = _BLOCK.format(packages=["app.ui.views"], blocked={"PyQt6"})
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert "PyQt6 is blocked" in run.stderr


FOR_EVERYBODY = {"app", "errors", "packets", "system", "models"}
"""Rooms that any other of the program's may know; ``app`` alone is its version."""
ARROWS: dict[str, set[str]] = {
    "cli": {
        *("detection", "export", "lab", "lifting", "motion", "pipeline", "recording", "sources"),
        *("stream_out", "synthetic", "ui"),
    },
    "detection": set(),
    "errors": set(),
    "export": {"motion", "render"},
    "lab": {"detection", "lifting", "motion", "pipeline", "render", "sources", "synthetic"},
    "lifting": {"detection", "export", "motion", "recording", "sources"},
    "motion": {"recording"},
    "packets": set(),
    "pipeline": {"detection", "motion", "recording", "sources"},
    "public": {"cli"},
    "recording": set(),
    "render": set(),
    "sources": {"synthetic"},
    "stream_out": {"export", "motion", "pipeline"},
    "synthetic": {"render"},
    "system": set(),
    "ui": {
        *("detection", "export", "lifting", "motion", "pipeline", "recording", "render"),
        *("sources", "stream_out"),
    },
}
"""The rooms of the program, and whom each may know beside those: wherever in a file it imports, and
for types alone too.  A new arrow is a decision, taken here."""


def _room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if parts[0] == "app" and len(parts) > 1 else parts[0]


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names = [f"app.{each.name}" for each in node.names if each.name != "__version__"]
            yield from names if node.module == "app" else [node.module or "."]
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names)


def _files(package: str) -> list[tuple[Path, str]]:
    """Its Python files, and the room each is in."""
    found = sorted((REPOSITORY / package).rglob("*.py"))
    assert len(found) > 30
    return [
        (path, _room(".".join(path.relative_to(REPOSITORY).with_suffix("").parts)))
        for path in found
    ]


def test_rooms_know_no_others_than_they_may() -> None:
    strangers = [
        f"{path.relative_to(REPOSITORY)} imports {module}"
        for path, room in _files("app")
        for module in _imports(path)
        if module.split(".")[0] in ("app", "models", "tests", ".")
        and room != "__init__"
        and _room(module) not in ARROWS[room] | FOR_EVERYBODY | {room}
    ]
    assert strangers == []


def test_the_rooms_for_everybody_know_nobody_but_one_another() -> None:
    for room in FOR_EVERYBODY - {"app", "models"}:
        assert ARROWS[room] == set()


def test_the_networks_know_nothing_of_the_program() -> None:
    strangers = [
        f"{path.relative_to(REPOSITORY)} imports {module}"
        for path, _ in _files("models")
        for module in _imports(path)
        if module.split(".")[0] in ("app", "tests", ".")
    ]
    assert strangers == []


@pytest.mark.parametrize(
    ("name", "owner"),
    [(".mixpose", "app/recording/names.py"), ("keypoints.bin", "app/recording/names.py")],
)
def test_a_name_is_written_in_one_place(name: str, owner: str) -> None:
    places = {
        path.relative_to(REPOSITORY).as_posix()
        for path, _ in _files("app")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value == name
    }
    assert places == {owner}


def test_the_longest_gap_is_written_in_one_place() -> None:
    """Half a second under a name of its own elsewhere would part from the promised one unseen."""
    places = {
        path.relative_to(REPOSITORY).as_posix()
        for package in ("app", "models")
        for path, _ in _files(package)
        for line in path.read_text(encoding="utf-8").splitlines()
        if any(word in line.lower() for word in ("gap", "held", "longest_line"))
        and line.replace(":", "=").rstrip(",").endswith("= 0.5")
    }
    assert places == {"models/timing.py"}
