"""OpenSim: a full-body model scaled to the person, and its motion by OpenSim's inverse kinematics,
with the joints as markers.

Three files: the MOT of the model's coordinates, as :mod:`app.export.mot` writes it, ``NAME.osim``,
the model (:mod:`app.export.opensim_model`), and the sidecar, which has the markers' error.  The
joints do not determine everything, such as the tilt of the pelvis relative to the trunk, or the
axial rotation of a straight limb.  Every coordinate is therefore weakly regularised to its value
by :mod:`app.export.opensim`, which also determines it where its markers are missing.

OpenSim runs in a separate process: a crash of its native solver must not end the window.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.errors import ExportError
from app.export.file_options import Destination
from app.export.joints import ALL_NAMES
from app.export.mot import write_table
from app.export.opensim import ankle_angles, coordinates
from app.export.opensim_model import MASS_KG, build
from app.export.rig import Array, Rig
from app.export.skeleton_pose import pose_at_constant_rate
from app.export.skeleton_sidecar import ranges
from app.motion.data import MotionData
from app.system.processes import ProcessLostError, in_new_process

ENDING: Final = ".ik.mot"
_DRAWN: Final = 1e-3
"""Weight of a squared radian relative to the mean of the markers' squared metres.  Ten times as
much doubles the markers' error on the performer, a tenth does not reduce it."""
_ACCURACY: Final = 1e-5
_PLACES: Final = ("pelvis_tx", "pelvis_ty", "pelvis_tz")
_LOOK: Final = 20
"""Frames between two reports of progress."""


def write(data: MotionData, to: Destination) -> dict[str, object]:
    """See :class:`app.export.registry.Exporter`.  Raises ExportError if there are no frames."""
    even, motion = pose_at_constant_rate(data, to.options.fps)
    # Without placement in the room the person stays over one point of the floor, as in the MOT.
    xyz = even.xyz if data.root is not None else even.xyz + motion.root[:, None]
    drawn = _radians(coordinates(motion) | ankle_angles(motion))
    found: _Solved = _by_opensim(_solved, motion.rig, drawn, xyz, progress=to.progress)
    write_table(to.file, even.rate, found.coordinates, lambda share: None)
    to.progress(1.0)
    return _described(data, found, motion.rig, to.name) | {"resampling": even.about}


def companions(path: Path, data: MotionData) -> dict[Path, bytes]:
    """Return the model next to ``path``.  Raises ExportError if OpenSim fails."""
    rig = Rig.fitted(data.relative(), data.seen, data.missing)
    model: bytes = _by_opensim(_model, rig, progress=lambda share: None)
    return {path.with_name(_model_file(path.name)): model}


def _by_opensim(
    function: Callable[..., Any], *arguments: object, progress: Callable[[float], None]
) -> Any:
    try:
        return in_new_process(function, *arguments, progress=progress)
    except ProcessLostError as error:
        raise ExportError(f"OpenSim failed: its process was lost ({error}).") from error


def _model(rig: Rig, _report: Callable[[float], None]) -> bytes:
    """Runs where OpenSim does."""
    model = build(_opensim(), rig)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "model.osim")
        model.printToXML(str(file))
        return file.read_bytes()


def _model_file(name: str) -> str:
    return f"{name.removesuffix(ENDING)}.osim"


def _opensim() -> Any:
    """Return the package, set up to write neither to the terminal nor a log to the current
    folder."""
    import opensim  # only where the extra is installed

    opensim.Logger.setLevelString("Off")
    opensim.Logger.removeFileSink()
    return opensim


@dataclass(frozen=True, slots=True, eq=False)
class _Solved:
    coordinates: dict[str, Array]
    """Name -> (N,) degrees, or metres for the pelvis' position."""
    markers: tuple[str, ...]
    error_cm: Array
    """(N, M) distance of each marker of the model from its joint; NaN where there is none."""
    untold: NDArray[np.bool_]
    """(N,) frames without a marker, or without a solution."""
    version: str
    """Version of OpenSim."""


def _solved(
    rig: Rig, drawn: dict[str, Array], xyz: Array, progress: Callable[[float], None]
) -> _Solved:
    """The model's coordinates for (N, J, 3) joints, metres on the ground's axes; the prior
    ``drawn`` in radians and metres.  Runs where OpenSim does."""
    model = build(_opensim(), rig)
    markers = tuple(each.getName() for each in model.getMarkerSet())
    joints = [ALL_NAMES.index(name) for name in markers]
    places = np.full((len(xyz), len(markers), 3), np.nan)
    there = np.array(joints) < xyz.shape[1]
    places[:, there] = xyz[:, np.array(joints)[there]]
    names = [each.getName() for each in model.getCoordinateSet()]
    start = np.column_stack([drawn.get(name, np.zeros(len(xyz))) for name in names])
    solver = _Solver(model, markers, places, names)
    values, error = start.copy(), np.full(places.shape[:2], np.nan)
    untold = np.isnan(places).all(axis=(1, 2))
    for frame in _reported(len(xyz), progress):
        if not untold[frame]:
            solution = solver.solve(frame, start[frame])
            untold[frame] = solution is None
            values[frame] = start[frame] if solution is None else solution
            error[frame] = 100 * solver.errors()
    error[np.isnan(places[..., 0])] = np.nan
    turns = [name not in _PLACES for name in names]
    values[:, turns] = np.degrees(values[:, turns])
    found = dict(zip(names, values.T, strict=True))
    return _Solved(found, markers, error, untold, _opensim().GetVersion())


def _radians(columns: dict[str, Array]) -> dict[str, Array]:
    return {
        name: values if name in _PLACES else np.radians(values) for name, values in columns.items()
    }


def _reported(count: int, progress: Callable[[float], None]) -> Iterator[int]:
    for number in range(count):
        if number % _LOOK == 0:
            progress(number / count)
        yield number


class _Solver:
    """OpenSim's ``InverseKinematicsSolver`` over (N, M, 3) positions of markers, frame by frame."""

    def __init__(
        self, model: Any, markers: tuple[str, ...], places: Array, names: list[str]
    ) -> None:
        self._opensim, self._markers, self._names = _opensim(), markers, names
        self._model, self._state = model, model.initSystem()
        self._coordinates = [model.getCoordinateSet().get(name) for name in names]
        given = self._opensim.MarkersReference(
            self._table(places), self._opensim.SetMarkerWeights()
        )
        drawn = self._opensim.SimTKArrayCoordinateReference()
        for name in self._drawn():
            each = self._opensim.CoordinateReference(name, self._opensim.Constant(0.0))
            each.setWeight(_DRAWN)
            drawn.push_back(each)
        self._solver = self._opensim.InverseKinematicsSolver(model, given, drawn, float("inf"))
        self._solver.setAccuracy(_ACCURACY)

    def solve(self, frame: int, start: Array) -> Array | None:
        """Return (C,) radians and metres of one frame, from the initial and the prior values; None
        if there is no solution."""
        self._state.setTime(float(frame))
        for coordinate, value in zip(self._coordinates, start.tolist(), strict=True):
            held = min(max(value, coordinate.getRangeMin()), coordinate.getRangeMax())
            coordinate.setValue(
                self._state, held if coordinate.getDefaultClamped() else value, False
            )
        by_name = dict(zip(self._names, start.tolist(), strict=True))
        for name in self._drawn():
            self._solver.updateCoordinateReference(name, by_name[name], _DRAWN)
        try:
            self._solver.assemble(self._state)
        except RuntimeError:  # as SWIG converts exceptions of OpenSim
            return None
        return np.array([each.getValue(self._state) for each in self._coordinates])

    def errors(self) -> Array:
        """Return (M,) distances in metres of the model's markers from those of the last frame."""
        return np.array([self._solver.computeCurrentMarkerError(name) for name in self._markers])

    def _drawn(self) -> Iterator[str]:
        return (name for name in self._names if name not in _PLACES)

    def _table(self, places: Array) -> Any:
        """Return a table whose times are frame numbers: nothing here depends on time."""
        table, labels = self._opensim.TimeSeriesTableVec3(), self._opensim.StdVectorString()
        for name in self._markers:
            labels.append(name)
        table.setColumnLabels(labels)
        table.addTableMetaDataString("Units", "m")
        table.addTableMetaDataString("DataRate", "1")
        for frame, points in enumerate(places.tolist()):
            row = self._opensim.RowVectorVec3(len(self._markers))
            for number, point in enumerate(points):
                row[number] = self._opensim.Vec3(*point)
            table.appendRow(float(frame), row)
        return table


def _described(data: MotionData, found: _Solved, rig: Rig, name: str) -> dict[str, object]:
    stands = {
        "reference": "root-relative",
        "root": "pelvis",
        "root_height_m": round(rig.hips_height, 6),
    }
    return {
        **({"position": stands} if data.root is None else {}),
        "rows": len(found.untold),
        "units": {
            "position": "metre",
            "rotation": "degree",
            "time": "second",
            "marker_error": "centimetre",
        },
        "cells": {
            "seen": "a marker of the model follows the joint",
            "filled": "as seen",
            "missing": "no marker; the coordinates that only it tells are held",
        },
        "model": {"file": _model_file(name), "mass_kg": MASS_KG, "mass": "assumed, not measured"},
        "solver": f"OpenSim {found.version}, inverse kinematics",
        "coordinates": list(found.coordinates),
        "markers": list(found.markers),
        "marker_error": _errors(found.error_cm),
        "held": {"all": ranges(found.untold)} if found.untold.any() else {},
    }


def _errors(error_cm: Array) -> dict[str, object]:
    """Return root mean square and maximum, overall and per frame; None without markers."""
    told = np.isfinite(error_cm)
    squares = np.where(told, error_cm, 0.0) ** 2
    with np.errstate(invalid="ignore"):
        rms = np.sqrt(squares.sum(axis=1) / told.sum(axis=1))
    most = np.where(told.any(axis=1), np.sqrt(squares.max(axis=1)), np.nan)
    return {
        "rms": _number(np.sqrt(squares.sum() / told.sum())) if told.any() else None,
        "max": _number(most[np.isfinite(most)].max()) if told.any() else None,
        "rms_of_frames": [_number(each) for each in rms],
        "max_of_frames": [_number(each) for each in most],
    }


def _number(value: float) -> float | None:
    return round(float(value), 3) if np.isfinite(value) else None
