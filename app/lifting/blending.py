"""One track that goes over into another of the same body, where a video was cut."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.lifting.clip import BODY, Track
from models.skeleton import JOINT

BLEND_S: Final = 0.5
"""At the end of the lead-in one track goes over into the other."""
SAME: Final = 0.3
"""Of the trunk's length: bodies whose joints are typically nearer than this are one."""
_TRUNK: Final = (JOINT["thorax"], JOINT["pelvis"])


def blended(earlier: Track, later: Track, start_s: float) -> Track:
    """``earlier``, which goes over into ``later`` of the same moments up to ``start_s``."""
    share = (earlier.time_s - (start_s - BLEND_S)) / BLEND_S
    share = np.where(_near(earlier, later), share, 0.0)
    mixed: dict[str, Any] = {
        name: _mixed(getattr(earlier, name), getattr(later, name), share) for name in BODY
    }
    return replace(earlier, **mixed)


def apart(earlier: Track, later: Track) -> NDArray[np.floating]:
    """(N,) how far the bodies of two tracks of the same moments are from each other, in lengths of
    the trunk; NaN where one is not there."""
    away = np.linalg.norm(earlier.xy - later.xy, axis=-1)
    return np.asarray(np.median(away, axis=-1) / _trunk(earlier))


def _near(earlier: Track, later: Track) -> NDArray[np.bool_]:
    """(N,) where no joint is so far off that the mean of both would be neither."""
    away = np.linalg.norm(earlier.xy - later.xy, axis=-1).max(axis=-1)
    return np.asarray(away < SAME * _trunk(earlier), np.bool_)


def _trunk(track: Track) -> NDArray[np.floating]:
    """(N,) pixels, at least 1."""
    upper, lower = (track.xy[:, joint] for joint in _TRUNK)
    return np.asarray(np.maximum(np.linalg.norm(upper - lower, axis=-1), 1.0))


def _mixed(
    earlier: NDArray[np.float32], later: NDArray[np.float32], share: NDArray[np.floating]
) -> NDArray[np.float32]:
    share = share.reshape(-1, *[1] * (earlier.ndim - 1))
    mixed = np.where(share > 0, earlier + share * (later - earlier), earlier)
    return mixed.astype(np.float32)
