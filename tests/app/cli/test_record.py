"""``record`` as a user runs it: every way it can end."""

from __future__ import annotations

import os
import re
import signal
import time
from itertools import takewhile
from pathlib import Path

import numpy as np
import pytest

from app.detection.models import about
from app.recording.disk_space import DiskSpace
from app.recording.reader import Recording
from app.recording.rows import ROW
from tests.app.cli.conftest import FRAMES
from tests.support.disks import read_only, small_disk
from tests.support.mjpeg import MjpegServer, clip_jpegs
from tests.support.program import RECORD, Popen, Program
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
PATIENCE_S = 120.0


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def begun(process: Popen, folder: Path, frames: int = 10) -> Path:
    """Wait until ``frames`` rows of the one recording in ``folder`` are with the system."""
    begun: list[Path] = []

    def looked() -> list[Path]:
        assert process.poll() is None, process.communicate()
        rows = folder.glob("*.mixpose/keypoints.bin")
        begun.extend(each.parent for each in rows if each.stat().st_size > 4096 + frames * 1296)
        return begun

    until(lambda: bool(looked()), "rows of the recording", PATIENCE_S)
    return begun[0]


def test_a_video_is_recorded_whole_and_lifted(program: Program, clips: Path, out: Path) -> None:
    ended = program.call(
        "record", "--source", clips / "person.mp4", "-o", out / "walk", "--video", "--height", "1.6"
    )
    assert ended.code == 0, ended
    path = out / "walk.mixpose"
    assert ended.err == f"mixpose: Recording person.mp4 to {path}; Ctrl-C ends it.\n"
    assert ended.out == f"{path}: {FRAMES} frames (0.6 s), 0 dropped, lifted\n"
    assert names(path) == ["keypoints.bin", "poses.npz", "recording.json", "video.mkv"]
    recording = Recording.open(path)
    assert recording.recovered is None
    assert recording.keypoints.index.tolist() == list(range(FRAMES))
    assert recording.keypoints.tracked.sum() > 0.75 * FRAMES
    assert recording.picture(FRAMES - 1) is not None
    assert recording.poses is not None
    assert recording.poses.info["height_m"] == 1.6
    assert recording.meta.settings == {
        "several": True,
        "detector": about("full"),
        "height_m": 1.6,
        "weights": None,
        "camera_pitch_deg": None,
        "camera_roll_deg": None,
        "delay": None,
    }


def test_a_name_in_use_is_left_alone_and_seconds_are_kept(
    program: Program, clips: Path, out: Path
) -> None:
    (out / "walk.mixpose").mkdir()
    ended = program.call(
        *RECORD, "--source", clips / "person.mp4", "-o", out / "walk.mixpose",
        "--seconds", "0.5", "--no-lift", "--height", "1.6",
    )  # fmt: skip
    assert ended.code == 0, ended
    assert names(out) == ["walk-2.mixpose", "walk.mixpose"]
    assert names(out / "walk.mixpose") == []
    assert "lifted" not in ended.out
    recording = Recording.open(out / "walk-2.mixpose")
    assert len(recording.keypoints.time_s) == 15
    assert recording.poses is None
    exported = program.call("export", out / "walk-2", "-o", out / "walk.csv")
    assert exported.code == 0, exported
    poses = Recording.open(out / "walk-2.mixpose").poses
    assert poses is not None
    assert poses.info["height_m"] == 1.6, "as it was recorded"


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)],
)
def test_a_signal_ends_it_in_order(
    number: signal.Signals, code: int, program: Program, clips: Path, out: Path
) -> None:
    lift = [] if number == signal.SIGINT else ["--no-lift"]
    with (
        MjpegServer(clip_jpegs(clips / "person.mp4")) as server,
        program.start(*RECORD, "--source", server.url, "-o", f"{out}/", *lift) as process,
    ):
        path = begun(process, out)
        process.send_signal(number)
        said, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == code, err
    assert "Traceback" not in err
    recording = Recording.open(path)
    assert recording.recovered is None
    assert not (path / ".writing").exists()
    assert said.startswith(f"{path}: {len(recording.keypoints.time_s)} frames")
    assert (recording.poses is not None) == (number == signal.SIGINT)
    assert ("quits at once" in err) == (number == signal.SIGINT)


@pytest.mark.slow
def test_a_second_ctrl_c_quits_at_once_and_keeps_it(
    program: Program, clips: Path, out: Path
) -> None:
    slow = (
        "import sys, time; import app.recording.writer as w; end = w.RecordingWriter._finalise\n"
        "w.RecordingWriter._finalise = lambda self: (print('closing', flush=True), time.sleep(60))"
        "\nfrom app.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    with (
        MjpegServer(clip_jpegs(clips / "person.mp4")) as server,
        program.start(*RECORD, "--source", server.url, "-o", out / "x", code=slow) as process,
    ):
        path = begun(process, out)
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        assert process.stdout.readline() == "closing\n"
        process.send_signal(signal.SIGINT)
        process.wait(timeout=10)
    assert process.returncode == -signal.SIGINT
    recording = Recording.open(path)
    assert len(recording.keypoints.time_s) >= 10
    assert "interrupted" in str(recording.recovered)


@pytest.mark.slow
def test_a_lost_stream_is_waited_for_and_the_gap_stands_in_the_times(
    program: Program, clips: Path, out: Path
) -> None:
    with (
        MjpegServer(clip_jpegs(clips / "person.mp4")) as server,
        program.start(*RECORD, "--source", server.url, "-o", out / "x", "--no-lift") as process,
    ):
        path = begun(process, out)
        assert process.stderr is not None
        server.die()
        lost_at = time.monotonic()
        said = list(takewhile(lambda line: "has stopped sending" not in line, process.stderr))
        away_s = time.monotonic() - lost_at
        before = (path / "keypoints.bin").stat().st_size
        server.come_back()
        begun(process, out, (before - 4096) // 1296 + 10)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, err
    assert "sends pictures again" in err, said
    gap_s = np.diff(Recording.open(path).keypoints.time_s).max()
    assert away_s - 0.2 < gap_s < away_s + 12


@pytest.mark.slow
def test_the_time_wanted_is_over_even_if_the_stream_stays_away(
    program: Program, clips: Path, out: Path
) -> None:
    with (
        MjpegServer(clip_jpegs(clips / "person.mp4")) as server,
        program.start(
            *RECORD, "--source", server.url, "-o", out / "x", "--no-lift", "--seconds", "8"
        ) as process,
    ):
        begun(process, out, 1)
        server.die()
        _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, err


def test_what_cannot_begin_leaves_nothing(program: Program, clips: Path, out: Path) -> None:
    ended = program.call(*RECORD, "--source", out / "gone.mp4", "-o", out / "x")
    ended.check_refused("gone.mp4")
    ended = program.call(
        *RECORD, "--source", clips / "person.mp4", "-o", out / "x", "--weights", "nosuch"
    )
    ended.check_refused("nosuch")
    assert names(out) == []


def test_a_read_only_folder(program: Program, clips: Path, tmp_path: Path) -> None:
    with read_only(tmp_path / "locked") as folder:
        ended = program.call(*RECORD, "--source", clips / "person.mp4", "-o", folder / "x")
        assert names(folder) == []
    ended.check_refused("cannot be made", "can only be read")


def test_a_full_disk_ends_it_and_keeps_what_was_written(
    program: Program, clips: Path, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", 24 * 1024) as disk:
        ended = program.call(*RECORD, "--source", clips / "person.mp4", "-o", disk / "x")
        recording = Recording.open(disk / "x.mixpose")
    assert ended.code == 1, ended
    # Where the first second is over before the disk is full, it is said that it nearly is.
    assert re.search(r"ended because the disk is (nearly )?full\. What was recorded", ended.err)
    assert "Traceback" not in ended.err
    assert 0 < len(recording.keypoints.time_s) < FRAMES


@pytest.mark.slow
def test_a_disk_that_gets_full_is_said_and_ends_it_in_order(
    program: Program, clips: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def left(space: DiskSpace) -> float:
        return 1500.0 if space._rows.size < 60 * ROW.itemsize else 100.0

    monkeypatch.setattr(DiskSpace, "seconds_left", property(left))
    with MjpegServer(clip_jpegs(clips / "person.mp4")) as server:
        ended = program.call(*RECORD, "--source", server.url, "-o", out / "x", "--no-lift")
    assert ended.code == 1, ended
    assert "Warning: The disk is nearly full: room for about 25 minutes more." in ended.err
    assert "x.mixpose ended because the disk is nearly full. What was recorded until" in ended.err
    recording = Recording.open(out / "x.mixpose")
    assert recording.recovered is None, "it was closed in order"
    assert recording.meta.ending is not None
    assert "nearly full" in str(recording.meta.ending.error)
