"""Lifted motion for notebooks and scripts."""

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
from app.export.joints import joint_parents, named_joints, output_joints
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
    """Something unexpected about a result: no person in many frames, a damaged end of a file."""


def warn_of(sentences: Sequence[str]) -> None:
    """Issue a warning for each sentence, located at the caller of this package."""
    for sentence in sentences:
        warnings.warn(sentence, MixposeWarning, stacklevel=4)


def _ignored(share: float) -> None:
    """Ignore progress."""


class Motion:
    """The 3D motion of one person: N frames, one for every frame of the source.

    Coordinates are metres, right-handed: x to the image's right, y up, z toward the camera.  The
    pelvis is the origin, unless the person was placed in the room.  Unknown values are NaN.  Arrays
    are copies, so changing them does not change the motion.

    Returned by :func:`mixpose.lift`, :func:`mixpose.lift_people` and :func:`mixpose.load`.
    """

    def __init__(
        self, data: MotionData, lifted: MotionData | None = None, warnings: Sequence[str] = ()
    ) -> None:
        self._data = data
        self._lifted = data if lifted is None else lifted
        self.warnings = tuple(warnings)
        """Sentences about anything unexpected."""

    def __len__(self) -> int:
        return len(self._data.frame)

    def __repr__(self) -> str:
        seconds = float(self.time[-1]) if len(self) else 0.0
        return f"<Motion of {self._data.provenance.source}: {len(self)} frames, {seconds:.1f} s>"

    @property
    def joint_names(self) -> tuple[str, ...]:
        """Names of the J joints, in the order of :attr:`xyz`: 17, and heels and toes if
        these were estimated."""
        return named_joints(self._data)

    @property
    def parents(self) -> tuple[int, ...]:
        """(J,) index of each joint's parent, -1 for the pelvis."""
        return joint_parents(self._data)

    @property
    def frame(self) -> NDArray[np.int64]:
        """(N,) the source's frame numbers, from 0."""
        return np.array(self._data.frame)

    @property
    def time(self) -> Array:
        """(N,) seconds from the first frame, strictly increasing, not necessarily evenly spaced."""
        return np.array(self._data.time_s)

    @property
    def tracked(self) -> NDArray[np.bool_]:
        """(N,) whether the person was detected in the frame."""
        return np.array(self._data.tracked)

    @property
    def xyz(self) -> Array:
        """(N, J, 3) metres; NaN where a joint was neither seen nor interpolated."""
        return output_joints(self._data)[0]

    @property
    def joints(self) -> Mapping[str, Array]:
        """Positions by joint name, (N, 3) metres each, as in :attr:`xyz`."""
        return _named(self.joint_names, np.moveaxis(self.xyz, 1, 0))

    @property
    def confidence(self) -> Mapping[str, Array]:
        """The detector's confidence in [0, 1] by joint name, (N,) each.

        NaN where the joint was not seen; its position is interpolated or missing there.
        """
        return _named(self.joint_names, output_joints(self._data)[1].T)

    @property
    def angles(self) -> Mapping[str, Array]:
        """Joint angles by name, (N,) degrees each.

        NaN where a joint is missing, or where the angle is undefined in the pose.  Segment axes
        follow the ISB.  Names are such as ``left_knee_flexion`` and ``trunk_bending``;
        ``app/export/README.md`` defines the zero and the positive direction of each.
        """
        return _named([angle.name for angle in ANGLES], self._with_angles.T.copy())

    @property
    def events(self) -> tuple[tuple[float, str], ...]:
        """Marked moments: seconds on the clock of :attr:`time`, and a label."""
        return tuple((event.time_s, event.label) for event in self._data.events)

    @property
    def info(self) -> dict[str, Any]:
        """Metadata, as in the sidecars of files: source, rate, scale, axes, weights, quality."""
        from app.export.sidecar import description

        metadata = description(self._data, table_name="")
        del metadata["table"], metadata["cells"]
        return metadata

    def processed(self, **options: Unpack[Processing]) -> Motion:
        """Return a copy that is smoothed, has rigid bones, or is placed in the room.

        It starts from the poses as lifted, or as read from the table: processing is not cumulative.

        Args:
            options: see :class:`mixpose.Processing`.

        Returns:
            The processed motion; this one is not changed.

        Raises:
            ValueError: an option has an impossible value.
            ExportError: a step is not possible with these poses.
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
        """Write the motion to a file, with a sidecar that describes units, axes and columns.

        Args:
            path: the file; its folder must exist.
            format: csv, csv-long, json, npz, parquet, trc, mot, c3d, bvh, gltf, vrma, mp4, bids,
                netcdf or fbx.  Default: the first format with the file extension of ``path``.
            angles: whether tables contain joint angles, too.
            fps: frames per second of formats with a constant rate.  Default: suits the source.
            skeleton: naming convention of the bones in bvh and gltf: motionbuilder, mixamo, unreal,
                unity, rigify or vrm.
            rest: rest pose of the bones in bvh and gltf, "t" or "a".  Default: the skeleton's own.
            overwrite: whether existing files are replaced.
            progress: called with the fraction done, 0 to 1; an exception that it raises cancels,
                and nothing is written then.

        Returns:
            All files written.

        Raises:
            ExportError: the file cannot be written; the message says why and what to do.
            ValueError: there is no such format, skeleton or rest pose, or fps is impossible.
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
        """Return a table with one row per frame and the columns of the CSV table.

        These are ``frame``, ``time_s``, ``tracked``, ``pelvis_x`` … in metres, ``pelvis_conf`` …,
        and angles such as ``left_knee_flexion_deg``.

        Raises:
            ExportError: pandas is not installed.
        """
        pandas = _library("pandas")
        xyz, conf = output_joints(self._data)
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
        """Return a poses dataset in the layout of the package ``movement``.

        Variables are ``position`` (time, space, keypoints, individuals) in metres and
        ``confidence`` (time, keypoints, individuals); the dimensions are named ``keypoint`` and
        ``individual`` if the installed version of ``movement`` does so.  If the person followed
        changes, each is an individual, NaN in the frames of the others.

        Raises:
            ExportError: xarray is not installed.
        """
        _library("xarray")
        from app.export.netcdf import dataset

        return dataset(self._data)

    def in_room_of(self, other: Motion) -> Motion:
        """Return this motion in the room of ``other``, another person seen by the same camera.

        It is unchanged unless both were placed in the room.

        Args:
            other: the motion that defines the room.
        """
        from app.motion.placement.placing import in_room_of  # SciPy: takes a moment to load

        data = in_room_of(other._data, self._data)
        return Motion(data, self._lifted, self.warnings)

    def _with_processing(
        self, options: processing_options.Processing, progress: Callable[[float], None] = _ignored
    ) -> Motion:
        processed = process(self._lifted, options, progress)
        sentences = dict.fromkeys((*self.warnings, *remarks(processed)))
        return Motion(processed, self._lifted, tuple(sentences))

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
    sentences: Sequence[str],
    progress: Callable[[Progress], None],
) -> Motion:
    """Return lifted motion with its quality measured and the processing ``options`` applied."""
    judged = judge_and_process(data, processing_options.Processing())
    motion = Motion(judged.motion, warnings=(*sentences, *judged.warnings))
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
