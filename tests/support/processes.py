"""Processes that this one has started."""

from __future__ import annotations

import contextlib

import psutil


def spawned() -> list[psutil.Process]:
    """Those of multiprocessing's that still do something, beside its own that watches shared
    memory."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it has ended meanwhile, or nobody has asked how
            if "spawn_main" in " ".join(child.cmdline()):
                found.append(child)
    return found
