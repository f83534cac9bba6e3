"""Reading the sidecar of a file, which may be from another program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from app.export.registry import sidecar_of

_MAX_BYTES: Final = 2**20
"""Maximum size: our sidecars have a few kilobytes."""


def content(table: Path) -> dict[str, Any]:
    """Return the sidecar of ``table``; empty if there is none, or it is not ours, or damaged."""
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
