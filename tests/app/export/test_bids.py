"""BIDS-Motion: names, tables and what describes them, as the specification asks."""

from __future__ import annotations

import csv
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.cli.outputs import choose
from app.errors import ExportError
from app.export.bids import add_participant
from app.export.bids_names import is_name, place
from app.export.file_options import FileOptions
from app.export.people_names import files_there, person_file
from app.export.registry import FORMATS, export
from app.motion.data import Event, MotionData
from models.skeleton import JOINT_NAMES
from tests.support.motion import motion

NAME = "sub-01_task-walk_tracksys-mixpose"


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.fixture
def data() -> MotionData:
    return replace(motion(30), events=(Event(0.4, "heel\tstrike"), Event(0.8, "")))


@pytest.mark.parametrize(
    ("stem", "wanted"),
    [
        ("walk", f"sub-01/motion/{NAME}_motion.tsv"),
        ("My walk-2 (ü)", "sub-01/motion/sub-01_task-Mywalk2_tracksys-mixpose_motion.tsv"),
        ("体操", "sub-01/motion/sub-01_task-motion_tracksys-mixpose_motion.tsv"),
        ("sub-05_jump", "sub-05/motion/sub-05_task-jump_tracksys-mixpose_motion.tsv"),
        ("sub-05 sign (2)", "sub-05/motion/sub-05_task-sign2_tracksys-mixpose_motion.tsv"),
        ("run-up sub-05", "sub-05/motion/sub-05_task-runup_tracksys-mixpose_motion.tsv"),
        ("sub-05", "sub-05/motion/sub-05_task-motion_tracksys-mixpose_motion.tsv"),
        (
            "sub-P07_ses-2_task-tug_run-03",
            "sub-P07/ses-2/motion/sub-P07_ses-2_task-tug_tracksys-mixpose_run-03_motion.tsv",
        ),
    ],
)
def test_files_are_named_as_in_a_dataset(stem: str, wanted: str) -> None:
    assert place(stem) == wanted
    assert is_name(Path(wanted).name)


def test_a_folder_becomes_a_dataset(data: MotionData, tmp_path: Path) -> None:
    path, kind = choose(f"{tmp_path}/", "bids", "walk")
    assert path == tmp_path / "sub-01" / "motion" / f"{NAME}_motion.tsv"
    path.parent.mkdir(parents=True)
    files = export(path, data, kind)
    names = ("motion.tsv", "motion.json", "channels.tsv", "channels.json")
    beside = {f"{NAME}_{end}" for end in names} | {"sub-01_task-walk_events.tsv"}
    assert {file.name for file in files} == {file.name for file in path.parent.iterdir()} == beside
    said = json.loads((tmp_path / "dataset_description.json").read_text("utf-8"))
    assert said["BIDSVersion"] == "1.10.0"
    assert said["Name"]
    (tmp_path / "dataset_description.json").write_text("mine")
    export(path, data, kind, overwrite=True)
    assert (tmp_path / "dataset_description.json").read_text() == "mine"


def test_the_dataset_lists_who_is_in_it(data: MotionData, tmp_path: Path) -> None:
    def add(stem: str) -> str:
        path, kind = choose(f"{tmp_path}/", "bids", stem)
        path.parent.mkdir(parents=True, exist_ok=True)
        export(path, data, kind, overwrite=True)
        return (tmp_path / "participants.tsv").read_text("utf-8")

    assert add("sub-01_task-walk") == "participant_id\nsub-01\n"
    said = json.loads((tmp_path / "participants.json").read_text("utf-8"))
    assert said["participant_id"]["Description"]
    assert add("sub-01_task-run") == "participant_id\nsub-01\n", "once"
    assert add("sub-1_ses-2_task-walk") == "participant_id\nsub-01\nsub-1\n"

    mine = "age\tparticipant_id\tsex\r\n31\tsub-01\tF"
    (tmp_path / "participants.tsv").write_bytes(mine.encode())
    (tmp_path / "participants.json").write_text("mine")
    add("sub-02_task-walk")
    there = (tmp_path / "participants.tsv").read_bytes().decode()
    assert there == f"{mine}\r\nn/a\tsub-02\tn/a\r\n"
    assert (tmp_path / "participants.json").read_text() == "mine"
    for other in ("no list\n", "\n", b"\xff\xfe"):
        content = other if isinstance(other, bytes) else other.encode()
        (tmp_path / "participants.tsv").write_bytes(content)
        export(choose(f"{tmp_path}/", "bids", "sub-02")[0], data, "bids", overwrite=True)
        assert (tmp_path / "participants.tsv").read_bytes() == content


def test_two_that_export_at_once_are_both_listed(tmp_path: Path) -> None:
    subjects = [f"sub-{number:02}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda subject: add_participant(tmp_path, subject), subjects * 2))
    names, *rows = (tmp_path / "participants.tsv").read_text().splitlines()
    assert names == "participant_id"
    assert sorted(rows) == subjects


def test_columns_are_the_channels(data: MotionData, tmp_path: Path) -> None:
    export(tmp_path / f"{NAME}_motion.tsv", data, "bids", options=FileOptions(fps=25))
    rows = (tmp_path / f"{NAME}_motion.tsv").read_text("ascii").splitlines()
    channels = table(tmp_path / f"{NAME}_channels.tsv")
    said = json.loads((tmp_path / f"{NAME}_motion.json").read_text("utf-8"))
    assert [each["name"] for each in channels[:3]] == ["pelvis_x", "pelvis_y", "pelvis_z"]
    assert [each["tracked_point"] for each in channels[::3]] == list(JOINT_NAMES)
    assert {(each["type"], each["units"]) for each in channels} == {("POS", "m")}
    assert {len(row.split("\t")) for row in rows} == {len(channels)}
    assert said["SamplingFrequency"] == 25
    assert said["TaskName"] == "walk"
    assert said["MotionChannelCount"] == said["POSChannelCount"] == len(channels)
    assert said["RecordingDuration"] == pytest.approx(len(rows) / 25)
    assert said["scale"], "what every sidecar says is there too"


def test_what_is_missing_is_not_available(data: MotionData, tmp_path: Path) -> None:
    export(tmp_path / f"{NAME}_motion.tsv", data, "bids")
    cells = np.array(
        [
            line.split("\t")
            for line in (tmp_path / f"{NAME}_motion.tsv").read_text("ascii").splitlines()
        ]
    )
    missing = np.isnan(data.output()[0]).reshape(len(cells), -1)
    assert missing.any()
    np.testing.assert_array_equal(cells == "n/a", missing)
    there = np.where(missing, "0", cells).astype(float)
    np.testing.assert_allclose(
        there, np.nan_to_num(data.output()[0]).reshape(there.shape), atol=1e-6
    )


def test_heels_and_toes_are_channels_where_they_are_known(data: MotionData, tmp_path: Path) -> None:
    feet = np.full((30, 4, 3), 0.25, np.float32)
    feet[3:, 1] = np.nan
    data = replace(data, feet=feet, feet_conf=np.ones((30, 4), np.float32))
    export(tmp_path / f"{NAME}_motion.tsv", data, "bids")
    channels = [each["name"] for each in table(tmp_path / f"{NAME}_channels.tsv")]
    last = (tmp_path / f"{NAME}_motion.tsv").read_text("ascii").splitlines()[-1].split("\t")
    row = dict(zip(channels, last, strict=True))
    assert row["left_heel_x"] == "0.250000"
    assert row["right_heel_x"] == "n/a"
    assert len(channels) == 63


def test_events_have_onsets(data: MotionData, tmp_path: Path) -> None:
    export(tmp_path / f"{NAME}_motion.tsv", data, "bids")
    assert table(tmp_path / "sub-01_task-walk_events.tsv") == [
        {"onset": "0.400000", "duration": "n/a", "trial_type": "heel strike"},
        {"onset": "0.800000", "duration": "n/a", "trial_type": "n/a"},
    ]


def test_a_name_that_is_none_of_bids_is_refused(data: MotionData, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"walk_motion.tsv is no name of BIDS.*give a folder"):
        export(tmp_path / "walk_motion.tsv", data, "bids")
    assert not list(tmp_path.iterdir())


def test_nothing_is_left_when_a_companion_exists(data: MotionData, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}_channels.tsv").write_text("mine")
    with pytest.raises(ExportError, match="exists already"):
        export(tmp_path / f"{NAME}_motion.tsv", data, "bids")
    assert [path.name for path in tmp_path.iterdir()] == [f"{NAME}_channels.tsv"]
    assert FORMATS["bids"].rate


@pytest.mark.parametrize(
    ("file", "wanted"),
    [
        (f"d/sub-01/motion/{NAME}_motion.tsv", f"d/sub-01p2/motion/sub-01p2{NAME[6:]}_motion.tsv"),
        (
            "sub-7/ses-b/motion/sub-7_ses-b_task-x_tracksys-mixpose_motion.tsv",
            "sub-7p2/ses-b/motion/sub-7p2_ses-b_task-x_tracksys-mixpose_motion.tsv",
        ),
        (f"out/{NAME}_motion.tsv", f"out/sub-01p2{NAME[6:]}_motion.tsv"),
    ],
)
def test_each_of_several_people_is_a_subject(file: str, wanted: str, tmp_path: Path) -> None:
    table = tmp_path / file
    theirs = person_file(table, "bids", 2)
    assert theirs == tmp_path / wanted
    assert is_name(theirs.name)
    assert files_there(table, "bids") == {}
    theirs.parent.mkdir(parents=True)
    export(theirs, motion(30), "bids")
    (table.parent).mkdir(parents=True, exist_ok=True)
    (table.parent / "sub-01_task-other_tracksys-mixpose_motion.tsv").write_text("of another take")
    there = files_there(table, "bids")
    assert set(there) == {2}
    assert theirs in there[2]
    assert len(there[2]) == 4, "table, sidecar, channels and what describes them"
