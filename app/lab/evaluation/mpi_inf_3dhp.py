"""The test set of MPI-INF-3DHP (Mehta et al., 3DV 2017): TS1 to TS6 with their ``annot_data.mat``.

Protocol of the MATLAB code that comes with it: the valid frames only, universal skeletons, the
pelvis at the origin; MPJPE over 17 joints, PCK and AUC over 14 (neither pelvis, spine nor head, but
the top of the head).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.lab.evaluation.joint_orders import ELSEWHERE, MPI_INF_3DHP, reorder
from app.lab.evaluation.material import EvaluationError, Footage, Material, certainty
from models.skeleton import JOINT, JOINT_NAMES

_SEQUENCES: Final = ("TS1", "TS2", "TS3", "TS4", "TS5", "TS6")
_OUTDOORS: Final = ("TS5", "TS6")
_STUDIO_SIZE: Final = (2048, 2048)
_OUTDOOR_SIZE: Final = (1920, 1080)
_ASSUMED_RATE: Final = 25.0
"""The files do not state it.  Only the lifter's window depends on it; no motion is scored."""
_PCK_JOINTS: Final = tuple(
    JOINT[name] for name in JOINT_NAMES if name not in ("pelvis", "spine", "nose")
)


def mpi_inf_3dhp(folder: Path) -> Material:
    """Read the existing sequences, with ground-truth 2D as in tests of published lifters.

    Raises:
        EvaluationError: there is none, one is damaged, or h5py is not installed.
    """
    footage = tuple(
        _sequence(name, folder / name / "annot_data.mat")
        for name in _SEQUENCES
        if (folder / name / "annot_data.mat").is_file()
    )
    if not footage:
        raise EvaluationError(
            f"{folder} holds no TS1/annot_data.mat to TS6/annot_data.mat. Give the folder "
            "mpi_inf_3dhp_test_set."
        )
    names = (
        "TS1 to TS6"
        if len(footage) == len(_SEQUENCES)
        else ", ".join(each.group for each in footage)
    )
    return Material(
        f"MPI-INF-3DHP, {names}, 2D: gt",
        footage,
        pck_joints=_PCK_JOINTS,
        has_rate=False,
        published=True,
        by_group=True,
        remark=f"{ELSEWHERE} Its files do not tell the frame rate: no motion is scored.",
    )


def _sequence(name: str, path: Path) -> Footage:
    annotations = _read(path)
    xy = reorder(annotations["annot2"], MPI_INF_3DHP)
    true = reorder(annotations["univ_annot3"], MPI_INF_3DHP) / 1000
    true[~annotations["valid_frame"].astype(bool)] = np.nan
    return Footage(
        group=name,
        size=_OUTDOOR_SIZE if name in _OUTDOORS else _STUDIO_SIZE,
        time_s=np.arange(len(xy)) / _ASSUMED_RATE,
        xy=xy,
        conf=certainty(xy),
        true=true,
    )


def _read(path: Path) -> dict[str, NDArray[np.float32]]:
    """Return the three arrays needed: (N, 17, 2), (N, 17, 3) and (N,)."""
    try:
        import h5py
    except ImportError as error:
        raise EvaluationError(
            "MPI-INF-3DHP's files need h5py: pip install '.[evaluate]'."
        ) from error
    try:
        with h5py.File(path) as file:
            return dict(_arrays(file, path))
    except (OSError, KeyError) as error:
        raise EvaluationError(f"{path} is damaged or no MATLAB 7.3 file: {error}.") from error


def _arrays(file: Any, path: Path) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """MATLAB is column-major, so that HDF5 shows its (3, 17, 1, N) as (N, 1, 17, 3)."""
    for key, shape in (("annot2", (17, 2)), ("univ_annot3", (17, 3)), ("valid_frame", ())):
        found = np.asarray(file[key], np.float32)
        if found.shape[1:] not in ((1, *shape), shape):
            raise EvaluationError(f"{key} in {path} has the unexpected shape {found.shape}.")
        yield key, found.reshape(len(found), *shape)
