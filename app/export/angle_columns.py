"""Joint angles in files: what the columns are called, and what the sidecar says of them."""

from __future__ import annotations

from typing import Final

from app.motion.angles import ANGLES
from app.motion.data import MotionData

COLUMNS: Final = tuple(f"{angle.name}_deg" for angle in ANGLES)
DECIMALS: Final = 3


def described(data: MotionData) -> dict[str, object]:
    """Entries for ``app.export.sidecar.describe``; none if there are no angles."""
    if data.angles is None:
        return {}
    return {
        "angles": [
            {"column": column, "zero": angle.zero, "positive": angle.positive}
            for column, angle in zip(COLUMNS, ANGLES, strict=True)
        ]
    }
