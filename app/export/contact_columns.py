"""Feet that stand, in files: what the columns are called, and what the sidecar says of them.

They are there if the person was placed in the room.  Formats without room for columns do without:
C3D has events of its own for foot strikes, but those are what a laboratory has measured or somebody
has marked, and programs that count steps would take what a webcam makes of them for that.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.motion.data import ANKLES, FEET, MotionData

COLUMNS: Final = tuple(f"{side}_foot_contact" for side in FEET)


def contacts(data: MotionData, rows: slice = slice(None)) -> NDArray[np.float64] | None:
    """(R, 2) of ``rows``: 1 where a foot stands, 0 where it does not, NaN where nobody can say,
    because its ankle was not seen or the person has no place in the room; None if not placed."""
    if data.contacts is None:
        return None
    known = data.seen[rows][:, ANKLES]
    if data.root is not None:
        known &= np.isfinite(data.root[rows, :1])
    return np.where(known, data.contacts[rows].astype(np.float64), np.nan)


def described(data: MotionData) -> dict[str, object]:
    """Entries for ``app.export.sidecar.describe``; none if the person was not placed."""
    if data.contacts is None:
        return {}
    # Imports SciPy, which whoever placed somebody has done, and who starts the window need not.
    from app.motion.placement.contacts import CRITERION

    return {
        "contacts": {
            "columns": list(COLUMNS),
            "true": "the foot stands",
            "unknown": "the ankle was not seen, or the person's place is not known",
            "criterion": CRITERION,
        }
    }
