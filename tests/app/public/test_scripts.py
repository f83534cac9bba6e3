"""Plain scripts that use the package: no guard around them, stopped, in the wrong process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from app.synthetic.performer.source import PerformerSource
from app.system.processes import starting
from tests.support.clips import write_clip
from tests.support.waiting import until

REPOSITORY = Path(__file__).resolve().parents[3]
_BEGIN = "import app.public as mixpose\n"


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A file of its own, as a user writes it."""
    file = folder / "script.py"
    file.write_text(script, encoding="utf-8")
    return subprocess.run(
        [sys.executable, str(file)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY), "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=200,
    )


def test_importing_is_light_and_changes_next_to_nothing(tmp_path: Path) -> None:
    ended = run(
        "import logging, os, signal, sys\n"
        "before = dict(os.environ), list(logging.root.handlers), signal.getsignal(signal.SIGINT)\n"
        "hooks, path = (sys.excepthook, sys.stdout.errors), sys.path[:]\n"
        f"{_BEGIN}"
        "heavy = 'PyQt6 torch cv2 mediapipe open3d scipy av pandas xarray numpy'.split()\n"
        "print([name for name in heavy if name in sys.modules])\n"
        "assert before == (dict(os.environ), logging.root.handlers,"
        " signal.getsignal(signal.SIGINT))\n"
        "assert hooks == (sys.excepthook, sys.stdout.errors)\n"
        "assert set(sys.path) - set(path) <= {mixpose._ROOMS}, sys.path\n",
        tmp_path,
    )
    assert (ended.returncode, ended.stdout) == (0, "[]\n"), ended.stderr


@pytest.mark.slow
def test_a_library_prints_nothing_that_it_was_not_asked_to(tmp_path: Path, clip: Path) -> None:
    """MediaPipe alone prints a page of lines in a lift, and some live."""
    ended = run(
        f"import sys\n{_BEGIN}"
        f"mixpose.lift({str(clip)!r}, detector='lite', jobs=1)\n"
        "print('the script itself', file=sys.stderr)\n"
        f"with mixpose.live({str(clip)!r}, detector='lite') as poses: next(iter(poses))\n",
        tmp_path,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "the script itself\n")


@pytest.mark.slow
def test_live_poses_that_are_not_closed_end_with_the_script_without_a_word(tmp_path: Path) -> None:
    ended = run(
        f"import time\n{_BEGIN}"
        "poses = mixpose.live('performer', detector='lite')\n"
        "while poses.latest() is None: time.sleep(0.05)\n",
        tmp_path,
    )
    # MediaPipe failed as its threads were gone, which was reported.
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_a_script_without_a_guard_starts_processes(tmp_path: Path) -> None:
    ended = run(
        "print('once')\n"
        "from app.lifting.pool import Pool\n"
        "from app.lifting.work_units import Done\n"
        "from tests.support.engines import Worker\n"
        "with Pool(2) as pool:\n"
        "    left = {pool.submit(Worker()) for _ in range(3)}\n"
        "    while left:\n"
        "        for event in pool.poll():\n"
        "            if isinstance(event, Done):\n"
        "                print(event.value[0], event.error)\n"
        "                left.discard(event.ticket)\n",
        tmp_path,
    )
    assert ended.stdout == "once\n" + "3 None\n" * 3, ended.stderr


def test_the_main_module_is_there_again() -> None:
    main = sys.modules["__main__"]
    with starting():
        assert sys.modules["__main__"] is not main
    assert sys.modules["__main__"] is main


@pytest.mark.slow
def test_a_script_without_a_guard_lifts_and_sees(tmp_path: Path) -> None:
    ended = run(
        f"{_BEGIN}"
        "motion = mixpose.lift('performer', seconds=0.5, detector='lite')\n"
        "print(motion)\n"
        "with mixpose.live('performer', detector='lite') as poses:\n"
        "    for number, pose in zip(range(3), poses):\n"
        "        print(pose.joints['nose'].shape)\n",
        tmp_path,
    )
    assert ended.stdout == "<Motion of Performer: 15 frames, 0.5 s>\n" + "(3,)\n" * 3, ended.stderr


@pytest.mark.slow
def test_a_worker_of_a_pool_lifts_without_other_processes(tmp_path: Path) -> None:
    with PerformerSource((320, 240), 4, duration_s=8) as source:
        pictures = [frame.image for frame in iter(source.read, None)]
    clip = write_clip(tmp_path / "a.mp4", pictures, 4)
    ended = run(
        "import multiprocessing\n"
        f"{_BEGIN}"
        "def lift(_):\n"
        f"    return mixpose.lift({str(clip)!r}, detector='lite').joints['nose'].tobytes()\n"
        "if __name__ == '__main__':\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as workers:\n"
        "        print(workers.map(lift, [0]) == [lift(0)])\n",
        tmp_path,
    )
    assert ended.stdout == "True\n", ended.stderr


def test_another_package_of_the_same_name_is_told(tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text("mine = True\n", encoding="utf-8")
    script = (
        "import models\n"
        "import importlib.util, sys\n"
        f"where = {str(REPOSITORY / 'app/public/__init__.py')!r}\n"
        "spec = importlib.util.spec_from_file_location('mixpose', where)\n"
        "sys.modules['mixpose'] = module = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(module)\n"
    )
    ended = run(script, tmp_path)
    assert "ImportError: mixpose has a package called 'models', and another one" in ended.stderr


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_ends_it_and_leaves_no_process(clip: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        f"{_BEGIN}"
        "try:\n"
        "    tell = lambda share: print(share, flush=True)\n"
        "    mixpose.lift('performer', seconds=600, progress=tell)\n"
        "except KeyboardInterrupt:\n"
        "    print('stopped', flush=True)\n",
        encoding="utf-8",
    )
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "HOME": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as started:
        assert started.stdout is not None
        try:
            started.stdout.readline()
            children = psutil.Process(started.pid).children(recursive=True)
            assert children
            os.killpg(started.pid, signal.SIGINT)
            out, _ = started.communicate(timeout=60)
        finally:
            started.kill()
    assert out.endswith("stopped\n")
    assert started.returncode == 0
    until(lambda: not any(child.is_running() for child in children), "the processes to end")
