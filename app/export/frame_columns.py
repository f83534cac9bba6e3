"""Columns of a whole frame, after all others: joint angles and foot contacts.

Each exists only if it was computed.  In tables with a row for each joint they are repeated, like
``tracked`` and ``event``, in all rows of their frame.

Foot contacts are known if the person was placed in the room.  Formats without columns do not
contain them: C3D has events for foot strikes, but those are measured in a laboratory or marked by
hand, and programs that count steps would not distinguish estimates from a webcam.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.motion.angles import ANGLES
from app.motion.data import ANKLES, FEET, MotionData

ANGLE_COLUMNS: Final = tuple(f"{angle.name}_deg" for angle in ANGLES)
CONTACT_COLUMNS: Final = tuple(f"{side}_foot_contact" for side in FEET)
DECIMALS: Final = 3
"""Decimals of angles in degrees."""
_EMPTY, _ANGLE, _CONTACT = range(3)
FORMATS: Final = ("", f"%.{DECIMALS}f", "%d")
"""Format of a cell, by its state."""


def names(data: MotionData) -> tuple[str, ...]:
    """The columns, in order."""
    angles = () if data.angles is None else ANGLE_COLUMNS
    return (*angles, *(() if data.contacts is None else CONTACT_COLUMNS))


def values(data: MotionData, rows: slice) -> NDArray[np.float64]:
    """Return (R, E) values of ``rows`` for E columns, NaN where unknown."""
    parts = [np.empty((len(data.frame[rows]), 0))]
    if data.angles is not None:
        # + 0.0 after rounding: otherwise tiny negative values are written as -0.000.
        parts.append(np.round(data.angles[rows], DECIMALS) + 0.0)
    stands = contacts(data, rows)
    return np.column_stack(parts if stands is None else [*parts, stands])


def states(data: MotionData, found: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return (R, E) formats of the values ``found`` by :func:`values`, as indices into
    :data:`FORMATS`."""
    kinds = np.full(found.shape[1], _CONTACT, np.uint8)
    kinds[: 0 if data.angles is None else len(ANGLE_COLUMNS)] = _ANGLE
    return np.where(np.isfinite(found), kinds, _EMPTY).astype(np.uint8)


def contacts(data: MotionData, rows: slice = slice(None)) -> NDArray[np.float64] | None:
    """Return (R, 2) for ``rows``: 1 where a foot stands, 0 where it does not, NaN where its ankle
    was not seen or the person is not placed in the room; None if nothing is placed."""
    if data.contacts is None:
        return None
    known = data.seen[rows][:, ANKLES]
    if data.root is not None:
        known &= np.isfinite(data.root[rows, :1])
    return np.where(known, data.contacts[rows].astype(np.float64), np.nan)


def described(data: MotionData) -> dict[str, object]:
    """Return entries for ``app.export.sidecar.describe``."""
    found: dict[str, object] = {}
    if data.angles is not None:
        found["angles"] = [
            {"column": column, "zero": angle.zero, "positive": angle.positive}
            for column, angle in zip(ANGLE_COLUMNS, ANGLES, strict=True)
        ]
    if data.contacts is not None:
        # Imports SciPy: already loaded after a placement, not wanted at the window's start.
        from app.motion.placement.contacts import CRITERION

        found["contacts"] = {
            "columns": list(CONTACT_COLUMNS),
            "true": "the foot stands",
            "unknown": "the ankle was not seen, or the person's place is not known",
            "criterion": CRITERION,
        }
    return found
