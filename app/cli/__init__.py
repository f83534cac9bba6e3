"""The commands: parse arguments, call the application layer, print its messages.

``main`` is the entry point.  Importing this package is cheap: each command imports what it needs
when it runs, so that ``--help`` is fast.
"""

from __future__ import annotations

from app.cli.main import main

__all__ = ["main"]
