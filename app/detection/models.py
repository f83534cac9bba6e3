"""The sizes of MediaPipe's landmark model that are shipped, and their properties."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, Literal, get_args

from app.errors import DetectorError
from models import WEIGHTS_DIR

Size = Literal["lite", "full", "heavy"]
SIZES: Final[tuple[Size, ...]] = get_args(Size)
"""Fastest first."""
FOR_VIDEOS: Final[Size] = "heavy"
"""Default for files, where time does not matter."""
FOR_LIVE: Final[Size] = "full"
"""Default for live sources, until the machine's speed has been measured."""
WHY: Final[dict[Size, str]] = {
    "lite": "this computer is too slow for a larger one at the source's rate",
    "heavy": "this computer has time enough for it",
}
"""Shown as the reason for which the program has chosen a size for a live source."""


@dataclass(frozen=True, slots=True)
class Model:
    """One size."""

    words: str
    """Its name in the window."""
    sha256: str
    """Checksum of the bundle."""


MODELS: Final[dict[Size, Model]] = {
    "lite": Model(
        words="Faster",
        sha256="83cabe55b556d641545f334e8a989026ced18efa2717298c06ee4ce433a48e4a",
    ),
    "full": Model(
        words="Balanced",
        sha256="b28da7bb2d1ed2e939ddf808a6c0966b0a7fa30ab34083639d3595c24f37683a",
    ),
    "heavy": Model(
        words="Most accurate",
        sha256="a342c4c4c423d43929ab29f3156a8a0911660aad237dcf912067e16075f467c3",
    ),
}


def bundle(size: Size) -> bytes:
    """Read the bundle that MediaPipe opens.

    Raises:
        DetectorError: it is absent or damaged.
    """
    path = WEIGHTS_DIR / f"{_name(size)}.task"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DetectorError(
            f"The pose model {path} cannot be read ({error.strerror}). Install the program again."
        ) from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != MODELS[size].sha256:
        raise DetectorError(
            f"The pose model {path} is damaged: its SHA-256 is {digest}, not "
            f"{MODELS[size].sha256}. Install the program again."
        )
    return content


def about(size: Size) -> dict[str, object]:
    """The model's ``name``, ``size`` and ``sha256``, as written to files."""
    return {"name": _name(size), "size": size, "sha256": MODELS[size].sha256}


def _name(size: Size) -> str:
    return f"pose_landmarker_{size}"
