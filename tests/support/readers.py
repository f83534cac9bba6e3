"""Readers of exported files: software that is not ours, or written against a format's papers."""

from __future__ import annotations

import csv
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Place = tuple[float, float, float]


class Cell(NamedTuple):
    """One joint of one frame; None is what the file leaves out."""

    frame: int
    time_s: float
    tracked: bool
    joint: str
    x: float | None
    y: float | None
    z: float | None
    conf: float | None
    state: str
    event: str | None = None


def long_table(path: Path) -> list[Cell]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, strict=True))
    for row in rows:
        assert list(row) == list(Cell._fields)
    return [
        Cell(
            int(row["frame"]), float(row["time_s"]), {"0": False, "1": True}[row["tracked"]],
            row["joint"],
            *(float(row[name]) if row[name] else None for name in ("x", "y", "z", "conf")),
            row["state"], row["event"] or None,
        )
        for row in rows
    ]  # fmt: skip


def strict_json(text: str) -> Any:
    """JSON as the standard has it: Python's own takes NaN for a number."""

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    return json.loads(text, parse_constant=refuse)


def json_table(path: Path) -> list[Cell]:
    content = strict_json(path.read_text("utf-8"))
    names = [joint["name"] for joint in content["joints"]]
    return [
        Cell(
            frame["frame"], frame["time_s"], frame["tracked"], name, *xyz, conf, state,
            frame["event"],
        )
        for frame in content["frames"]
        for name, xyz, conf, state in zip(
            names, frame["xyz"], frame["conf"], frame["state"], strict=True
        )
    ]  # fmt: skip


def npz_table(path: Path) -> list[Cell]:
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}

    def number(value: np.floating[Any]) -> float | None:
        return None if np.isnan(value) else float(value)

    return [
        Cell(
            int(arrays["frame"][row]), float(arrays["time_s"][row]), bool(arrays["tracked"][row]),
            str(name),
            *map(number, arrays["xyz"][row, joint]), number(arrays["conf"][row, joint]),
            str(arrays["states"][arrays["state"][row, joint]]),
            str(arrays["event"][row]) or None,
        )
        for row in range(len(arrays["frame"]))
        for joint, name in enumerate(arrays["joints"])
    ]  # fmt: skip


def parquet_table(path: Path) -> list[Cell]:
    import pyarrow.parquet as pq

    return [Cell(**row) for row in pq.read_table(path).to_pylist()]


TABLES: dict[str, Callable[[Path], list[Cell]]] = {
    "csv-long": long_table,
    "json": json_table,
    "npz": npz_table,
    "parquet": parquet_table,
}
"""Kind -> reader of everything in the file, a cell for each joint of each frame."""


@dataclass
class Trc:
    """A TRC file, as OpenSim's documentation and its reader have it."""

    header: dict[str, str]
    markers: list[str]
    time_s: NDArray[np.float64]
    xyz: NDArray[np.float64]
    """(N, M, 3), NaN where the cells are empty."""


def trc(path: Path) -> Trc:
    """As strict as OpenSim 4: all eight keys in their order, and as many cells as columns."""
    first, keys, values, labels, numbered, blank, *rows = path.read_text("utf-8").split("\n")
    assert first.split("\t") == ["PathFileType", "4", "(X/Y/Z)", path.name]
    assert keys.split("\t") == [
        "DataRate", "CameraRate", "NumFrames", "NumMarkers", "Units", "OrigDataRate",
        "OrigDataStartFrame", "OrigNumFrames",
    ]  # fmt: skip
    header = dict(zip(keys.split("\t"), values.split("\t"), strict=True))
    frame, time, *markers = [label for label in labels.split("\t") if label]
    assert (frame, time) == ("Frame#", "Time")
    assert labels.split("\t")[2::3][: len(markers)] == markers, "a name stands over its X column"
    axes = [f"{axis}{marker}" for marker in range(1, len(markers) + 1) for axis in "XYZ"]
    assert numbered.split("\t") == ["", "", *axes, ""]
    assert blank == ""
    assert rows.pop() == "", "the last line ends"
    cells = [row.removesuffix("\t").split("\t") for row in rows]
    table = np.array([[float(cell or "nan") for cell in row] for row in cells])
    assert table.shape == (int(header["NumFrames"]), 2 + 3 * int(header["NumMarkers"]))
    assert table[:, 0].tolist() == list(range(1, len(table) + 1))
    return Trc(header, markers, table[:, 1], table[:, 2:].reshape(len(table), -1, 3))


@dataclass
class C3d:
    """A C3D file, as the C3D User Guide has it."""

    points: int
    first: int
    last: int
    rate: float
    parameters: dict[str, Any]
    """``GROUP:NAME`` -> value."""
    data: NDArray[np.float32]
    """(N, points, 4)."""


def c3d(path: Path) -> C3d:
    """Intel byte order and floating-point points only."""
    content = path.read_bytes()
    words = np.frombuffer(content[:512], "<u2")  # the guide counts them from 1
    block, key = content[0], content[1]
    assert key == 0x50
    assert words[2] == 0, "no analogue data"
    scale, rate = (struct.unpack_from("<f", content, 2 * word)[0] for word in (6, 10))
    assert scale < 0, "floating point"
    assert not words[12:].any(), "no events"
    parameters = _c3d_parameters(content[(block - 1) * 512 :])
    assert words[8] == parameters["POINT:DATA_START"] == block + content[(block - 1) * 512 + 2]
    data = np.frombuffer(content[(int(words[8]) - 1) * 512 :], "<f4")
    points = data.reshape(-1, int(words[1]), 4)
    return C3d(int(words[1]), int(words[3]), int(words[4]), rate, parameters, points)


def _c3d_parameters(section: bytes) -> dict[str, Any]:
    assert section[1] == 0x50
    assert section[3] == 84, "Intel"
    groups: dict[int, str] = {}
    values: dict[str, Any] = {}
    at = 4
    while section[at]:
        length, number = struct.unpack_from("<bb", section, at)
        name = section[at + 2 : at + 2 + abs(length)].decode("ascii")
        body = at + 2 + abs(length)
        (onward,) = struct.unpack_from("<H", section, body)
        if number < 0:
            groups[-number] = name
        else:
            values[f"{groups[number]}:{name}"] = _c3d_value(section[body + 2 :])
        if not onward:
            break
        at = body + onward
    return values


def _c3d_value(entry: bytes) -> Any:
    kind, count = struct.unpack_from("<bB", entry)
    shape = tuple(entry[2 : 2 + count])
    size = int(np.prod(shape, dtype=int))
    content = entry[2 + count : 2 + count + abs(kind) * size]
    if kind == -1:
        step = shape[0]
        words = [content[i : i + step].decode("ascii").rstrip() for i in range(0, size, step)]
        return words if count > 1 else words[0]
    numbers = np.frombuffer(content, {2: "<u2", 4: "<f4"}[kind]).tolist()
    return numbers if shape else numbers[0]
