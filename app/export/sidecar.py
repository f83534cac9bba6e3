"""The sidecar of a table, in JSON: the meaning of its numbers and how they were obtained."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from app import __version__
from app.export.events import described
from app.export.joints import joint_parents, named_joints
from app.motion.data import MotionData, Provenance
from models.level import CAMERA_LEVEL
from models.skeleton import JOINT_NAMES
from models.timing import LONGEST_GAP_S

SCHEMA_VERSION: Final = 1


def describe(data: MotionData, *, table_name: str, **differs: object) -> bytes:
    """Return the sidecar's contents, UTF-8.

    ``differs`` replaces or adds whole entries, where a format differs from the table.
    """
    said = description(data, table_name=table_name) | differs
    return json.dumps(said, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def describe_people(people: Sequence[MotionData], *, table_name: str, **differs: object) -> bytes:
    """The same for a table of several people; entries of single people are listed with them."""
    first = people[0]
    common = replace(first, provenance=replace(first.provenance, person=None))
    each = [description(data, table_name=table_name) for data in people]
    listed = [
        {**(data.provenance.person or {}), **{name: said[name] for name in _OF_ONE}}
        for data, said in zip(people, each, strict=True)
    ]
    return describe(common, table_name=table_name, **differs, **_NOT_OF_ALL, people=listed)


_OF_ONE: Final = ("scale", "quality", "position", "smoothing")
_NOT_OF_ALL: Final = {"scale": None, "quality": None}


def description(data: MotionData, *, table_name: str) -> dict[str, object]:
    """The sidecar's contents as a dictionary."""
    origin = data.provenance
    return {
        "schema_version": SCHEMA_VERSION,
        "program": {"name": "mixpose", "version": __version__},
        "table": table_name,
        "rows": len(data.frame),
        "joints": [
            {"name": name, "parent": None if parent < 0 else JOINT_NAMES[parent]}
            for name, parent in zip(named_joints(data), joint_parents(data), strict=True)
        ],
        "units": {"position": "metre", "time": "second", "confidence": "0 to 1"},
        "axes": _axes(data),
        "level": _level(data),
        "position": {"reference": "root-relative", "root": JOINT_NAMES[0]}
        if data.root is None
        else {"reference": "room", **(origin.placement or {})},
        "cells": {
            "seen": "x, y, z and conf",
            "filled": "x, y and z; conf is empty",
            "missing": "all four are empty",
        },
        "gaps": {"longest_filled_s": LONGEST_GAP_S},
        "scale": _scale(origin),
        "smoothing": dict(origin.smoothing),
        "corrections": [dict(each) for each in origin.corrections],
        "events": described(data),
        "selection": None if origin.selection is None else dict(origin.selection),
        "rate": {"nominal": origin.nominal_rate, "effective": data.effective_rate},
        "dropped": origin.dropped,
        "source": origin.source,
        "start_time": None
        if origin.started_at is None
        else origin.started_at.isoformat(timespec="milliseconds"),
        "weights": {"name": origin.weights_name, "sha256": origin.weights_sha256},
        "evidence": {"detector_depth": origin.detector_depth},
        "detector": None if origin.detector is None else dict(origin.detector),
        "quality": None if origin.quality is None else dict(origin.quality),
        **({} if origin.person is None else {"person": dict(origin.person)}),
        **({} if origin.asked is None else {"asked": dict(origin.asked)}),
    }


def _axes(data: MotionData) -> dict[str, object]:
    told = (data.provenance.placement or {}).get("told")
    across, along = "the image's right", "toward the camera"
    if isinstance(told, dict) and told.get("heading_deg") is not None:
        across, along = "to the left of who faces along z", "where a heading of 0 degrees faces"
    # Poses that are not placed in the room are upright in the picture: a camera that looks down
    # tilts them.
    as_filmed = bool(np.array_equal(data.axes, CAMERA_LEVEL))
    return {
        "x": across,
        "y": "up",
        "z": along,
        "handedness": "right",
        "up": "the image's" if as_filmed else "against gravity",
    }


def _level(data: MotionData) -> dict[str, object] | None:
    """Return the camera orientation, if known, from which ``up`` is computed."""
    level = data.level
    if level is None:
        return None
    return {
        "pitch_deg": round(level.pitch_deg, 2),
        "roll_deg": round(level.roll_deg, 2),
        "spread_deg": round(level.std_deg, 2),
        "told": level.given,
    }


def _scale(origin: Provenance) -> dict[str, object]:
    if origin.scale_bone is not None:
        return {"source": "bone", "height_m": None, **origin.scale_bone}
    source = "model" if origin.height_m is None else "height"
    return {"source": source, "height_m": origin.height_m}
