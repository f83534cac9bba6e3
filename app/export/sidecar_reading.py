"""Reading the sidecar beside a file, whatever program wrote it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from app.export.registry import sidecar_of

_MAX_BYTES: Final = 2**20
"""A sidecar is a few kilobytes; nothing larger is one of ours."""


def content(table: Path) -> dict[str, Any]:
    """The sidecar of ``table``; empty if there is none, or if it is not ours or damaged."""
    try:
        with sidecar_of(table).open("rb") as file:
            found = json.loads(file.read(_MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def is_export(path: Path) -> bool:
    """Whether ``path`` is a file exported by this program, according to its sidecar."""
    program = content(path).get("program")
    return isinstance(program, dict) and program.get("name") == "mixpose"
