"""How much memory this process holds."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Final

_STATM: Final = Path("/proc/self/statm")


def resident_mb() -> float | None:
    """Resident memory in MB (10^6 bytes); None where the system does not tell (not Linux)."""
    try:
        pages = int(_STATM.read_text().split()[1])
    except FileNotFoundError:
        return None
    return pages * mmap.PAGESIZE / 1e6
