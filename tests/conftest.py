"""Fixtures for all tests."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.shared_folder import VARIABLE

# A busy machine is no fault of what is tested; pytest-timeout stops what hangs.
settings.register_profile("mixpose", deadline=None)
settings.load_profile("mixpose")

# Before anything imports torch: two threads on two busy cores are many times slower than one.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Also where the environment asks for none, as containers do: to compile all modules anew takes each
# of several processes 5 s of a core, and every process that a test starts half a second.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

LEFTOVER_S = 30.0
"""What a closed window has not waited for (a source, a network, a process that draws) ends by
itself: with a sixth of a core and no compiled modules, that took more than 3 s."""

REPOSITORY = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--full", action="store_true", help="all damaged files of tests/hostile, not a tenth"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Give all workers a folder to share, and each of several a screen of its own: windows on one
    take the keyboard away."""
    if VARIABLE not in os.environ:
        folder = tempfile.TemporaryDirectory(prefix="mixpose-tests-", ignore_cleanup_errors=True)
        os.environ[VARIABLE] = folder.name
        config.add_cleanup(lambda: os.environ.pop(VARIABLE, None))
        config.add_cleanup(folder.cleanup)
    xvfb = shutil.which("Xvfb")
    if xvfb is None or not {"PYTEST_XDIST_WORKER", "DISPLAY"} <= os.environ.keys():
        return
    ours, its = os.pipe()
    command = [xvfb, "-displayfd", str(its), "-screen", "0", "1440x900x24", "-nolisten", "tcp"]
    screen = subprocess.Popen(command, pass_fds=[its], stderr=subprocess.DEVNULL)
    config.add_cleanup(screen.wait)
    config.add_cleanup(screen.terminate)  # the last one added is done first
    os.close(its)
    with os.fdopen(ours) as number:
        os.environ["DISPLAY"] = f":{int(number.readline())}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that may take longest come first: begun last, they would keep one of several workers
    after the others have ended."""
    longest: dict[Path, float] = {}
    for item in items:
        mark = item.get_closest_marker("timeout")
        longest[item.path] = max(longest.get(item.path, 0.0), mark.args[0] if mark else 0.0)
    items.sort(key=lambda item: -longest[item.path])


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What is loaded by now stays until the end: let no collection of garbage go through it."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def full(request: pytest.FixtureRequest) -> bool:
    """Whether to go through all cases where a tenth is enough for every day."""
    return bool(request.config.getoption("--full"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Clips, motion and fixtures that lie beside the repository and are no part of it."""
    folder = REPOSITORY.parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"there is no folder {folder}")
    return folder


@pytest.fixture(autouse=True)
def no_leftover_threads() -> Iterator[None]:
    """Fail a test that leaves a thread of the program's running."""
    before = set(threading.enumerate())
    yield
    leftover = [
        thread
        for thread in threading.enumerate()
        if thread not in before and thread.is_alive() and not _harmless(thread)
    ]
    deadline = time.monotonic() + LEFTOVER_S
    for thread in leftover:
        thread.join(max(0.0, deadline - time.monotonic()))
    alive = [thread for thread in leftover if thread.is_alive()]
    assert not alive, "threads left running:" + "".join(map(_where, alive))


def _where(thread: threading.Thread) -> str:
    """A thread's name, and the calls that it is in."""
    frame = sys._current_frames().get(thread.ident or 0)
    return f"\n{thread.name}\n" + "".join(traceback.format_stack(frame) if frame else ())


def _harmless(thread: threading.Thread) -> bool:
    # tqdm keeps one monitor for the process; Python's own queues feed from threads of that name;
    # native lines are read on for as long as there is a process that was started meanwhile.
    ours = thread.name == "native lines"
    return (
        ours or "TMonitor" in type(thread).__name__ or thread.name.startswith("QueueFeederThread")
    )
