"""The commands: arguments in, files and plain sentences out.

``main`` is the way in.  Importing this package is cheap: each command imports what it needs when it
runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

from app.cli.main import main

__all__ = ["main"]
