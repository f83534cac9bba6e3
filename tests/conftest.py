"""Fixtures for all tests."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

# A busy machine is no fault of what is tested; pytest-timeout stops what hangs.
settings.register_profile("mixpose", deadline=None)
settings.load_profile("mixpose")

# Before anything imports torch: two threads on two busy cores are many times slower than one.
os.environ.setdefault("OMP_NUM_THREADS", "1")

REPOSITORY = Path(__file__).resolve().parent.parent

IN_REAL_TIME: Final = (
    *(
        "app/lifting/batch/",
        "app/stream_out/",
        "app/pipeline/",
        "app/render/",
        "app/sources/",
        "app/ui/",
    ),
    *("app/cli/test_event_lines.py", "app/cli/test_films.py", "app/cli/test_batch.py"),
    *("app/cli/test_record", "app/cli/test_stopping.py", "app/cli/test_stream.py"),
    *("app/cli/test_window", "app/lifting/test_pool.py", "app/lifting/test_reading.py"),
    *("app/lifting/test_video.py", "app/public/"),
    *("app/recording/test_events.py", "app/recording/test_safe_open.py"),
    *("app/recording/test_kill.py", "app/recording/test_low_disk.py"),
    *("app/recording/test_writing_lock.py", "app/recording/test_moving.py"),
    *("app/recording/test_writer.py", "bench/", "models/training/test_motion_bvh.py"),
)
"""How the paths begin of tests that measure or wait in real time, or end each other's processes:
they are marked ``timing``, and nothing else must run beside them.  Others carry the mark."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--full", action="store_true", help="all damaged files of tests/hostile, not a tenth"
    )


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    tests = Path(__file__).parent
    for item in items:
        if item.path.relative_to(tests).as_posix().startswith(IN_REAL_TIME):
            item.add_marker(pytest.mark.timing)


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
    for thread in leftover:
        thread.join(timeout=3)
    alive = [thread.name for thread in leftover if thread.is_alive()]
    assert not alive, f"threads left running: {alive}"


def _harmless(thread: threading.Thread) -> bool:
    # tqdm keeps one monitor for the process; Python's own queues feed from threads of that name.
    return "TMonitor" in type(thread).__name__ or thread.name.startswith("QueueFeederThread")
