"""``lift`` as a user runs it: every way it can end."""

from __future__ import annotations

import csv
import json
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.detection.models import about
from tests.app.cli.conftest import FRAMES
from tests.support.disks import read_only, small_disk
from tests.support.program import LIFT, Program
from tests.support.readers import trc

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX signals and limits")


def rows(table: Path) -> list[dict[str, str]]:
    with table.open(newline="") as file:
        return list(csv.DictReader(file))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_clip_becomes_a_table(program: Program, clips: Path, out: Path) -> None:
    ended = program.run("lift", clips / "person.mp4", "-o", out / "x.csv", "--height", "1.60")
    assert ended.code == 0, ended
    assert ended.err == "", "no bar where nobody watches, and no chatter of MediaPipe's"
    assert ended.out.startswith(f"{out / 'x.csv'}: {FRAMES} frames (0.6 s), a person in {FRAMES}; ")
    assert names(out) == ["x.csv", "x.csv.json"], "no temporary file is left"
    table = rows(out / "x.csv")
    assert [int(row["frame"]) for row in table] == list(range(FRAMES))
    assert float(table[-1]["time_s"]) == pytest.approx((FRAMES - 1) / 30)
    sidecar = json.loads((out / "x.csv.json").read_text())
    assert sidecar["scale"] == {"source": "height", "height_m": 1.6}
    assert sidecar["source"] == "person.mp4"
    assert sidecar["detector"] == about("heavy"), "time does not matter"
    assert "XNNPACK" in program.log_text, "MediaPipe's chatter belongs in the log"


@pytest.mark.slow
def test_a_clip_becomes_another_format(program: Program, clips: Path, out: Path) -> None:
    ended = program.call("lift", clips / "person.mp4", "-o", out / "x.trc", "--seconds", "0.5")
    assert ended.code == 0, ended
    assert trc(out / "x.trc").header["NumFrames"] == "15"
    ended = program.call(
        "lift", clips / "person.mp4", "-o", f"{out}/", "--to", "csv-long", "--seconds", "0.5",
        "--detector", "lite",
    )  # fmt: skip
    assert ended.code == 0, ended
    assert json.loads((out / "person.csv.json").read_text())["detector"] == about("lite")
    assert len(rows(out / "person.csv")) == 15 * 21
    assert names(out) == ["person.csv", "person.csv.json", "x.trc", "x.trc.json"]


@pytest.mark.slow
def test_slow_motion_has_its_true_times(program: Program, clips: Path, out: Path) -> None:
    lift = (*LIFT, clips / "person.mp4", "--rate", "240", "-o")
    ended = program.call(*lift, out / "x.csv")
    assert ended.code == 0, ended
    times = [float(row["time_s"]) for row in rows(out / "x.csv")]
    assert times == pytest.approx([number / 240 for number in range(FRAMES)], abs=1e-6)
    assert json.loads((out / "x.csv.json").read_text())["rate"]["nominal"] == 240
    ended = program.call(*lift, out / "x.trc")
    assert float(trc(out / "x.trc").header["DataRate"]) == 240
    ended = program.call(*LIFT, "performer", "--rate", "240", "-o", out / "y.csv")
    ended.check_refused("true rate can be given of a video file only")


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("320,240", ""),
        ("5,5", "Nobody was found at 5,5 from 0 s on, so nobody was chosen. The picture has"),
        (
            "320,240@9",
            "A person was to be chosen at 9 s, but the last frame is at 0.2 s: nobody was chosen.",
        ),
    ],
)
def test_a_person_who_is_not_there_is_said(
    place: str, said: str, program: Program, clips: Path, out: Path
) -> None:
    clip = clips / "person.mp4"
    ended = program.call(*LIFT, clip, "-o", out / "x.csv", "--person", place, "--seconds", "0.2")
    assert ended.code == 0, ended
    assert ended.err.startswith(f"mixpose: Warning: {said}" if said else "")
    assert ended.err.count("\n") == bool(said), ended


def test_what_exists_is_replaced_only_by_force(program: Program, clips: Path, out: Path) -> None:
    (out / "x.csv").write_text("precious")
    ended = program.call(*LIFT, clips / "person.mp4", "-o", out / "x.csv")
    ended.check_refused("exists already", "--force")
    assert (out / "x.csv").read_text() == "precious"
    ended = program.call(*LIFT, clips / "person.mp4", "-o", out / "x.csv", "--force")
    assert ended.code == 0, ended
    assert len(rows(out / "x.csv")) == FRAMES


def not_a_video(folder: Path) -> Path:
    path = folder / "notes.mp4"
    path.write_text("a shopping list\n" * 100)
    return path


def empty(folder: Path) -> Path:
    path = folder / "empty.mp4"
    path.touch()
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: folder / "missing.mp4", ["no file", "missing.mp4"]),
        (not_a_video, ["notes.mp4", "not a video"]),
        (empty, ["empty.mp4", "empty"]),
        (lambda folder: folder, ["folder"]),
    ],
    ids=["missing", "not a video", "empty", "folder"],
)
def test_sources_without_a_picture_are_refused_before_torch_is_loaded(
    make: Callable[[Path], Path], words: list[str], program: Program, tmp_path: Path, out: Path
) -> None:
    blocked = (
        "import sys; sys.modules.update(dict.fromkeys(['torch', 'mediapipe', 'PyQt6', 'open3d']));"
        "from app.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    ended = program.run(*LIFT, make(tmp_path), "-o", out / "x.csv", code=blocked)
    ended.check_refused(*words)
    assert names(out) == []


def test_nobody_in_the_clip(program: Program, clips: Path, out: Path) -> None:
    ended = program.call(*LIFT, clips / "nobody.mp4", "-o", out / "x.csv")
    ended.check_refused("No person", "nobody.mp4")
    assert names(out) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--weights", "no-such-weights"], ["no-such-weights"]),
        (["--device", "mps" if sys.platform != "darwin" else "cuda"], ["--device cpu"]),
    ],
)
def test_a_network_that_cannot_be_had(
    options: list[str], words: list[str], program: Program, clips: Path, out: Path
) -> None:
    sources = [clips / "person.mp4", clips / "nobody.mp4"]
    ended = program.call(*LIFT, *sources, "-o", out, *options)
    ended.check_refused(*words)
    assert names(out) == []


def test_damaged_weights(program: Program, clips: Path, out: Path, tmp_path: Path) -> None:
    weights = tmp_path / "broken.safetensors"
    weights.write_bytes(os.urandom(4096))
    ended = program.call(*LIFT, clips / "person.mp4", "-o", out / "x.csv", "--weights", weights)
    ended.check_refused("broken.safetensors")


@pytest.mark.parametrize(
    ("output", "words"),
    [("nowhere/x.csv", ["nowhere", "does not exist"]), ("x.xls", ["x.xls", ".csv"])],
)
def test_output_that_cannot_be(
    output: str, words: list[str], program: Program, clips: Path, out: Path
) -> None:
    ended = program.call(*LIFT, clips / "person.mp4", "-o", out / output)
    ended.check_refused(*words)


def test_output_on_a_disk_that_can_only_be_read(
    program: Program, clips: Path, tmp_path: Path
) -> None:
    with read_only(tmp_path / "locked") as folder:
        ended = program.call(*LIFT, clips / "person.mp4", "-o", folder / "x.csv")
    ended.check_refused("locked", "cannot be written")


def test_a_full_disk(program: Program, clips: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", 16 * 1024) as folder:
        ended = program.call(*LIFT, clips / "person.mp4", "-o", folder / "x.csv")
        assert names(folder) == []
    ended.check_refused("the disk is full", "x.csv")


@pytest.mark.slow
def test_a_file_size_limit(program: Program, clips: Path, out: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))

    ended = program.run(*LIFT, clips / "person.mp4", "-o", out / "x.csv", preexec_fn=limit)
    ended.check_refused("larger than is allowed", "x.csv")
    assert names(out) == []


def test_a_cut_off_video_gives_what_it_has_and_a_warning(
    program: Program, clips: Path, out: Path, tmp_path: Path
) -> None:
    content = (clips / "person.mkv").read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(content[: len(content) * 2 // 3])
    ended = program.call(*LIFT, cut, "-o", out / "x.csv")
    assert ended.code == 0, ended
    assert ended.err.count("\n") == 1
    assert "Warning: cut.mkv is cut off" in ended.err
    assert FRAMES // 3 < len(rows(out / "x.csv")) < FRAMES


def test_a_damaged_video_gives_what_it_has_and_a_warning(
    program: Program, clips: Path, out: Path, tmp_path: Path
) -> None:
    content = bytearray((clips / "person.mp4").read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4000] = os.urandom(4000)
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(content)
    ended = program.call(*LIFT, damaged, "-o", out / "x.csv")
    assert ended.code == 0, ended
    assert "Traceback" not in ended.err
    assert len(rows(out / "x.csv")) >= FRAMES // 2


@pytest.mark.slow
def test_some_of_several_fail(program: Program, clips: Path, out: Path, tmp_path: Path) -> None:
    (tmp_path / "person.mp4").write_bytes((clips / "person.mp4").read_bytes())
    sources = [clips / "person.mp4", tmp_path / "gone.mp4", tmp_path / "person.mp4"]
    ended = program.call(
        *LIFT, *sources, clips / "nobody.mp4", "-o", out / "new", "--seconds", "0.5"
    )
    assert ended.code == 1, ended
    lines = ended.err.splitlines()
    assert lines[0] == "mixpose: 2 of 4 sources lifted. Not lifted:"
    assert len(lines) == 3
    assert "gone.mp4" in lines[1]
    assert "No person" in lines[2]
    assert names(out / "new") == [
        "person-2.csv",
        "person-2.csv.json",
        "person.csv",
        "person.csv.json",
    ]
    assert len(rows(out / "new" / "person-2.csv")) == 15, "--seconds 0.5"


def test_all_of_several_fail(program: Program, out: Path, tmp_path: Path) -> None:
    ended = program.call(*LIFT, tmp_path / "a.mp4", tmp_path / "b.mp4", "-o", out / "new")
    assert ended.code == 2
    assert "0 of 2 sources lifted" in ended.err
    assert names(out) == [], "no empty folder is left"


@pytest.mark.slow
def test_the_performer_needs_no_camera(program: Program, out: Path) -> None:
    ended = program.call(*LIFT, "performer", "--seconds", "0.5", "-o", out / "x.csv")
    assert ended.code == 0, ended
    assert ended.err == ""
    assert len(rows(out / "x.csv")) == 15


@pytest.mark.slow
def test_nobody_reads_standard_output(program: Program, clips: Path, out: Path) -> None:
    with program.start(*LIFT, clips / "person.mp4", "-o", out / "x.csv") as process:
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        _, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    assert len(rows(out / "x.csv")) == FRAMES
