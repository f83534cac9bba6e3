"""``export`` as a user runs it: recordings that are whole, interrupted, read-only, or none."""

from __future__ import annotations

import csv
import json
import os
import shutil
from pathlib import Path

import pytest

from app.recording.events import EventList
from app.recording.reader import Recording
from app.recording.writer import RecordingWriter
from tests.support.disks import make_read_only, small_disk
from tests.support.program import Program
from tests.support.recordings import CAMERA, SIZE, packet, record

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs POSIX")


def interrupted(folder: Path, frames: int = 40) -> Path:
    """A recording whose program was killed in the middle of a row."""
    path = record(folder, frames)
    (path / ".writing").touch()
    data = path / "keypoints.bin"
    os.truncate(data, data.stat().st_size - 100)
    return path


def test_an_interrupted_recording_is_recovered_lifted_and_exported(
    program: Program, out: Path
) -> None:
    path = interrupted(out)
    ended = program.call("export", path, "-o", out / "x.csv", "--height", "1.7")
    assert ended.code == 0, ended
    assert ended.err.startswith(
        "mixpose: Warning: This recording was interrupted. Its unfinished end was cut off. "
        "1 frame at the end had been lost. 39 frames (1.3 s) could be read.\n"
    )
    assert ended.out.startswith(f"{out / 'x.csv'}: 39 frames (1.3 s), a person in ")
    assert "lifted now with " in ended.out
    with (out / "x.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 39
    again = program.call("export", path, "-o", out / "y.csv")
    assert "as lifted before with" in again.out
    assert (out / "y.csv").read_bytes() == (out / "x.csv").read_bytes()
    other = program.call("export", path, "-o", out / "z.csv", "--camera-pitch", "10")
    assert "lifted now" in other.out
    poses = Recording.open(path).poses
    assert poses is not None
    assert poses.info["height_m"] == 1.7
    assert poses.level is not None
    assert (poses.level.given, round(poses.level.pitch_deg, 1)) == (True, 10.0)
    said = json.loads((out / "z.csv.json").read_text())
    assert said["level"] == {"pitch_deg": 10.0, "roll_deg": 0.0, "spread_deg": 1.0, "told": True}
    assert said["quality"]["frames_pct"]["nobody"] == pytest.approx(100 * 6 / 39, abs=0.01)
    assert "does not fit what was seen" in ended.err, "joints drawn at random are no person"


def test_a_name_is_found_among_the_recordings_of_the_window(program: Program, out: Path) -> None:
    folder = program.home / "Documents" / "mixpose"
    record(folder, 12, name="monday")
    ended = program.call("export", "monday", "--to", "csv", "-o", f"{out}/")
    assert ended.code == 0, ended
    assert (out / "monday.csv").exists()


def test_what_cannot_be_exported(program: Program, clips: Path, out: Path) -> None:
    path = record(out, 3)
    program.call("export", "nosuch", "-o", out / "x.csv").check_refused("no recording nosuch")
    program.call("export", clips / "person.mp4", "-o", out / "x.csv").check_refused("lift", "video")
    program.call("export", path, "-o", out / "x.xlsx").check_refused("x.xlsx", ".csv")
    program.call("export", path, "--to", "doc", "-o", out / "x").check_refused("'doc'", "csv")
    (out / "x.csv").write_text("precious")
    program.call("export", path, "-o", out / "x.csv").check_refused("exists already", "--force")
    program.call("export", path, "-o", out / "no" / "x.csv").check_refused("does not exist")
    shutil.rmtree(path)
    path.mkdir()
    program.call("export", path, "-o", out / "y.csv").check_refused("is not a recording")


def test_a_recording_of_nobody(program: Program, out: Path) -> None:
    writer = RecordingWriter.create(out, "empty room", source=CAMERA, size=SIZE)
    writer.append(packet(3))
    path = writer.close()
    program.call("export", path, "-o", out / "x.csv").check_refused("No person", "1 frame searched")


def test_lift_points_to_export(program: Program, out: Path) -> None:
    path = record(out, 3)
    ended = program.call("lift", path, "-o", out / "x.csv")
    ended.check_refused("is a recording", f"run_app.py export {path} -o {out / 'x.csv'}")


def test_a_recording_on_a_read_only_disk_is_exported_all_the_same(
    program: Program, out: Path, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", 2**20) as disk:
        path = record(disk, 12)
        make_read_only(disk)
        ended = program.call("export", path, "-o", out / "x.csv")
    assert ended.code == 0, ended
    assert "cannot be saved: the disk can only be read" in ended.err
    assert (out / "x.csv").exists()


def test_a_part_of_a_recording_with_its_events(program: Program, out: Path) -> None:
    path = record(out, 40)
    EventList(path).add(0.5, "Jump, one")
    EventList(path).add(1.25, "late")
    whole = program.call("export", path, "-o", out / "whole.csv")
    assert whole.code == 0, whole
    ended = program.call("export", path, "-o", out / "part.csv", "--from", "0.4", "--until", "0:01")
    assert ended.code == 0, ended
    assert ended.out.startswith(f"{out / 'part.csv'}: 19 frames (0.6 s), a person in ")
    every, part = (rows(out / name) for name in ("whole.csv", "part.csv"))
    assert [row["frame"] for row in part] == [str(number) for number in range(12, 31)]
    assert [row["event"] for row in part if row["event"]] == ["Jump, one"]
    assert [row["event"] for row in every if row["event"]] == ["Jump, one", "late"]
    for row, same in zip(part, every[12:31], strict=True):
        assert float(row["time_s"]) == pytest.approx(float(same["time_s"]) - 0.4, abs=2e-6)
        assert row["left_wrist_x"] == same["left_wrist_x"]
    said = json.loads((out / "part.csv.json").read_text("utf-8"))
    assert (said["selection"]["first_frame"], said["selection"]["last_frame"]) == (12, 30)
    assert said["dropped"] == 2, "of the four frames lost in all, those lost in this part"
    assert said["events"] == [{"time_s": 0.1, "frame": 15, "label": "Jump, one"}]
    nothing = program.call("export", path, "-o", out / "no" / "x.csv", "--from", "9")
    nothing.check_refused("does not exist")
    nothing = program.call("export", path, "-o", f"{out / 'no'}/", "--from", "9")
    nothing.check_refused("no frame in that selection: the whole has 1.30 s")
    assert not (out / "no").exists()


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
