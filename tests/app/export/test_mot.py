"""MOT: a body with OpenSim's joints, moved by the file, stands as the person does."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from app.errors import ExportError
from app.export.registry import export
from app.motion.data import MotionData
from models.skeleton import JOINT, JOINT_COUNT
from tests.support.motion import motion
from tests.support.opensim_model import PELVIS, lengths, mot, places, segments
from tests.support.poses_by_angle import body
from tests.support.readers import trc
from tests.support.skeletons import as_motion, performed

LIMBS = ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")
NAMES = [
    "pelvis_tilt", "pelvis_list", "pelvis_rotation", "pelvis_tx", "pelvis_ty", "pelvis_tz",
    "hip_flexion_r", "hip_adduction_r", "hip_rotation_r", "knee_angle_r",
    "hip_flexion_l", "hip_adduction_l", "hip_rotation_l", "knee_angle_l",
    "lumbar_extension", "lumbar_bending", "lumbar_rotation",
    "arm_flex_r", "arm_add_r", "arm_rot_r", "elbow_flex_r",
    "arm_flex_l", "arm_add_l", "arm_rot_l", "elbow_flex_l",
]  # fmt: skip


def written(folder: Path, data: MotionData) -> Path:
    path = folder / "walk.mot"
    export(path, data, "mot", overwrite=True)
    return path


def values(path: Path) -> dict[str, float]:
    return {name: float(column[0]) for name, column in mot(path).columns.items()}


def one(**degrees: float) -> MotionData:
    return as_motion(body(**degrees)[None])


def sidecar(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.with_name(f"{path.name}.json").read_text("utf-8"))
    return content


def test_header_and_columns_are_as_opensim_documents_them(tmp_path: Path) -> None:
    path = written(tmp_path, as_motion(performed(1.0)))
    found = mot(path)
    assert found.header == {
        "version": "1", "nRows": "30", "nColumns": "26", "inDegrees": "yes",
    }  # fmt: skip
    assert list(found.columns) == NAMES
    np.testing.assert_allclose(found.time_s, np.arange(30) / 30, atol=1e-9)
    assert sidecar(path)["coordinates"] == NAMES


def test_pandas_reads_it(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    path = written(tmp_path, as_motion(performed(1.0)))
    lines = path.read_text().split("\n")
    table = pandas.read_csv(path, sep="\t", skiprows=lines.index("endheader") + 1)
    assert list(table) == ["time", *NAMES]
    assert not table.isna().to_numpy().any()


def test_the_model_stands_where_the_person_does(tmp_path: Path) -> None:
    xyz = performed(20.0, rigid=True)
    data = as_motion(xyz)
    found, length = mot(written(tmp_path, data)), lengths(data)
    apart = []
    for row in range(0, len(xyz), 7):
        at = places(found, length, row)
        for side in ("left", "right"):
            for joint in LIMBS:
                true = xyz[row, JOINT[f"{side}_{joint}"]] - xyz[row, JOINT["pelvis"]]
                # The model's hips are narrower: limbs are compared from where they begin.
                root = f"{side}_{'hip' if joint in LIMBS[:3] else 'shoulder'}"
                true = true - xyz[row, JOINT[root]]
                apart.append(np.linalg.norm(at[f"{side}_{joint}"] - at[root] - true))
        thorax = xyz[row, JOINT["thorax"]] - xyz[row, JOINT["pelvis"]]
        np.testing.assert_allclose(at["thorax"] - at["pelvis"], thorax, atol=0.01)
    # An elbow that is nearly straight hardly says how the upper arm is turned.
    assert max(apart) < 0.06
    assert np.percentile(apart, 90) < 0.01
    assert np.median(apart) < 0.001


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"left_hip_flexion": 50}, {"hip_flexion_l": 50, "hip_flexion_r": 0, "knee_angle_l": 0}),
        ({"right_hip_adduction": -30}, {"hip_adduction_r": -30, "hip_adduction_l": 0}),
        ({"left_hip_adduction": -30}, {"hip_adduction_l": -30, "hip_adduction_r": 0}),
        ({"right_knee_flexion": 80, "right_hip_flexion": 20}, {"knee_angle_r": 80}),
        ({"left_elbow_flexion": 70}, {"elbow_flex_l": 70, "elbow_flex_r": 0}),
        ({"trunk_rotation": 25}, {"lumbar_rotation": 25, "lumbar_bending": 0}),
        ({"left_shoulder_elevation": 60}, {"arm_add_l": -60, "arm_add_r": 0, "arm_flex_l": 0}),
        (
            {"right_shoulder_elevation": 60, "right_shoulder_plane": 90},
            {"arm_flex_r": 60, "arm_add_r": 0},
        ),
    ],
)
def test_coordinates_have_the_signs_of_their_names(
    tmp_path: Path, given: dict[str, float], expected: dict[str, float]
) -> None:
    found = values(written(tmp_path, one(**given)))
    for name, degrees in expected.items():
        assert found[name] == pytest.approx(degrees, abs=0.3), name


@pytest.mark.parametrize(("heading", "rotation"), [(0, -90), (90, 0), (45, -45)])
def test_models_face_plus_x(tmp_path: Path, heading: float, rotation: float) -> None:
    path = written(tmp_path, as_motion(body(heading=heading)[None]))
    assert values(path)["pelvis_rotation"] == pytest.approx(rotation, abs=0.01)


def test_turned_to_plus_x_leaning_is_tilt(tmp_path: Path) -> None:
    leaning = values(written(tmp_path, as_motion(body(heading=90, trunk_flexion=30)[None])))
    assert leaning["pelvis_tilt"] == pytest.approx(-30, abs=0.01)
    assert leaning["pelvis_list"] == pytest.approx(0, abs=0.01)


def test_the_pelvis_goes_where_the_person_was_placed(tmp_path: Path) -> None:
    data = as_motion(performed(1.0))
    root = np.column_stack([np.linspace(0, 1, 30), np.full(30, 0.95), np.linspace(2, 1, 30)])
    data = replace(data, root=root)
    found, length = mot(written(tmp_path, data)), lengths(data)
    for row in (0, 29):
        np.testing.assert_allclose(places(found, length, row)["pelvis"], root[row], atol=0.002)


def test_times_are_those_of_the_trc_file(tmp_path: Path) -> None:
    data = motion(50)
    data = replace(data, time_s=data.time_s + np.where(np.arange(50) % 2, 0.01, 0.0))
    path = written(tmp_path, data)
    export(tmp_path / "walk.trc", data, "trc")
    np.testing.assert_allclose(mot(path).time_s, trc(tmp_path / "walk.trc").time_s, atol=1e-9)
    assert sidecar(path)["resampling"]["rate"] == 30.0


def test_legs_never_seen_hang_straight_and_the_sidecar_says_so(tmp_path: Path) -> None:
    xyz = performed(1.0)
    missing = np.zeros((len(xyz), JOINT_COUNT), bool)
    missing[:, [JOINT[f"{side}_{joint}"] for side in ("left", "right") for joint in LIMBS[1:3]]] = 1
    path = written(tmp_path, as_motion(xyz, missing=missing))
    found = mot(path).columns
    for name in ("hip_flexion_l", "knee_angle_l", "knee_angle_r"):
        np.testing.assert_allclose(found[name], 0, atol=1e-6)
    assert sidecar(path)["held"]["LeftLeg"] == [[0, 29]]


def test_no_angle_jumps_by_a_turn(tmp_path: Path) -> None:
    """The performer turns about."""
    turning = np.stack([body(heading=heading) for heading in range(0, 700, 7)])
    rotation = mot(written(tmp_path, as_motion(turning))).columns["pelvis_rotation"]
    np.testing.assert_allclose(np.diff(rotation), 7, atol=0.01)


def test_a_file_without_frames_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no frames"):
        export(tmp_path / "walk.mot", motion(0), "mot")
    assert list(tmp_path.iterdir()) == []


def test_opensim_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads the file, and moves a model of the same joints to the same places."""
    opensim = pytest.importorskip("opensim", reason="OpenSim is not installed")
    monkeypatch.chdir(tmp_path)  # it leaves a log
    data = as_motion(performed(4.0, seed=3))
    path, length = written(tmp_path, data), lengths(data)
    found = mot(path)
    table = opensim.TimeSeriesTable(str(path))
    assert list(table.getColumnLabels()) == NAMES
    assert table.getTableMetaDataString("inDegrees") == "yes"
    np.testing.assert_allclose(table.getIndependentColumn(), found.time_s, atol=1e-9)
    model = opensim_model(opensim, length)
    state = model.initSystem()
    model.getSimbodyEngine().convertDegreesToRadians(table)
    for row in range(0, table.getNumRows(), 10):
        for name in NAMES:
            value = table.getDependentColumn(name)[row]
            model.getCoordinateSet().get(name).setValue(state, value, False)
        model.assemble(state)
        model.realizePosition(state)
        for joint, place in ends(opensim, model, state, length).items():
            np.testing.assert_allclose(place, places(found, length, row)[joint], atol=1e-6)


def opensim_model(opensim: Any, length: dict[str, float]) -> Any:
    """The bodies of ``tests.support.opensim_model`` as a model of OpenSim's."""
    model = opensim.Model()
    bodies = {"pelvis": _body(opensim, model, "pelvis")}
    joint = _joint(opensim, "ground_pelvis", model.getGround(), (0, 0, 0), bodies["pelvis"], PELVIS)
    model.addJoint(joint)
    scale = (length["thigh"] + length["shank"]) / (0.491 * 1.70)
    for each in segments(length):
        bodies[each.name] = _body(opensim, model, each.name)
        size = scale if each.parent == "pelvis" else 1.0
        place = tuple(size * value for value in each.place)
        parent = bodies[each.parent]
        model.addJoint(_joint(opensim, each.name, parent, place, bodies[each.name], each.turns))
    return model


def _body(opensim: Any, model: Any, name: str) -> Any:
    body = opensim.Body(name, 1.0, opensim.Vec3(0), opensim.Inertia(1, 1, 1))
    model.addBody(body)
    return body


def _joint(
    opensim: Any,
    name: str,
    parent: Any,
    place: tuple[float, ...],
    child: Any,
    turns: tuple[tuple[str, tuple[float, float, float]], ...],
) -> Any:
    transform = opensim.SpatialTransform()
    # A hinge has two more axes, which nothing turns about.
    unused = (("", (1.0, 0.0, 0.0)), ("", (0.0, 1.0, 0.0)))[: 3 - len(turns)]
    moves = [(f"pelvis_t{axis}", tuple(np.eye(3)[number])) for number, axis in enumerate("xyz")]
    wanted = [*turns, *unused, *(moves if name == "ground_pelvis" else ())]
    for number, (coordinate, direction) in enumerate(wanted):
        axis = transform.updTransformAxis(number)
        axis.setAxis(opensim.Vec3(*direction))
        if coordinate:
            axis.setCoordinateNames(opensim.ArrayStr(coordinate, 1))
            axis.set_function(opensim.LinearFunction(1.0, 0.0))
    zero = opensim.Vec3(0)
    return opensim.CustomJoint(
        name, parent, opensim.Vec3(*place), zero, child, zero, zero, transform
    )


def ends(
    opensim: Any, model: Any, state: Any, length: dict[str, float]
) -> dict[str, NDArray[np.float64]]:
    """Where the ends of the limbs are."""
    result = {}
    at = {each.name: each.end for each in segments(length)}
    for name, joint in (
        ("tibia_r", "right_ankle"), ("tibia_l", "left_ankle"), ("femur_l", "left_knee"),
        ("radius_r", "right_wrist"), ("radius_l", "left_wrist"), ("torso", "thorax"),
    ):  # fmt: skip
        body = model.getBodySet().get(name)
        place = body.findStationLocationInGround(state, opensim.Vec3(*at[name]))
        result[joint] = place.to_numpy()
    return result
