"""What tables have of a whole frame after everything else: joint angles, feet that stand.

Each is there only if it was computed.  In tables with a row for each joint they stand, as
``tracked`` and ``event`` do, in all rows of their frame.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.export import angle_columns, contact_columns
from app.motion.data import MotionData

_EMPTY, _ANGLE, _CONTACT = range(3)
FORMATS: Final = ("", f"%.{angle_columns.DECIMALS}f", "%d")
"""How a cell is written, by its state."""


def names(data: MotionData) -> tuple[str, ...]:
    """The columns, in order."""
    angles = () if data.angles is None else angle_columns.COLUMNS
    return (*angles, *(() if data.contacts is None else contact_columns.COLUMNS))


def values(data: MotionData, rows: slice) -> NDArray[np.float64]:
    """(R, E) the numbers of ``rows`` for E columns, NaN where there is none."""
    parts = [np.empty((len(data.frame[rows]), 0))]
    if data.angles is not None:
        # + 0.0 after rounding: half a unit of the last place is -0.000 otherwise.
        parts.append(np.round(data.angles[rows], angle_columns.DECIMALS) + 0.0)
    stands = contact_columns.contacts(data, rows)
    return np.column_stack(parts if stands is None else [*parts, stands])


def states(data: MotionData, found: NDArray[np.float64]) -> NDArray[np.uint8]:
    """(R, E) how the numbers ``found`` by :func:`values` are written: indices into
    :data:`FORMATS`."""
    kinds = np.full(found.shape[1], _CONTACT, np.uint8)
    kinds[: 0 if data.angles is None else len(angle_columns.COLUMNS)] = _ANGLE
    return np.where(np.isfinite(found), kinds, _EMPTY).astype(np.uint8)


def described(data: MotionData) -> dict[str, object]:
    """Entries for ``app.export.sidecar.describe``."""
    return angle_columns.described(data) | contact_columns.described(data)
