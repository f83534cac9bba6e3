"""NetCDF, read by xarray and by SciPy's own reader."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray
from scipy.io import netcdf_file

from app.export.registry import export
from models.skeleton import FOOT_JOINT_NAMES, JOINT_NAMES
from tests.support.motion import motion


def test_xarray_reads_what_movement_expects(tmp_path: Path) -> None:
    data = motion(30)
    export(tmp_path / "walk.nc", data, "netcdf")
    with xarray.open_dataset(tmp_path / "walk.nc") as found:
        xyz, conf = data.output()
        assert found.position.dims == ("time", "space", "keypoints", "individuals")
        assert found.keypoints.values.tolist() == list(JOINT_NAMES)
        assert found.space.values.tolist() == ["x", "y", "z"]
        assert found.individuals.values.tolist() == ["id_0"]
        np.testing.assert_array_equal(
            found.position[..., 0].transpose("time", "keypoints", "space"), xyz
        )
        np.testing.assert_array_equal(found.confidence[..., 0], conf)
        np.testing.assert_array_equal(found.time, data.time_s)
        assert found.attrs["ds_type"] == "poses"
        assert found.attrs["time_unit"] == "seconds"


def test_it_has_heels_and_toes_where_they_are_known(tmp_path: Path) -> None:
    feet, conf = np.ones((5, 4, 3), np.float32), np.full((5, 4), 0.5, np.float32)
    export(tmp_path / "walk.nc", replace(motion(5), feet=feet, feet_conf=conf), "netcdf")
    with xarray.open_dataset(tmp_path / "walk.nc") as found:
        assert found.keypoints.values.tolist() == [*JOINT_NAMES, *FOOT_JOINT_NAMES]
        np.testing.assert_allclose(found.confidence.sel(keypoints="left_toe"), 0.5)


def test_every_reader_of_netcdf_3_reads_it(tmp_path: Path) -> None:
    export(tmp_path / "walk.nc", motion(9), "netcdf")
    with netcdf_file(tmp_path / "walk.nc", mmap=False) as file:
        assert file.variables["position"].shape == (9, 3, 17, 1)
