"""NetCDF in the layout of the package ``movement``: positions and confidences by time, axis,
keypoint and individual."""

from __future__ import annotations

import importlib.metadata
from typing import TYPE_CHECKING

import numpy as np

from app.export.file_options import Destination
from app.export.joints import named_joints, output_joints
from app.motion.data import MotionData

if TYPE_CHECKING:
    import xarray as xr


def write(data: MotionData, to: Destination) -> dict[str, object]:
    """See :class:`app.export.registry.Exporter`."""
    to.progress(0.0)
    # Version 3, by SciPy: needs no further library, and every reader supports it.
    to.file.write(dataset(data).to_netcdf(engine="scipy", format="NETCDF3_64BIT"))
    to.progress(1.0)
    return {
        "cells": {
            "seen": "position and confidence",
            "filled": "position; the confidence is NaN",
            "missing": "both are NaN",
        }
    }


def dataset(data: MotionData) -> xr.Dataset:
    """Return a poses dataset in the layout of ``movement``, see
    :meth:`mixpose.Motion.to_xarray`."""
    import xarray

    xyz, conf = output_joints(data)
    whose = np.zeros(len(xyz), np.intp)
    for number, rows in enumerate(data.people):
        whose[rows] = number
    of = whose[:, None] == np.arange(len(data.people))
    rate = data.effective_rate
    keypoints, individuals = _names_of_movement()
    return xarray.Dataset(
        {
            "position": (
                ("time", "space", keypoints, individuals),
                np.where(of[:, None, None], xyz.transpose(0, 2, 1)[..., None], np.nan),
            ),
            "confidence": (
                ("time", keypoints, individuals),
                np.where(of[:, None], conf[..., None], np.nan),
            ),
        },
        coords={
            "time": np.array(data.time_s),
            "space": list("xyz"),
            keypoints: list(named_joints(data)),
            individuals: [f"id_{number}" for number in range(of.shape[1])],
        },
        attrs={
            **({} if rate is None else {"fps": rate}),
            "time_unit": "seconds",
            "source_software": "mixpose",
            "source_file": data.provenance.source,
            "ds_type": "poses",
        },
    )


def _names_of_movement() -> tuple[str, str]:
    """Return the names of two dimensions, which ``movement`` renamed in 0.17; the old ones if it is
    not installed, which newer versions read by ``rename_legacy_dimensions``."""
    try:
        major, minor = map(int, importlib.metadata.version("movement").split(".")[:2])
    except (importlib.metadata.PackageNotFoundError, ValueError):
        major, minor = 0, 0
    return ("keypoint", "individual") if (major, minor) >= (0, 17) else ("keypoints", "individuals")
