"""Lifted motion as notebooks and scripts get it."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.errors import ExportError
from app.export.file_options import Rest
from app.export.joints import joint_parents, named_joints, outgoing_joints
from app.export.skeleton_names import MOTIONBUILDER
from app.lifting.exporting import judge_and_process
from app.lifting.progress import Progress, Stage, reporting
from app.motion import processing_options
from app.motion.angles import ANGLES, continued, joint_angles
from app.motion.data import MotionData
from app.motion.processing import process, remarks

from ._options import Processing, file_options, processing

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from typing_extensions import Unpack

Array = NDArray[np.float64]


class MixposeWarning(UserWarning):
    """Something is not as one might think: nobody in many frames, a damaged end of a file."""


def warn_of(sentences: Sequence[str]) -> None:
    """Warn of each, at the line of whoever called the package."""
    for sentence in sentences:
        warnings.warn(sentence, MixposeWarning, stacklevel=4)


def _ignored(share: float) -> None:
    """Progress that nobody asked for."""


class Motion:
    """N frames of one person in 3D, one for every frame of the source.

    Metres, right-handed: x to the image's right, y up, z toward the camera; the pelvis at the
    origin unless the person was placed in the room.  What is not known is NaN.  Arrays are copies.

    Made by :func:`mixpose.lift` and :func:`mixpose.load`.
    """

    def __init__(
        self, data: MotionData, lifted: MotionData | None = None, warnings: Sequence[str] = ()
    ) -> None:
        self._data = data
        self._lifted = data if lifted is None else lifted
        self.warnings = tuple(warnings)
        """Plain sentences about what is not as one might think."""

    def __len__(self) -> int:
        return len(self._data.frame)

    def __repr__(self) -> str:
        seconds = float(self.time[-1]) if len(self) else 0.0
        return f"<Motion of {self._data.provenance.source}: {len(self)} frames, {seconds:.1f} s>"

    @property
    def joint_names(self) -> tuple[str, ...]:
        """The joints, in the order of :attr:`xyz`: 17, and heels and toes where they were looked
        for."""
        return named_joints(self._data)

    @property
    def parents(self) -> tuple[int, ...]:
        """(J,) index of the joint that each hangs from, -1 for the pelvis."""
        return joint_parents(self._data)

    @property
    def frame(self) -> NDArray[np.int64]:
        """(N,) the source's frame numbers, from 0."""
        return np.array(self._data.frame)

    @property
    def time(self) -> Array:
        """(N,) seconds from the first frame, strictly increasing, not always evenly."""
        return np.array(self._data.time_s)

    @property
    def tracked(self) -> NDArray[np.bool_]:
        """(N,) whether the person was found in the frame."""
        return np.array(self._data.tracked)

    @property
    def xyz(self) -> Array:
        """(N, J, 3) metres; NaN where a joint was neither seen nor bridged from frames nearby."""
        return outgoing_joints(self._data)[0]

    @property
    def joints(self) -> Mapping[str, Array]:
        """Name -> (N, 3) metres, as in :attr:`xyz`."""
        return _named(self.joint_names, np.moveaxis(self.xyz, 1, 0))

    @property
    def confidence(self) -> Mapping[str, Array]:
        """Name of a joint -> (N,) the detector's confidence in [0, 1]; NaN where it was not seen,
        and its position bridged or missing."""
        return _named(self.joint_names, outgoing_joints(self._data)[1].T)

    @property
    def angles(self) -> Mapping[str, Array]:
        """Name -> (N,) degrees; NaN where a joint is missing or the pose leaves it undefined.

        Segments have the axes of the ISB.  Names such as ``left_knee_flexion`` and
        ``trunk_bending``; what is 0 and what is positive is in ``app/export/README.md``.
        """
        return _named([angle.name for angle in ANGLES], self._with_angles.T.copy())

    @property
    def events(self) -> tuple[tuple[float, str], ...]:
        """Moments that were marked: seconds on the clock of :attr:`time`, and a label."""
        return tuple((event.time_s, event.label) for event in self._data.events)

    @property
    def info(self) -> dict[str, Any]:
        """What a file's sidecar says: source, rate, scale, axes, weights, smoothing, quality."""
        from app.export.sidecar import description

        said = description(self._data, table_name="")
        del said["table"], said["cells"]
        return said

    def processed(self, **options: Unpack[Processing]) -> Motion:
        """Another motion, smoothed, with rigid bones, or placed in the room; this one stays.

        Begins with the poses as they were lifted, or were in the table: nothing is done twice.

        Args:
            options: see :class:`mixpose.Processing`.

        Raises:
            ValueError: a value that cannot be.
            ExportError: something cannot be had of these poses.
        """
        if options.get("room") and not np.isfinite(self._lifted.xy).any():
            raise ExportError(
                "A table has no 2D joints, by which a person is placed in the room: do that when "
                "the video is lifted or the recording is loaded."
            )
        return self._with_processing(processing(options))

    def save(
        self,
        path: str | Path,
        format: str | None = None,  # noqa: A002 - the word for it
        *,
        angles: bool = False,
        fps: float | None = None,
        skeleton: str = MOTIONBUILDER,
        rest: Rest | None = None,
        overwrite: bool = False,
        progress: Callable[[float], None] | None = None,
    ) -> tuple[Path, ...]:
        """Write a file, and beside it a sidecar that says what its numbers mean.

        Args:
            path: where to; its folder must exist.
            format: csv, csv-long, json, npz, parquet, trc, mot, c3d, bvh, gltf, vrma, mp4, bids,
                netcdf or fbx; the first that has the ending of ``path`` unless told.
            angles: whether tables have joint angles too.
            fps: frames a second of formats of constant rate; what suits the source unless told.
            skeleton: whose names the bones of bvh and gltf have: motionbuilder, mixamo, unreal,
                unity, rigify or vrm.
            rest: their pose at rest, "t" or "a"; the skeleton's own unless told.
            overwrite: whether files that exist are replaced.
            progress: called with the share done, 0 to 1; what it raises cancels, and nothing is
                written then.

        Returns:
            All files written.

        Raises:
            ExportError: it cannot be written; says why and what to do.
            ValueError: there is no such format, skeleton or rest pose, or fps cannot be.
        """
        from app.export.registry import FORMATS, endings, export, formats_of

        path = Path(path)
        if format is not None and format not in FORMATS:
            raise ValueError(f"format={format!r} is none of {', '.join(FORMATS)}.")
        fitting = [format] if format is not None else formats_of(path)
        if not fitting:
            raise ExportError(f"What should {path} be? End it with {endings()}, or say format=.")
        data = replace(self._data, angles=self._with_angles) if angles else self._data
        wanted = file_options(fps=fps, skeleton=skeleton, rest=rest)
        return export(
            path,
            data,
            fitting[0],
            options=wanted,
            overwrite=overwrite,
            progress=progress or _ignored,
        )

    def to_dataframe(self) -> pd.DataFrame:
        """A row a frame, with the columns of the CSV table: ``frame``, ``time_s``, ``tracked``,
        ``pelvis_x`` … in metres, ``pelvis_conf`` …, and angles as ``left_knee_flexion_deg`` ….

        Raises:
            ExportError: pandas is not installed.
        """
        pandas = _library("pandas")
        xyz, conf = outgoing_joints(self._data)
        columns: dict[str, NDArray[Any]] = {
            "frame": self.frame,
            "time_s": self.time,
            "tracked": self.tracked,
        }
        for joint, name in enumerate(self.joint_names):
            for axis, letter in enumerate("xyz"):
                columns[f"{name}_{letter}"] = xyz[:, joint, axis]
            columns[f"{name}_conf"] = conf[:, joint]
        columns |= {f"{name}_deg": values for name, values in self.angles.items()}
        frame: pd.DataFrame = pandas.DataFrame(columns)
        return frame

    def to_xarray(self) -> xr.Dataset:
        """A poses dataset as the package ``movement`` has them.

        ``position`` (time, space, keypoints, individuals) in metres and ``confidence`` (time,
        keypoints, individuals); ``keypoint`` and ``individual`` if the ``movement`` that is
        installed calls them so.  Whoever was followed after somebody else is an individual of their
        own, NaN in the frames of the others.

        Raises:
            ExportError: xarray is not installed.
        """
        _library("xarray")
        from app.export.netcdf import dataset

        return dataset(self._data)

    def in_room_of(self, other: Motion) -> Motion:
        """This motion where it is in the room of ``other``, of another person before the same
        camera; as it is, unless both were placed in the room."""
        from app.motion.placement.placing import in_room_of  # SciPy: takes a moment to load

        data = in_room_of(other._data, self._data)
        return Motion(data, self._lifted, self.warnings)

    def _with_processing(
        self, options: processing_options.Processing, progress: Callable[[float], None] = _ignored
    ) -> Motion:
        done = process(self._lifted, options, progress)
        said = dict.fromkeys((*self.warnings, *remarks(done)))
        return Motion(done, self._lifted, tuple(said))

    @cached_property
    def _with_angles(self) -> Array:
        """(N, A) degrees."""
        data = self._data
        if data.angles is not None:
            return data.angles
        angles = joint_angles(data.upright(), data.missing, data.upright_feet())
        return continued(angles, data.time_s, data.person)


def finished(
    data: MotionData,
    options: processing_options.Processing,
    said: Sequence[str],
    progress: Callable[[Progress], None],
) -> Motion:
    """The motion that was lifted, judged, and with what is wanted done to it."""
    judged = judge_and_process(data, processing_options.Processing())
    motion = Motion(judged.motion, warnings=(*said, *judged.warnings))
    return motion._with_processing(options, reporting(Stage.PROCESSING, len(data.frame), progress))


def _named(names: Sequence[str], values: Array) -> Mapping[str, Array]:
    return MappingProxyType(dict(zip(names, values, strict=True)))


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ExportError(
            f"This needs {name}: pip install '.[notebook]', or pip install {name}."
        ) from error
