"""Cross-fading of two tracks of the same body, where a video was cut."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.lifting.clip import BODY, Track
from models.skeleton import JOINT

SAME: Final = 0.3
"""Trunk lengths: bodies whose joints are closer than this in the median are the same."""
_TRUNK: Final = (JOINT["thorax"], JOINT["pelvis"])


def blended(earlier: Track, later: Track, start_s: float, blend_s: float) -> Track:
    """``earlier``, cross-faded into ``later`` of the same frames in the ``blend_s`` seconds before
    ``start_s``."""
    share = (earlier.time_s - (start_s - blend_s)) / blend_s
    share = np.where(_near(earlier, later), share, 0.0)
    mixed: dict[str, Any] = {
        name: _mixed(getattr(earlier, name), getattr(later, name), share) for name in BODY
    }
    return replace(earlier, **mixed)


def distance(earlier: Track, later: Track) -> NDArray[np.floating]:
    """(N,) median distance between the joints of two tracks of the same frames, in trunk lengths;
    NaN where one was not found."""
    away = np.linalg.norm(earlier.xy - later.xy, axis=-1)
    return np.asarray(np.median(away, axis=-1) / _trunk(earlier))


def _near(earlier: Track, later: Track) -> NDArray[np.bool_]:
    """(N,) where all joints are close enough for their mean to make sense."""
    away = np.linalg.norm(earlier.xy - later.xy, axis=-1).max(axis=-1)
    return np.asarray(away < SAME * _trunk(earlier), np.bool_)


def _trunk(track: Track) -> NDArray[np.floating]:
    """(N,) trunk lengths in pixels, at least 1."""
    upper, lower = (track.xy[:, joint] for joint in _TRUNK)
    return np.asarray(np.maximum(np.linalg.norm(upper - lower, axis=-1), 1.0))


def _mixed(
    earlier: NDArray[np.float32], later: NDArray[np.float32], share: NDArray[np.floating]
) -> NDArray[np.float32]:
    share = share.reshape(-1, *[1] * (earlier.ndim - 1))
    mixed = np.where(share > 0, earlier + share * (later - earlier), earlier)
    return mixed.astype(np.float32)
