"""The packages that are needed only for drawing clothed people."""

from __future__ import annotations

import importlib
from typing import Any

from app.errors import ClothedError


def load_extra(name: str) -> Any:
    """Import ``anny`` or ``moderngl``.

    Raises:
        ClothedError: it is not installed; the message says how to install it.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ClothedError(
            f"Drawing clothed people needs the package {name}. "
            "Install it with: pip install '.[clothed]'"
        ) from error
