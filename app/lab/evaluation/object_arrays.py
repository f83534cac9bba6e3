"""Python objects inside .npz files, read without executing untrusted code.

VideoPose3D keeps dictionaries of arrays as NumPy object arrays.  Those are pickles, and NumPy's own
``allow_pickle=True`` executes whatever a pickle names.  Here only the names that plain arrays need
are allowed, and even these are stand-ins that merely record the content; the arrays are built from
it afterwards, with every size checked.
"""

from __future__ import annotations

import io
import math
import pickle
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.lab.evaluation.material import EvaluationError

Tree = Any
"""Dictionaries, lists and tuples of arrays, numbers and text."""

_NUMBER: Final = re.compile(r"[biuf][1248]|O8?")


def read_object(path: Path, name: str) -> Tree:
    """Read the object stored as ``name`` in an .npz file.

    Raises:
        EvaluationError: the file is absent, damaged or lacks the name, or holds anything other
            than numbers, text and arrays of them.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if f"{name}.npy" not in archive.namelist():
                raise EvaluationError(f"{path} holds no {name!r}. Give the file of VideoPose3D.")
            return _read_npy(archive.read(f"{name}.npy"))
    except pickle.UnpicklingError as error:
        raise EvaluationError(
            f"{path} was not read: {error}. Only plain numbers, text and arrays are accepted; "
            "anything else could run a stranger's code."
        ) from error
    except OSError as error:
        raise EvaluationError(f"Cannot read {path}: {error.strerror or error}.") from error
    # A damaged pickle may raise any exception.
    except (ValueError, TypeError, AttributeError, LookupError, EOFError, OverflowError,
            MemoryError, RecursionError, zipfile.BadZipFile) as error:  # fmt: skip
        raise EvaluationError(f"{path} is damaged: {error}.") from error


def _read_npy(content: bytes) -> Tree:
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    header = np.lib.format.read_array_header_2_0
    if version == (1, 0):
        header = np.lib.format.read_array_header_1_0
    _, _, kind = header(file)
    if not kind.hasobject:
        file.seek(0)
        return np.lib.format.read_array(file, allow_pickle=False)
    return _built(_Unpickler(file).load())


class _Kind:
    """Stands in for ``numpy.dtype``."""

    def __init__(self, code: str, *_: object) -> None:
        if not isinstance(code, str) or not _NUMBER.fullmatch(code):
            raise pickle.UnpicklingError(f"it holds an array of the unusual type {code!r}")
        self.code, self.order = code, "="

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = {"<": "<", ">": ">", "|": "="}[state[1]]
        if any(part is not None for part in state[2:5]):
            raise pickle.UnpicklingError("it holds an array with fields")

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.order + self.code)


class _Array:
    """Stands in for ``numpy.ndarray``; built when everything is read."""

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, self.shape, self.kind, self.by_column, self.data = state

    def built(self) -> Tree:
        if not isinstance(self.kind, _Kind):
            raise pickle.UnpicklingError("it holds an array without a type")
        if self.kind.code.startswith("O"):
            return self._objects()
        flat = np.frombuffer(self.data, self.kind.dtype)
        return flat.reshape(self.shape, order="F" if self.by_column else "C")

    def _objects(self) -> Tree:
        if math.prod(self.shape) != len(self.data):
            raise ValueError("an array has the wrong size")
        if self.shape == ():
            return _built(self.data[0])
        holder = np.empty(len(self.data), object)
        for index, item in enumerate(self.data):
            holder[index] = _built(item)
        order = "F" if self.by_column else "C"
        return holder.reshape(self.shape, order=order).tolist()  # type: ignore[call-overload]


class _Scalar:
    """Stands in for a single NumPy number."""

    def __init__(self, kind: _Kind, data: bytes) -> None:
        self.kind, self.data = kind, data

    def built(self) -> Tree:
        (value,) = np.frombuffer(self.data, self.kind.dtype)
        return value.item()


class _Name:
    """Stands in for a name in a pickle: it can only be called."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[..., object]) -> None:
        self._make = make

    def __call__(self, *arguments: object) -> object:
        return self._make(*arguments)

    def __setstate__(self, _: object) -> None:
        raise pickle.UnpicklingError("it alters what it names")


def _new_array(*_: object) -> _Array:
    return _Array()


_CORES: Final = ("numpy.core.multiarray", "numpy._core.multiarray")
"""Before and since NumPy 2."""
_MAKERS: Final[dict[tuple[str, str], Callable[..., object]]] = {
    ("numpy", "ndarray"): _new_array,
    ("numpy", "dtype"): _Kind,
    **{(core, "_reconstruct"): _new_array for core in _CORES},
    **{(core, "scalar"): _Scalar for core in _CORES},
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _MAKERS:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return _Name(_MAKERS[module, name])


def _built(tree: Tree) -> Tree:
    if isinstance(tree, (_Array, _Scalar)):
        return tree.built()
    if isinstance(tree, dict):
        return {_built(key): _built(value) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        return type(tree)(_built(item) for item in tree)
    if tree is None or isinstance(tree, (bool, int, float, str, bytes)):
        return tree
    raise pickle.UnpicklingError(f"it holds a {type(tree).__name__}")


def as_array(value: Tree, shape: tuple[int | None, ...], what: str) -> NDArray[np.float32]:
    """Return a float32 array of the given shape; None is any length.

    Raises:
        EvaluationError: it is not an array of numbers, or has another shape.
    """
    try:
        array = np.asarray(value, np.float32)
    except (TypeError, ValueError) as error:
        raise EvaluationError(f"{what} is no array of numbers.") from error
    fits = array.ndim == len(shape) and all(
        wanted in (None, have) for wanted, have in zip(shape, array.shape, strict=False)
    )
    if not fits:
        wanted = ", ".join("N" if length is None else str(length) for length in shape)
        raise EvaluationError(f"{what} has the shape {array.shape} instead of ({wanted}).")
    return array
