"""The sidecar: everything design asks for, true of the table beside it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import app
from app.export.registry import export
from models.skeleton import JOINT_NAMES, PARENTS
from tests.support.motion import ORIGIN, motion


def sidecar(path: Path) -> dict[str, Any]:
    return json.loads(path.with_name(path.name + ".json").read_text("utf-8"))


def test_it_says_everything(tmp_path: Path) -> None:
    path = tmp_path / "Tanz.csv"
    export(path, motion(26))
    found = sidecar(path)
    assert [joint["name"] for joint in found.pop("joints")] == list(JOINT_NAMES)
    assert found == {
        "schema_version": 1,
        "program": {"name": "mixpose", "version": app.__version__},
        "table": "Tanz.csv",
        "rows": 26,
        "units": {"position": "metre", "time": "second", "confidence": "0 to 1"},
        "axes": {
            "x": "the image's right",
            "y": "up",
            "z": "toward the camera",
            "handedness": "right",
            "up": "the image's",
        },
        "level": None,
        "quality": None,
        "position": {"reference": "root-relative", "root": "pelvis"},
        "cells": {
            "seen": "x, y, z and conf",
            "filled": "x, y and z; conf is empty",
            "missing": "all four are empty",
        },
        "gaps": {"longest_filled_s": 0.5},
        "scale": {"source": "model", "height_m": None},
        "smoothing": {"method": "none", "parameters": {}},
        "corrections": [],
        "events": [],
        "selection": None,
        "rate": {"nominal": 30.0, "effective": 25.0},
        "dropped": 3,
        "source": "Kamera „Süd“",
        "start_time": "2026-11-21T09:30:00.250+01:00",
        "weights": {"name": "test-weights", "sha256": "ab" * 32},
        "evidence": {"detector_depth": False},
        "detector": {"name": "pose_landmarker_heavy", "size": "heavy", "sha256": "cd" * 32},
    }


def test_the_parents_are_the_skeletons(tmp_path: Path) -> None:
    export(tmp_path / "a.csv", motion(1))
    joints = sidecar(tmp_path / "a.csv")["joints"]
    indices = {joint["name"]: index for index, joint in enumerate(joints)}
    indices[None] = -1
    assert tuple(indices[joint["parent"]] for joint in joints) == PARENTS


def test_the_axes_are_right_handed() -> None:
    right, up, toward = np.eye(3)
    np.testing.assert_array_equal(np.cross(right, up), toward)


@pytest.mark.parametrize("frames", [0, 1])
def test_too_few_frames_have_no_rate(tmp_path: Path, frames: int) -> None:
    export(tmp_path / "a.csv", motion(frames))
    assert sidecar(tmp_path / "a.csv")["rate"]["effective"] is None


def test_a_known_height_and_an_unknown_start(tmp_path: Path) -> None:
    origin = replace(ORIGIN, height_m=1.82, started_at=None, nominal_rate=None)
    export(tmp_path / "a.csv", motion(2, origin=origin))
    found = sidecar(tmp_path / "a.csv")
    assert found["scale"] == {"source": "height", "height_m": 1.82}
    assert found["start_time"] is None
    assert found["rate"]["nominal"] is None
