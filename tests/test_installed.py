"""The program as ``pip install .`` leaves it: a wheel, in an environment without this checkout."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import psutil
import pytest

from app import __version__
from tests.support.clips import performer_pictures, write_clip
from tests.support.cluster import cluster_of_two
from tests.support.program import LIFT, Program, wait_for_ready
from tests.support.waiting import until

REPOSITORY = Path(__file__).resolve().parent.parent
SCRIPTS = "Scripts" if os.name == "nt" else "bin"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built of a copy of what is in the repository, in which an earlier build has left a file."""
    copy = tmp_path_factory.mktemp("copy")
    for name in ("app", "models", "weights"):
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(REPOSITORY / name, copy / name, ignore=ignored)
    for name in ("pyproject.toml", "run_app.py", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(REPOSITORY / name, copy)
    stale = copy / "build" / "lib" / "mixpose" / "stale.py"
    stale.parent.mkdir(parents=True)
    stale.write_text("raise SystemExit('of an earlier build')\n")
    built = copy / "dist"
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(built)]
    _pip("wheel", *options, str(copy))
    (wheel,) = built.iterdir()
    left = [path for path in (copy / "build").rglob("*") if path.is_file()]
    assert left == [stale], "nothing is built in the checkout, and nothing of it is packed"
    return wheel


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands of an environment that has the wheel and, so that nothing need be
    downloaded, finds the libraries of this one; but not what is installed here as mixpose."""
    environment = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / SCRIPTS / Path(sys.executable).name
    _pip("--python", str(python), "install", "--no-deps", "--no-index", str(wheel))
    asked = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(
        subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    )
    libraries = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    (packages / "libraries.pth").write_text("\n".join(libraries), encoding="utf-8")
    return environment / SCRIPTS


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def program(scripts: Path, tmp_path: Path) -> Program:
    """``mixpose``, started in an empty folder."""
    return _started_as(tmp_path, str(scripts / "mixpose"))


@pytest.fixture
def python(scripts: Path) -> str:
    return str(scripts / Path(sys.executable).name)


def _started_as(tmp_path: Path, *command: str) -> Program:
    home, empty = tmp_path / "home", tmp_path / "empty"
    home.mkdir()
    empty.mkdir()
    return Program(home, command, empty)


def test_the_wheel_holds_all_there_is_and_nothing_else_at_its_top(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    assert {name.split("/")[0] for name in held} == {
        "mixpose",
        f"mixpose-{__version__}.dist-info",
    }, "a stranger's app or models would be overwritten"
    there = {
        path.relative_to(REPOSITORY).as_posix()
        for folder in ("app", "models", "weights")
        for path in (REPOSITORY / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    public = {name for name in there if name.startswith("app/public/")}
    wanted = {f"mixpose/{name}" for name in there - public}
    wanted |= {f"mixpose/{Path(name).name}" for name in public}
    assert {name for name in held if name.startswith("mixpose/")} == wanted


def test_it_is_the_one_that_was_installed(program: Program, python: str) -> None:
    assert program.run("--version").out == f"mixpose {__version__}\n"
    code = "import mixpose, app, models; print(mixpose.__version__, app.__file__, models.__file__)"
    told = subprocess.run(
        [python, "-c", code], cwd=program.folder, check=True, capture_output=True, text=True
    )
    version, *files = told.stdout.split()
    assert version == __version__
    assert all(Path(file).parents[1].name == "mixpose" for file in files), files
    assert not any(Path(file).is_relative_to(REPOSITORY) for file in files), files


_SCRIPT = """
import mixpose
motion = mixpose.lift("clip.mp4", height=1.8, detector="lite")
print(len(motion), motion.joints["left_wrist"].shape, motion.save("clip.c3d")[0].name)
print(len(mixpose.lift("performer", seconds=0.2, detector="lite")))
"""


def test_a_script_imports_and_lifts(program: Program, python: str) -> None:
    write_clip(program.folder / "clip.mp4", performer_pictures(30))
    (program.folder / "script.py").write_text(_SCRIPT, encoding="utf-8")
    script = Program(program.home, (python, "script.py"), program.folder)
    ended = script.run()
    assert (ended.code, ended.out) == (0, "30 (30, 3) clip.c3d\n6\n"), ended


def test_a_type_checker_knows_its_types(program: Program, python: str) -> None:
    pytest.importorskip("mypy")
    script = program.folder / "script.py"
    script.write_text(
        "import mixpose\n"
        "motion = mixpose.lift('clip.mp4', height=1.8, smooth=6)\n"
        "reveal_type(motion.joints['nose'])\n"
        "reveal_type(motion.time)\n"
        "mixpose.lift('clip.mp4', height='tall')\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "mypy", "--python-executable", python, script]
    told = subprocess.run(command, cwd=program.folder, capture_output=True, text=True).stdout
    assert told.count("dtype[numpy.floating[numpy._typing._nbit_base._64Bit]]") == 2 or (
        told.count("dtype[numpy.float64]") == 2
    ), told
    assert 'incompatible type "str"; expected "float | None"' in told
    assert "Found 1 error" in told


def test_a_strangers_app_in_the_folder_is_not_taken_for_its_own(
    program: Program, python: str
) -> None:
    for name in ("app", "models", "weights"):
        (program.folder / f"{name}.py").write_text("raise SystemExit('a stranger')")
    there = Program(program.home, (python, "-m", "mixpose"), program.folder)
    for one in (program, there):
        assert one.run("--version").out == f"mixpose {__version__}\n"


def test_it_says_what_to_type(program: Program, python: str) -> None:
    assert "\n  mixpose lift dance.mp4 -o dance.csv " in program.run("--help").out
    as_module = Program(program.home, (python, "-m", "mixpose"), program.folder)
    assert as_module.run("lift", "--help").out.startswith("usage: python -m mixpose lift ")


def test_it_lifts(program: Program) -> None:
    write_clip(program.folder / "clip.mp4", performer_pictures(30))
    ended = program.run("lift", "clip.mp4", "-o", "clip.csv")
    assert (ended.code, ended.err) == (0, "")
    rows = (program.folder / "clip.csv").read_text().splitlines()
    assert len(rows) == 31
    assert rows[15].split(",")[2] == "1", "nobody was found"


@pytest.mark.skipif(os.name == "nt", reason="Ray names its processes on POSIX")
def test_a_cluster_gives_the_same_and_a_killed_worker_is_replaced(
    program: Program, python: str
) -> None:
    pytest.importorskip("ray", reason="pip install '.[ray]'")
    films = program.folder / "films"
    (films / "deep").mkdir(parents=True)
    for name in ("a.mp4", "deep/b.mkv", "deep/c.avi"):
        write_clip(films / name, performer_pictures(20))
    (films / "broken.mp4").write_text("a shopping list\n" * 100)
    lift = (*LIFT, "films", "-o")
    with cluster_of_two(python) as address:
        with program.start(*lift, "far", "--ray", address) as process:
            until(lambda: lifting() != [], "a clip to be begun", 300)
            time.sleep(1)
            lifting()[0].kill()
            _, err = process.communicate(timeout=600)
        assert process.returncode == 1, err
        assert err.startswith("mixpose: 3 of 4 videos lifted. Not lifted:\n")
        assert "broken.mp4 is not a video" in err
        (films / "broken.mp4").unlink()
        again = program.run(*lift, "far", "--ray", address, timeout_s=300)
        assert (again.code, again.out) == (0, "0 of 3 videos lifted, 3 done before.\n")
    near = program.run(*lift, "near", "--jobs", "2", timeout_s=600)
    assert near.code == 0, near
    assert content(program.folder / "far") == content(program.folder / "near")


def lifting() -> list[psutil.Process]:
    """The cluster's processes that have a clip in their hands: Ray names them after it."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        title = " ".join(process.info["cmdline"] or ())
        if title.startswith("ray::_work"):
            found.append(process)
    return found


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.skipif(
    sys.platform == "linux" and "DISPLAY" not in os.environ, reason="there is no screen"
)
@pytest.mark.parametrize("as_module", [False, True])
def test_its_window_opens(as_module: bool, scripts: Path, python: str, tmp_path: Path) -> None:
    command = (python, "-m", "mixpose") if as_module else (str(scripts / "mixpose-gui"),)
    program = _started_as(tmp_path, *command)
    screen = {"DISPLAY": os.environ["DISPLAY"]} if "DISPLAY" in os.environ else {}
    with program.start("--source", "performer", env=screen) as window:
        try:
            wait_for_ready(window)
            window.send_signal(signal.SIGTERM)
            _, err = window.communicate(timeout=30)
        finally:
            window.kill()
    assert (window.returncode, err) == (0, "")
    assert "mixpose" in program.log_text


@pytest.mark.skipif(sys.platform != "linux", reason="Linux desktops' menus")
def test_its_menu_entry_starts_it_from_anywhere(program: Program, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert program.run("--add-to-menu", env={"XDG_DATA_HOME": str(data)}).code == 0
    entry = (data / "applications" / "mixpose.desktop").read_text(encoding="utf-8")
    (line,) = [line for line in entry.splitlines() if line.startswith("Exec=")]
    assert line == f"Exec={program.command[0]} %f", "a video that is opened with it"
