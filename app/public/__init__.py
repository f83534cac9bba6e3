"""The package ``mixpose``, as which this folder is installed.

Installed, the program is one package that holds what the repository's top level holds: ``app``,
``models`` and ``weights``.  Such common names must not lie in ``site-packages`` themselves, where
another distribution's ``app`` and this one would overwrite each other's files.  The program
imports its rooms as ``app`` and ``models`` all the same: importing ``mixpose`` puts their folder on
the module path, in front, lest an ``app.py`` in the current folder be taken for ours.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

# In this package, or in the checkout that an editable installation leads to.
_ROOMS = str(Path(str(import_module(f"{__name__}.app").__file__)).parents[1])
if _ROOMS not in sys.path:
    sys.path.insert(0, _ROOMS)

from app import __version__  # noqa: E402

__all__ = ["__version__"]
