"""The CSV table, read back by Python's own csv module and compared with a golden file."""

from __future__ import annotations

import csv
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from app.export.registry import export
from app.motion.data import MotionData
from models.skeleton import JOINT, JOINT_COUNT
from tests.support.motion import motion, raised_left_arm
from tests.support.recordings import MadeUpPoses

GOLDEN = Path(__file__).parent / "golden.csv"
# Spelled out again on purpose: the names and their order are promised to whoever reads the table.
JOINTS = [
    *("pelvis", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle"),
    *("spine", "thorax", "nose", "head", "left_shoulder", "left_elbow", "left_wrist"),
    *("right_shoulder", "right_elbow", "right_wrist"),
]
HEADER = ["frame", "time_s", "tracked"]
HEADER += [f"{joint}_{part}" for joint in JOINTS for part in ("x", "y", "z", "conf")]
HEADER += ["event"]


def written(folder: Path, data: MotionData) -> bytes:
    path = folder / "out.csv"
    export(path, data, overwrite=True)
    return path.read_bytes()


def parsed(content: bytes) -> tuple[list[str], list[list[str]]]:
    header, *rows = csv.reader(content.decode("utf-8").split("\n")[:-1], strict=True)
    return header, rows


def cells(row: list[str], joint: int) -> list[str]:
    return row[3 + 4 * joint : 7 + 4 * joint]


def golden_motion() -> MotionData:
    """Three frames with every kind of cell."""
    lifted = raised_left_arm()
    xyz = np.repeat(lifted.xyz, 3, axis=0)
    xyz[1] *= 1.5
    xyz[2, :, 0] = -4e-7
    filled = np.zeros((3, JOINT_COUNT), bool)
    missing = np.zeros((3, JOINT_COUNT), bool)
    filled[1, JOINT["left_wrist"]] = True
    missing[1, 1:7] = True
    missing[2, 1:] = True
    poses = MadeUpPoses(xyz, filled, missing, np.array([False, True, False]))
    data = motion(3, lifted=poses)
    conf = np.tile(np.linspace(0.5, 0.9, JOINT_COUNT).astype(np.float32), (3, 1))
    return replace(data, conf=conf, tracked=np.array([True, True, False]))


def test_the_table_is_the_golden_one_to_the_byte(tmp_path: Path) -> None:
    assert written(tmp_path, golden_motion()) == GOLDEN.read_bytes()


def test_the_header_is_the_one_promised(tmp_path: Path) -> None:
    content = written(tmp_path, motion(2))
    assert parsed(content)[0] == HEADER
    assert len(HEADER) == 3 + 17 * 4 + 1


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_cell_says_what_was_lifted(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    count = data.draw(st.integers(0, 6))
    shape = (count, JOINT_COUNT)
    state = data.draw(arrays.arrays(np.uint8, shape, elements=st.integers(0, 2)))
    numbers = st.floats(-100, 100, width=32)
    lifted = MadeUpPoses(
        xyz=data.draw(arrays.arrays(np.float32, (*shape, 3), elements=numbers)),
        filled=state == 1,
        missing=state == 2,
        swapped=np.zeros(count, bool),
    )
    original = motion(count, lifted=lifted)
    content = written(tmp_path_factory.mktemp("csv"), original)
    header, rows = parsed(content)
    assert header == HEADER
    assert len(rows) == count
    assert b"-0.000000" not in content
    for number, row in enumerate(rows):
        assert row[0] == str(number)
        assert row[1] == f"{number / 25:.6f}"
        assert row[2] == ("0" if number % 4 == 3 else "1")
        for joint in range(JOINT_COUNT):
            expected = expected_cells(original, number, joint)
            assert cells(row, joint) == expected


def expected_cells(data: MotionData, row: int, joint: int) -> list[str]:
    """By decimal arithmetic, one cell at a time."""
    if data.missing[row, joint]:
        return ["", "", "", ""]
    x, y, z = (float(value) for value in data.xyz[row, joint])
    conf = "" if data.filled[row, joint] else six_places(float(data.conf[row, joint]))
    return [six_places(x), six_places(-y), six_places(-z), conf]


def six_places(value: float) -> str:
    exact = Decimal(value).quantize(Decimal("0.000001"))
    return str(abs(exact) if exact.is_zero() else exact)


def test_many_rows_are_written_as_few_are(tmp_path: Path) -> None:
    data = motion(2500)
    _, rows = parsed(written(tmp_path, data))
    assert [int(row[0]) for row in rows] == list(range(2500))
    for number in (0, 999, 1000, 1001, 1999, 2000, 2499):
        for joint in range(JOINT_COUNT):
            assert cells(rows[number], joint) == expected_cells(data, number, joint)


def test_a_raised_left_arm_is_up_and_at_the_images_right(tmp_path: Path) -> None:
    header, (row,) = parsed(written(tmp_path, motion(1, lifted=raised_left_arm())))
    value = {name: float(cell) for name, cell in zip(header, row, strict=True) if cell}
    assert value["left_wrist_y"] > value["head_y"] > value["right_wrist_y"]
    assert value["left_wrist_x"] > value["right_wrist_x"], "facing the camera, left is at +x"
    assert value["nose_z"] > value["head_z"], "the nose is nearer to the camera"


def test_confidences_follow_the_repair_of_left_and_right(tmp_path: Path) -> None:
    lifted = raised_left_arm()
    lifted.swapped[:] = True
    conf = np.full((1, JOINT_COUNT), 0.5, np.float32)
    conf[0, JOINT["right_wrist"]] = 0.75  # what the detector took for the right wrist
    data = MotionData.from_lifted(
        time_s=np.zeros(1), tracked=np.ones(1, bool), conf=conf, lifted=lifted,
        xy=np.zeros((1, JOINT_COUNT, 2), np.float32), size=(640, 480),
        provenance=motion(1).provenance,
    )  # fmt: skip
    _, (row,) = parsed(written(tmp_path, data))
    assert cells(row, JOINT["left_wrist"])[3] == "0.750000"
    assert cells(row, JOINT["right_wrist"])[3] == "0.500000"


@pytest.mark.slow
def test_an_hour_costs_seconds_of_work(tmp_path: Path) -> None:
    data = motion(108_000)
    began = time.process_time()
    export(tmp_path / "hour.csv", data)
    assert time.process_time() - began < 15, "3.7 s were measured, 1.4 s if all joints are seen"
