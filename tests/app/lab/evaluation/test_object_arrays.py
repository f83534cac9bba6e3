"""Object arrays: everything plain comes back as it was, nothing else is even looked at."""

from __future__ import annotations

import collections
import io
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.lab.evaluation.material import EvaluationError
from app.lab.evaluation.object_arrays import as_array, read_object


def write(path: Path, **members: Any) -> Path:
    np.savez_compressed(path, **members)
    return path


def write_pickle(path: Path, content: bytes) -> Path:
    """An .npz whose member ``data`` is an object array with this pickle."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|O", "fortran_order": False, "shape": ()}
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.npy", header.getvalue() + content)
    return path


def test_what_videopose3d_writes_comes_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    tree = {
        "S9": {"Walking 1": rng.normal(size=(7, 32, 3)).astype(np.float32)},
        "S11": {"Photo": [rng.normal(size=(5, 17, 2)).astype(np.float32) for _ in range(4)]},
    }
    path = write(tmp_path / "a.npz", data=tree, plain=np.arange(3))
    found = read_object(path, "data")
    np.testing.assert_array_equal(found["S9"]["Walking 1"], tree["S9"]["Walking 1"])
    assert found["S9"]["Walking 1"].dtype == np.float32
    for mine, theirs in zip(found["S11"]["Photo"], tree["S11"]["Photo"], strict=True):
        np.testing.assert_array_equal(mine, theirs)
    np.testing.assert_array_equal(read_object(path, "plain"), [0, 1, 2])


def test_all_that_plain_data_is_made_of(tmp_path: Path) -> None:
    tree = {
        "number": np.float32(1.5),
        "truth": np.bool_(True),
        "by column": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "big endian": np.arange(4, dtype=">i2"),
        "empty": np.zeros((0, 17, 2)),
        "texts": ["a", ("b", None, 3, True, b"c")],
        "nested": np.array([[1, "x"], [None, np.arange(2)]], dtype=object),
    }
    found = read_object(write(tmp_path / "a.npz", data=tree), "data")
    assert found["number"] == 1.5
    assert found["truth"] is True
    np.testing.assert_array_equal(found["by column"], tree["by column"])
    np.testing.assert_array_equal(found["big endian"], [0, 1, 2, 3])
    assert found["empty"].shape == (0, 17, 2)
    assert found["texts"] == tree["texts"]
    assert found["nested"][0] == [1, "x"]
    np.testing.assert_array_equal(found["nested"][1][1], [0, 1])


def test_files_of_old_numpy_name_its_core_otherwise(tmp_path: Path) -> None:
    content = pickle.dumps(np.array({"a": np.arange(3.0)}, dtype=object), protocol=3)
    assert b"numpy._core.multiarray" in content, "or this test tests nothing"
    old = content.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    found = read_object(write_pickle(tmp_path / "a.npz", old), "data")
    np.testing.assert_array_equal(found["a"], [0, 1, 2])


class _Runs:
    """Runs a command when it is unpickled the ordinary way."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> Any:
        return os.system, (self.command,)


def test_nothing_in_a_file_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "it ran"
    path = write(tmp_path / "a.npz", data={"S9": _Runs(f"touch '{mark}'")})
    with pytest.raises(EvaluationError, match=r"names \w+\.system.*stranger's code"):
        read_object(path, "data")
    assert not mark.exists()
    with np.load(path, allow_pickle=True) as ordinary:
        ordinary["data"]
    assert mark.exists(), "or this test tests nothing"


@pytest.mark.parametrize(
    "thing",
    [
        np.load,
        np.memmap,
        collections.OrderedDict({"a": 1}),
        np.dtype([("x", "f4")]),
        np.zeros(2, dtype=[("x", "f4")]),
        np.array(["text"]),
        np.array(["2026-01-01"], dtype="M8[D]"),
        {1, 2},
        1 + 2j,
        bytearray(b"x"),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_whatever_else_is_refused(tmp_path: Path, thing: Any) -> None:
    with pytest.raises(EvaluationError, match=r"Only plain numbers"):
        read_object(write(tmp_path / "a.npz", data={"a": thing}), "data")


def test_names_cannot_be_altered(tmp_path: Path) -> None:
    """A pickle may set attributes of what it names; here that would alter the reader itself."""
    content = b"cnumpy\ndtype\n(N(dS'code'\nS'O'\nstb."
    with pytest.raises(EvaluationError, match="alters what it names"):
        read_object(write_pickle(tmp_path / "a.npz", content), "data")


def test_every_cut_and_many_broken_bytes_end_in_a_sentence(tmp_path: Path) -> None:
    tree = np.array({"S9": {"Walk": [np.arange(6.0).reshape(1, 3, 2)]}}, dtype=object)
    content = pickle.dumps(tree, protocol=4)
    path = tmp_path / "a.npz"
    for length in range(len(content)):
        with pytest.raises(EvaluationError):
            read_object(write_pickle(path, content[:length]), "data")
    rng = np.random.default_rng(0)
    for _ in range(300):
        broken = bytearray(content)
        broken[rng.integers(len(broken))] = rng.integers(256)
        try:
            read_object(write_pickle(path, bytes(broken)), "data")
        except EvaluationError:
            continue


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x03\x04 cut"])
def test_what_is_no_npz(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(EvaluationError, match=r"a\.npz"):
        read_object(tmp_path / "a.npz", "data")


def test_absent_files_and_names(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"Cannot read .*none\.npz"):
        read_object(tmp_path / "none.npz", "data")
    with pytest.raises(EvaluationError, match="holds no 'data'"):
        read_object(write(tmp_path / "a.npz", other=1), "data")


def test_shapes_are_checked() -> None:
    assert as_array([[1, 2]], (None, 2), "it").dtype == np.float32
    with pytest.raises(EvaluationError, match=r"it has the shape \(1, 2\) instead of \(N, 3\)"):
        as_array([[1, 2]], (None, 3), "it")
    with pytest.raises(EvaluationError, match="it is no array of numbers"):
        as_array([["a"]], (None, 1), "it")
