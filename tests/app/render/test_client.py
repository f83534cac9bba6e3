"""The child process: never in the way, never left behind, and its death is only a message."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from app.render.client import Renderer
from tests.app.render.conftest import request_for
from tests.support.waiting import until

ROOT = Path(__file__).parents[3]
SIZE = (320, 240)
WAIT_S = 120.0
slow = pytest.mark.slow
posix = pytest.mark.skipif(os.name != "posix", reason="uses POSIX signals")


@pytest.fixture
def renderer(standing: np.ndarray) -> Renderer:
    """Started, with a first picture."""
    renderer = Renderer("skeleton", SIZE)
    renderer.start()
    assert renderer.wait(renderer.request(request_for(standing)), WAIT_S), renderer.failed
    return renderer


def shared_blocks() -> set[str]:
    folder = Path("/dev/shm")
    return {path.name for path in folder.glob("psm_*")} if folder.is_dir() else set()


def nothing_left_behind(before: set[str]) -> None:
    """Blocks of memory that were not there ``before`` go; those of other programs that draw at the
    same time go with their first picture."""
    found = shared_blocks() - before
    until(lambda: not found & shared_blocks(), "shared memory to be freed", 30)


def test_close_leaves_nothing_behind(standing: np.ndarray) -> None:
    threads, blocks = set(threading.enumerate()), shared_blocks()
    renderer = Renderer("skeleton", SIZE)
    renderer.start()
    renderer.wait(renderer.request(request_for(standing)), WAIT_S)
    pid = renderer.pid
    assert pid is not None
    assert psutil.pid_exists(pid)
    renderer.close()
    renderer.close()
    assert not psutil.pid_exists(pid), "a process or zombie is left"
    assert set(threading.enumerate()) <= threads
    nothing_left_behind(blocks)
    assert renderer.failed is None


def test_closing_while_the_child_still_loads_is_quick() -> None:
    renderer = Renderer("skeleton", SIZE)
    renderer.start()
    until(lambda: renderer.pid is not None, "the process", 30)
    begun = time.monotonic()
    renderer.close()
    assert time.monotonic() - begun < 5
    assert renderer.failed is None
    assert renderer.pid is None


@pytest.mark.timing
def test_only_the_newest_request_is_drawn_and_nobody_waits(
    renderer: Renderer, standing: np.ndarray
) -> None:
    begun = time.perf_counter()
    last = [renderer.request(request_for(standing)) for _ in range(300)][-1]
    assert time.perf_counter() - begun < 1.0
    seen = set()

    def newest() -> bool:
        drawn = renderer.latest()
        seen.add(drawn.request if drawn else 0)
        return drawn is not None and drawn.request >= last

    until(newest, "the newest one", 30)
    assert len(seen) < 100
    renderer.close()


@posix
def test_a_hanging_child_blocks_neither_request_nor_latest_nor_close(
    renderer: Renderer, standing: np.ndarray
) -> None:
    pid = renderer.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    begun = time.monotonic()
    for _ in range(2000):
        renderer.request(request_for(standing))
        renderer.latest()
    assert renderer.wait(renderer.request(request_for(standing)), 0.1) is None
    assert time.monotonic() - begun < 5
    renderer.close()
    until(lambda: not psutil.pid_exists(pid), "its end", 30)


def test_death_of_the_child_is_reported_and_wakes_waiters(
    renderer: Renderer, standing: np.ndarray
) -> None:
    pid = renderer.pid
    assert pid is not None
    psutil.Process(pid).kill()
    assert renderer.wait(renderer.request(request_for(standing)), WAIT_S) is None
    until(lambda: renderer.failed is not None, "the failure", 30)
    assert "stopped unexpectedly" in str(renderer.failed)
    assert renderer.latest() is not None, "the last good picture stays"
    until(lambda: not psutil.pid_exists(pid), "its end", 30)
    renderer.request(request_for(standing))
    renderer.close()


def test_a_request_it_cannot_draw_is_a_failure_in_words() -> None:
    blocks = shared_blocks()
    renderer = Renderer("skeleton", SIZE)
    renderer.start()
    assert renderer.wait(renderer.request("nonsense"), WAIT_S) is None
    assert str(renderer.failed).startswith("Drawing in 3D failed")
    renderer.close()
    nothing_left_behind(blocks)


def test_a_request_that_cannot_be_sent_is_a_failure_in_words(renderer: Renderer) -> None:
    assert renderer.wait(renderer.request(lambda: None), WAIT_S) is None
    assert str(renderer.failed).startswith("Drawing in 3D failed")
    renderer.close()


@pytest.mark.skipif(sys.platform != "linux", reason="hides Linux's OpenGL")
def test_missing_opengl_is_a_failure_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setenv("__EGL_VENDOR_LIBRARY_FILENAMES", "/nonexistent")
    renderer = Renderer("skeleton", SIZE)
    renderer.start()
    assert renderer.wait(renderer.request(request_for(None)), WAIT_S) is None
    assert "no OpenGL" in str(renderer.failed)
    renderer.close()


def test_missing_open3d_is_a_failure_in_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "open3d.py").write_text("raise ImportError('libGL.so.1: cannot open')")
    monkeypatch.syspath_prepend(tmp_path)
    renderer = Renderer("skeleton", SIZE)
    renderer.start()
    assert renderer.wait(renderer.request(request_for(None)), WAIT_S) is None
    assert "cannot be loaded (libGL.so.1: cannot open)" in str(renderer.failed)
    renderer.close()


def test_the_parent_loads_neither_open3d_nor_opencv_nor_qt() -> None:
    code = "import sys, app.render.client, app.render.camera, app.render.request\n" + (
        "bad = {'open3d', 'cv2', 'PyQt6'} & set(sys.modules)\nassert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=60)


PARENT = textwrap.dedent(
    """
    import sys, time
    from app.render.client import Renderer
    from tests.app.render.conftest import request_for

    if __name__ == "__main__":
        renderer = Renderer("skeleton", (320, 240))
        renderer.start()
        assert renderer.wait(renderer.request(request_for(None)), 120), renderer.failed
        renderer.resize(400, 300)
        assert renderer.wait(renderer.request(request_for(None)), 120), renderer.failed
        print(renderer.pid, flush=True)
        if sys.argv[1] == "wait":
            time.sleep(300)
    """
)


@pytest.mark.parametrize(
    "how", ["kill", "exit", *(pytest.param(how, marks=slow) for how in ("terminate", "interrupt"))]
)
def test_the_child_goes_with_its_parent(how: str, tmp_path: Path) -> None:
    """The parent is a plain script, run like ``run_app.py``."""
    if how == "interrupt" and os.name != "posix":
        pytest.skip("uses SIGINT")
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    blocks = shared_blocks()
    parent = subprocess.Popen(
        [sys.executable, str(script), "exit" if how == "exit" else "wait"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    if how == "interrupt":
        # As Ctrl-C in a terminal does it: to the parent, the child and everyone else.
        os.killpg(parent.pid, signal.SIGINT)
    elif how != "exit":
        getattr(parent, how)()
    _, errors = parent.communicate(timeout=60)
    until(lambda: not psutil.pid_exists(child), "its end", 30)
    nothing_left_behind(blocks)
    assert "leaked" not in errors
    assert "child.py" not in errors, "the child complained"
    if how == "exit":
        assert parent.returncode == 0
        assert errors == ""


def test_closed_before_there_is_a_process_it_waits_for_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed, launch, asked = threading.Event(), Renderer._launch, []

    def slowly(self: Renderer) -> object:
        assert closed.wait(30)
        return launch(self)

    monkeypatch.setattr(Renderer, "_launch", slowly)
    monkeypatch.setattr(Renderer, "_exchange", lambda _self, *message: asked.append(message))
    renderer = Renderer("skeleton", (64, 48))
    renderer.start()
    thread = renderer._thread
    renderer.close()
    closed.set()
    assert thread is not None
    thread.join(30)
    assert asked == []
    assert not thread.is_alive()
