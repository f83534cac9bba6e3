"""OpenSim's own inverse kinematics: read back and moved by OpenSim, the model stands as the person
does, within the error that the sidecar states."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from app.cli.outputs import plan
from app.errors import ExportError
from app.export import registry
from app.export.registry import export
from app.motion.angles import ANGLE, joint_angles
from app.motion.data import MotionData
from models.skeleton import FOOT_JOINT_NAMES, JOINT, JOINT_COUNT
from tests.support.motion import motion
from tests.support.opensim_model import mot
from tests.support.poses_by_angle import body
from tests.support.readers import trc
from tests.support.skeletons import as_motion, performed

Array = NDArray[np.float64]


def with_feet(data: MotionData, *, lifted_deg: float = 0.0) -> MotionData:
    """Feet whose toes point to the camera, and up by ``lifted_deg``, of people who face it."""
    angle = np.radians(lifted_deg - 7.2)
    ahead = np.array([0.0, -np.sin(angle), -np.cos(angle)])
    above = np.array([0.0, -np.cos(angle), np.sin(angle)])
    feet = np.empty((len(data.frame), 4, 3), np.float32)
    for number, name in enumerate(FOOT_JOINT_NAMES):
        side, _, part = name.partition("_")
        heel = data.xyz[:, JOINT[f"{side}_ankle"]] - 0.85 * (0.039 * ahead + 0.0756 * above)
        feet[:, number] = heel if part == "heel" else heel + 0.85 * 0.268 * ahead
    return replace(data, feet=feet, feet_conf=np.ones((len(feet), 4), np.float32))


@pytest.fixture
def opensim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    package = pytest.importorskip("opensim", reason="OpenSim is not installed")
    monkeypatch.chdir(tmp_path)
    return package


def written(folder: Path, data: MotionData) -> Path:
    path = folder / "walk.ik.mot"
    files = export(path, data, "opensim", overwrite=True)
    assert set(files) == {path, folder / "walk.ik.mot.json", folder / "walk.osim"}
    assert {each.name for each in folder.iterdir()} == {each.name for each in files}, "and no log"
    return path


def sidecar(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.with_name(f"{path.name}.json").read_text("utf-8"))
    return content


def markers(opensim: Any, folder: Path, motion_file: Path) -> dict[str, Array]:
    """Where the markers of the model written are, when OpenSim moves it by a file: (N, 3)."""
    model = opensim.Model(str(folder / "walk.osim"))
    state = model.initSystem()
    table = opensim.TimeSeriesTable(str(motion_file))
    model.getSimbodyEngine().convertDegreesToRadians(table)
    rows = {name: table.getDependentColumn(name).to_numpy() for name in table.getColumnLabels()}
    found: dict[str, list[list[float]]] = {each.getName(): [] for each in model.getMarkerSet()}
    for row in range(table.getNumRows()):
        for name, column in rows.items():
            model.getCoordinateSet().get(name).setValue(state, float(column[row]), False)
        model.realizePosition(state)
        for each in model.getMarkerSet():
            place = each.getLocationInGround(state)
            found[each.getName()].append([place[axis] for axis in range(3)])
    return {name: np.array(places) for name, places in found.items()}


def apart_cm(data: MotionData, found: dict[str, Array], floor: float) -> Array:
    """(N, M) centimetres from markers to joints."""
    joints = dict(zip(JOINT, data.output()[0].swapaxes(0, 1), strict=True))
    joints |= dict(zip(FOOT_JOINT_NAMES, data.output_feet()[0].swapaxes(0, 1), strict=True))
    shift = (0.0, floor, 0.0)
    each = [np.linalg.norm(at - joints[name] - shift, axis=1) for name, at in found.items()]
    return 100 * np.stack(each, axis=1)


@pytest.mark.slow
def test_opensim_moves_the_model_to_the_joints(opensim: Any, tmp_path: Path) -> None:
    data = as_motion(performed(3.0, seed=3))
    path = written(tmp_path, data)
    said = sidecar(path)
    floor = said["position"]["root_height_m"]
    apart = apart_cm(data, markers(opensim, tmp_path, path), floor)
    error = said["marker_error"]
    assert error["rms"] == pytest.approx(np.sqrt(np.nanmean(apart**2)), abs=0.01)
    assert error["max"] == pytest.approx(np.nanmax(apart), abs=0.01)
    rms = np.sqrt(np.nanmean(apart**2, axis=1))
    np.testing.assert_allclose(error["rms_of_frames"], rms, atol=0.01)
    np.testing.assert_allclose(error["max_of_frames"], np.nanmax(apart, axis=1), atol=0.01)
    assert error["rms"] < 0.8, "the performer's trunk bends, and shoulders rise"
    export(tmp_path / "plain.mot", data, "mot")
    plain = apart_cm(data, markers(opensim, tmp_path, tmp_path / "plain.mot"), floor)
    assert error["rms"] < 0.8 * np.sqrt(np.nanmean(plain**2)), "better than angles by themselves"


@pytest.mark.slow
def test_opensim_reads_degrees_and_times(opensim: Any, tmp_path: Path) -> None:
    data = as_motion(performed(1.0))
    path = written(tmp_path, data)
    storage = opensim.Storage(str(path))
    assert storage.isInDegrees()
    assert storage.getSize() == 30
    table = opensim.TimeSeriesTable(str(path))
    export(tmp_path / "walk.trc", data, "trc")
    times = table.getIndependentColumn()
    np.testing.assert_allclose(times, trc(tmp_path / "walk.trc").time_s, atol=1e-9)
    assert list(table.getColumnLabels()) == sidecar(path)["coordinates"]
    model = opensim.Model(str(tmp_path / "walk.osim"))
    model.initSystem()
    names = {each.getName() for each in model.getCoordinateSet()}
    assert names == set(table.getColumnLabels())


@pytest.mark.slow
def test_the_model_has_the_persons_lengths(opensim: Any, tmp_path: Path) -> None:
    for size in (1.0, 1.2):
        data = as_motion(size * body()[None].repeat(3, axis=0))
        path = written(tmp_path, data)
        at = {name: each[0] for name, each in markers(opensim, tmp_path, path).items()}
        for side in ("left", "right"):
            thigh = np.linalg.norm(at[f"{side}_knee"] - at[f"{side}_hip"])
            joints = size * body()
            true = np.linalg.norm(joints[JOINT[f"{side}_knee"]] - joints[JOINT[f"{side}_hip"]])
            assert thigh == pytest.approx(true, abs=0.002)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"left_hip_flexion": 50}, {"hip_flexion_l": 50, "hip_flexion_r": 0, "knee_angle_l": 0}),
        ({"right_hip_adduction": -30}, {"hip_adduction_r": -30, "hip_adduction_l": 0}),
        ({"left_knee_flexion": 80, "left_hip_flexion": 20}, {"knee_angle_l": 80}),
        ({"left_elbow_flexion": 70}, {"elbow_flex_l": 70, "elbow_flex_r": 0}),
        ({"trunk_rotation": 25}, {"lumbar_rotation": 25, "lumbar_bending": 0}),
        ({"left_shoulder_elevation": 60}, {"arm_add_l": -60, "arm_add_r": 0, "arm_flex_l": 0}),
    ],
)
def test_coordinates_have_the_signs_of_their_names(
    opensim: Any, tmp_path: Path, given: dict[str, float], expected: dict[str, float]
) -> None:
    found = mot(written(tmp_path, as_motion(body(**given)[None]))).columns
    for name, degrees in expected.items():
        assert found[name][0] == pytest.approx(degrees, abs=1.0), name


@pytest.mark.slow
@pytest.mark.parametrize("lifted_deg", [-25.0, 0.0, 20.0])
def test_ankles_bend_as_the_table_says(opensim: Any, tmp_path: Path, lifted_deg: float) -> None:
    data = with_feet(as_motion(body()[None]), lifted_deg=lifted_deg)
    found = mot(written(tmp_path, data)).columns
    angles = joint_angles(data.upright(), data.missing, data.upright_feet())[0]
    for side in ("left", "right"):
        table = angles[ANGLE[f"{side}_ankle_dorsiflexion"]]
        assert table == pytest.approx(lifted_deg, abs=0.5)
        assert found[f"ankle_angle_{side[0]}"][0] == pytest.approx(table, abs=1.5)
        assert abs(found[f"subtalar_angle_{side[0]}"][0]) < 1.5


@pytest.mark.slow
def test_who_is_out_of_view_has_no_error_and_is_held(opensim: Any, tmp_path: Path) -> None:
    missing = np.zeros((30, JOINT_COUNT), bool)
    missing[10:20] = True
    path = written(tmp_path, as_motion(performed(1.0), missing=missing))
    said = sidecar(path)
    assert said["marker_error"]["rms_of_frames"][10:20] == [None] * 10
    assert None not in said["marker_error"]["rms_of_frames"][:10]
    assert said["held"] == {"all": [[10, 19]]}
    assert all(np.isfinite(column).all() for column in mot(path).columns.values())


@pytest.mark.slow
def test_arms_that_are_missing_do_not_move_the_legs(opensim: Any, tmp_path: Path) -> None:
    missing = np.zeros((30, JOINT_COUNT), bool)
    missing[
        :, [JOINT[f"{side}_{each}"] for side in ("left", "right") for each in ("elbow", "wrist")]
    ] = 1
    whole = mot(written(tmp_path, as_motion(performed(1.0)))).columns
    armless = mot(written(tmp_path, as_motion(performed(1.0), missing=missing))).columns
    for name in ("knee_angle_l", "knee_angle_r", "hip_flexion_l"):
        np.testing.assert_allclose(armless[name], whole[name], atol=0.5)


@pytest.mark.slow
def test_the_pelvis_goes_where_the_person_was_placed(opensim: Any, tmp_path: Path) -> None:
    data = as_motion(performed(0.5))
    root = np.column_stack([np.linspace(0, 1, 15), np.full(15, 0.95), np.linspace(2, 1, 15)])
    path = written(tmp_path, replace(data, root=root))
    at = markers(opensim, tmp_path, path)["pelvis"]
    np.testing.assert_allclose(at, root, atol=0.01)


def test_a_file_without_frames_is_not_written(opensim: Any, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no frames"):
        export(tmp_path / "walk.ik.mot", motion(0), "opensim")
    assert list(tmp_path.iterdir()) == []


def test_without_the_package_it_is_said_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before a film is lifted for it."""
    real = registry.find_spec
    monkeypatch.setattr(
        registry, "find_spec", lambda name: None if name == "opensim" else real(name)
    )
    with pytest.raises(ExportError, match=r"pip install '\.\[opensim\]'.*Python 3\.11 to 3\.13"):
        plan(["jump.mp4"], str(tmp_path / "jump.ik.mot"))
