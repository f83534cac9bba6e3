"""What counts as done: the same video, the same options, the same weights, and nothing else."""

from __future__ import annotations

import json
import os
import random
from dataclasses import replace
from pathlib import Path

import pytest

from app.export.file_options import FileOptions
from app.export.people_names import files_there, person_file
from app.export.registry import export
from app.export.sidecar_reading import is_export
from app.lifting.batch.task import BatchOptions
from app.lifting.batch.up_to_date import (
    is_begun_of_everybody,
    is_done,
    is_done_of_everybody,
    request_of,
    with_request,
)
from app.lifting.options import LiftOptions
from app.motion.processing_options import Processing
from app.recording.corrections import Delete
from tests.support.motion import motion

OPTIONS = BatchOptions(weights_sha256="ab" * 32, processing=Processing(bone=("thigh", 0.42)))


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "a.mp4"
    path.write_bytes(bytes(1000))
    return path


@pytest.fixture
def table(video: Path, tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    export(path, with_request(motion(3), request_of(video, OPTIONS)))
    return path


def test_what_was_asked_is_done(video: Path, table: Path) -> None:
    assert is_done(table, request_of(video, OPTIONS))
    assert is_export(table)


@pytest.mark.parametrize(
    "other",
    [
        {"weights_sha256": "cd" * 32},
        {"kind": "csv-long"},
        {"lifting": LiftOptions(detector="full")},
        {"lifting": LiftOptions(height_m=1.8)},
        {"lifting": LiftOptions(camera_pitch_deg=5.0)},
        {"lifting": LiftOptions(detector="lite")},
        {"lifting": LiftOptions(seconds=2.0)},
        {"processing": Processing(bone=("thigh", 0.43))},
        {"processing": Processing(smooth_hz=6.0, bone=("thigh", 0.42))},
    ],
    ids=str,
)
def test_other_options_are_other_work(other: dict[str, object], video: Path, table: Path) -> None:
    assert not is_done(table, request_of(video, replace(OPTIONS, **other)))  # type: ignore[arg-type]


def test_other_corrections_are_other_work(video: Path, table: Path) -> None:
    made = (Delete(1.0, 2.0),)
    assert not is_done(table, request_of(video, OPTIONS, made))
    export(table, with_request(motion(3), request_of(video, OPTIONS, made)), overwrite=True)
    assert is_done(table, request_of(video, OPTIONS, made))
    assert not is_done(table, request_of(video, OPTIONS, (Delete(1.0, 2.5),)))
    assert not is_done(table, request_of(video, OPTIONS))


def test_where_and_how_fast_it_is_lifted_does_not_matter(video: Path, table: Path) -> None:
    assert is_done(
        table, request_of(video, replace(OPTIONS, lifting=LiftOptions(device="cpu", jobs=7)))
    )


def test_who_prints_does_not_matter(video: Path, tmp_path: Path) -> None:
    for number, options in enumerate((FileOptions(), FileOptions(fps=30.0))):
        path = tmp_path / f"{number}.csv"
        asked = request_of(video, replace(OPTIONS, file=options))
        export(path, with_request(motion(3), asked))
        printed = replace(OPTIONS, file=replace(options, printer="a.module:function"))
        assert is_done(path, request_of(video, printed))


def test_a_video_that_has_changed_is_another(video: Path, table: Path) -> None:
    about = video.stat()
    video.write_bytes(bytes(999))
    os.utime(video, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert not is_done(table, request_of(video, OPTIONS))
    video.write_bytes(bytes(1000))
    os.utime(video, ns=(about.st_atime_ns, about.st_mtime_ns + 1))
    assert not is_done(table, request_of(video, OPTIONS))
    os.utime(video, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert is_done(table, request_of(video, OPTIONS))


def test_without_the_table_nothing_is_done(video: Path, table: Path) -> None:
    table.unlink()
    assert not is_done(table, request_of(video, OPTIONS))


def test_a_broken_sidecar_means_not_done(video: Path, table: Path) -> None:
    sidecar = table.with_name("a.csv.json")
    whole = sidecar.read_bytes()
    asked = request_of(video, OPTIONS)
    others: list[bytes] = [b"", b"[]", b"null", b'{"asked": []}', b"[" * 100_000, b"\xff\xfe{}"]
    others += [whole + bytes(2**21), json.dumps({"asked": {**asked, "more": 1}}).encode()]
    dice = random.Random(1)
    for _ in range(100):
        cut = whole[: dice.randrange(whole.index(b'"asked"'))]
        others.append(cut + dice.randbytes(dice.randrange(20)))
    for content in others:
        sidecar.write_bytes(content)
        assert not is_done(table, asked)
    sidecar.unlink()
    assert not is_done(table, asked)
    sidecar.mkdir()
    assert not is_done(table, asked)
    assert not is_export(table)


def test_everybody_is_done_when_the_last_of_them_is(video: Path, tmp_path: Path) -> None:
    lifting = LiftOptions(everybody=True, heights_m=(1.82,))
    wanted = replace(OPTIONS, kind="numbers", lifting=lifting)
    asked, table = request_of(video, wanted), tmp_path / "a.b.numbers.csv"
    files = [person_file(table, "numbers", number) for number in (1, 2)]
    assert [file.name for file in files] == ["a.b.1.numbers.csv", "a.b.2.numbers.csv"]
    for number, file in enumerate(files, start=1):
        assert not is_done_of_everybody(table, "numbers", asked)
        data = motion(3)
        about = {"number": number, "of": 2}
        data = replace(data, provenance=replace(data.provenance, person=about))
        export(file, with_request(data, asked))
        assert is_begun_of_everybody(table, "numbers", asked)
    assert is_done_of_everybody(table, "numbers", asked)
    for name in ("a.b.03.numbers.csv", "a.b.x.numbers.csv", "a.1.numbers.csv", "a.b.1.csv"):
        (tmp_path / name).touch()
    assert list(files_there(table, "numbers")) == [1, 2]
    taller = replace(wanted, lifting=replace(lifting, heights_m=(1.83,)))
    assert not is_done_of_everybody(table, "numbers", request_of(video, taller))
    assert not is_begun_of_everybody(table, "numbers", request_of(video, taller))
    one_file = replace(wanted, one_file=True)
    assert not is_done_of_everybody(table, "numbers", request_of(video, one_file))
    assert "people" not in request_of(video, OPTIONS), "what was lifted before stays done"
    files[1].unlink()
    assert not is_done_of_everybody(table, "numbers", asked)
