"""The command that started this process."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

_AS_MODULE: Final = "python -m mixpose"


def name(started_as: str) -> str:
    """Return the command of the program: ``mixpose``, or ``python run_app.py`` in a checkout.

    Args:
        started_as: the script that Python was started with, ``sys.argv[0]``.
    """
    path = Path(started_as)
    # An editable installation's package is the folder app/public.
    if path.name == "__main__.py" and path.parent.name in ("mixpose", "public"):
        return _AS_MODULE
    if path.stem in ("mixpose", "mixpose-gui"):
        return "mixpose"
    return "python run_app.py"


PROGRAM: Final = name(sys.argv[0])


def starting_again() -> list[str]:
    """Return the command line that starts the program in the same way, from any folder."""
    if PROGRAM == _AS_MODULE:
        return [sys.executable, "-m", "mixpose"]
    script = os.path.abspath(sys.argv[0])  # noqa: PTH100  # a link stays: it outlives an update
    return [script] if PROGRAM == "mixpose" else [sys.executable, script]
