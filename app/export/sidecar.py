"""The sidecar of a table: what its numbers mean and how they came about, as JSON."""

from __future__ import annotations

import json
from typing import Final

from app import __version__
from app.motion.data import MotionData
from models.skeleton import JOINT_NAMES, PARENTS

SCHEMA_VERSION: Final = 1


def describe(data: MotionData, *, table_name: str, **differs: object) -> bytes:
    """The sidecar's contents, UTF-8.

    ``differs`` replaces or adds whole entries, where a format is not like the table.
    """
    said = description(data, table_name=table_name) | differs
    return json.dumps(said, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def description(data: MotionData, *, table_name: str) -> dict[str, object]:
    """What the sidecar says, before it is text."""
    origin = data.provenance
    return {
        "schema_version": SCHEMA_VERSION,
        "program": {"name": "mixpose", "version": __version__},
        "table": table_name,
        "rows": len(data.frame),
        "joints": [
            {"name": name, "parent": None if parent < 0 else JOINT_NAMES[parent]}
            for name, parent in zip(JOINT_NAMES, PARENTS, strict=True)
        ],
        "units": {"position": "metre", "time": "second", "confidence": "0 to 1"},
        "axes": {
            "x": "the image's right",
            "y": "up",
            "z": "toward the camera",
            "handedness": "right",
        },
        "position": {"reference": "root-relative", "root": JOINT_NAMES[0]}
        if data.root is None
        else {"reference": "room", **(origin.placement or {})},
        "cells": {
            "seen": "x, y, z and conf",
            "filled": "x, y and z; conf is empty",
            "missing": "all four are empty",
        },
        "scale": {
            "source": "model" if origin.height_m is None else "height",
            "height_m": origin.height_m,
        },
        "smoothing": dict(origin.smoothing),
        "rate": {"nominal": origin.nominal_rate, "effective": data.effective_rate},
        "dropped": origin.dropped,
        "source": origin.source,
        "start_time": None
        if origin.started_at is None
        else origin.started_at.isoformat(timespec="milliseconds"),
        "weights": {"name": origin.weights_name, "sha256": origin.weights_sha256},
        "evidence": {"detector_depth": origin.detector_depth},
    }
