"""Which rooms may know of which: contracts of import-linter, and rooms imported with the others'
packages blocked."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import grimp
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
        pytest.param(["models"], OUTSIDE_MODELS, marks=pytest.mark.slow),
        (["app.pipeline", "app.sources", "app.detection", "app.recording"], ["PyQt6"]),
        pytest.param(
            [
                "app.export",
                "app.lifting",
                "app.lifting.batch",
                "app.synthetic.performer",
                "app.render.client",
            ],
            ["PyQt6"],
            marks=pytest.mark.slow,
        ),
        (["app.motion"], ["PyQt6", "mediapipe", "cv2", "open3d", "torch"]),
        (["app.stream_out"], ["PyQt6", "torch", "pythonosc", "pylsl"]),
        pytest.param(["app.lab.evaluation"], ["PyQt6", "h5py"], marks=pytest.mark.slow),
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


def _room(module: str) -> str:
    """``app.ui.views.kit`` -> ``ui``; the files beside the rooms are rooms too."""
    first, _, rest = module.partition(".")
    return rest.partition(".")[0] if first == "app" and rest else first


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """``lint-imports`` there, with the contracts of pyproject.toml."""
    code = (
        "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    )
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_rooms_know_no_others_than_they_may() -> None:
    """The contracts in pyproject.toml: what may import what is decided there."""
    ended = _lint(REPOSITORY)
    assert ended.returncode == 0, ended.stdout


def _copy(folder: Path) -> None:
    for name in ("app", "models"):
        ignored = shutil.ignore_patterns("__pycache__", "*.md", "*.safetensors")
        shutil.copytree(REPOSITORY / name, folder / name, ignore=ignored)
    shutil.copy(REPOSITORY / "pyproject.toml", folder)


@pytest.mark.slow
def test_the_contracts_notice(tmp_path: Path) -> None:
    _copy(tmp_path)
    wrong = [
        ("app.motion.bones", "app.lifting", "Arrows between the rooms of app"),
        ("models.metrics", "app.errors", "models knows nothing"),
        ("models.metrics", "cv2", "models knows nothing"),
        ("app.export.csv_table", "PyQt6", "Only the window knows Qt"),
        ("app.lab.bench.run", "mediapipe", "Only the detector knows MediaPipe"),
        ("app.motion.bones", "torch", "Motion is numbers"),
    ]
    for module, imported, _ in wrong:
        with (tmp_path / f"{module.replace('.', '/')}.py").open("a", encoding="utf-8") as appended:
            appended.write(f"import {imported}\n")
    ended = _lint(tmp_path)
    assert ended.returncode != 0
    broken = ended.stdout.partition("Broken contracts")[2]
    for module, imported, contract in wrong:
        assert contract in broken
        assert f"{module} -> {imported} " in broken, broken


@pytest.mark.slow
def test_a_new_room_is_noticed(tmp_path: Path) -> None:
    _copy(tmp_path)
    (tmp_path / "app" / "newroom").mkdir()
    (tmp_path / "app" / "newroom" / "__init__.py").touch()
    ended = _lint(tmp_path)
    assert ended.returncode != 0
    assert "newroom" in ended.stdout


def test_the_house_stays_small() -> None:
    graph = grimp.build_graph("app", "models", cache_dir=None)
    rooms = {_room(module) for module in graph.modules} - {"app"}
    arrows = {
        (_room(module), _room(imported))
        for module in graph.modules
        for imported in graph.find_modules_directly_imported_by(module)
        if _room(module) != _room(imported) != "app"
    }
    assert len(rooms) <= 20, rooms
    assert len(arrows) <= 100, sorted(arrows)


@pytest.mark.parametrize(
    ("name", "owner"),
    [(".mixpose", "app/recording/names.py"), ("keypoints.bin", "app/recording/names.py")],
)
def test_a_name_is_written_in_one_place(name: str, owner: str) -> None:
    places = {
        path.relative_to(REPOSITORY).as_posix()
        for path in sorted((REPOSITORY / "app").rglob("*.py"))
        if name in (text := path.read_text(encoding="utf-8"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and node.value == name
    }
    assert places == {owner}


def test_the_longest_gap_is_written_in_one_place() -> None:
    """Half a second under a name of its own elsewhere would part from the promised one unseen."""
    places = {
        path.relative_to(REPOSITORY).as_posix()
        for package in ("app", "models")
        for path in sorted((REPOSITORY / package).rglob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if any(word in line.lower() for word in ("gap", "held", "longest_line"))
        and line.replace(":", "=").rstrip(",").endswith("= 0.5")
    }
    assert places == {"models/timing.py"}
