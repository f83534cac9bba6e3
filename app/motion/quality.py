"""How far lifted motion can be trusted, told from itself: what was seen, and how well it fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.motion.data import MotionData
from app.motion.placement.lens import Lens
from app.motion.placement.position import estimate_position

AVERAGE_HEIGHT_M: Final = 1.7
"""Of the body that the networks give where nobody says how tall the person is."""
MOST_NOBODY: Final = 0.2
MOST_SWAPPED: Final = 0.1
MOST_MISFIT: Final = 0.0135
"""Of the body height, in the median frame: half as much again as on four real clips of people in
full view, which had 0.7 to 0.9 %.  Poses of another moment of the same clips had 1.7 to 8 %."""
_FEWEST_JOINTS: Final = 4


@dataclass(frozen=True, slots=True)
class Quality:
    """Shares of the frames of a motion, 0 to 1, and its distance from what was seen."""

    nobody: float
    """In which nobody was found."""
    bridged: float
    """In which nobody was found, but whose pose was bridged from frames nearby."""
    other_person: float
    """Of others than the person followed the longest."""
    swapped: float
    """In which the detector had taken left for right."""
    misfit_median: float | None
    """Typical distance of the joints seen from the lifted pose, where it fits best under the lens,
    as a share of the body height: in the median frame.  None if nothing can be compared."""
    misfit_95: float | None
    """The same, which 95 % of the frames do not exceed."""

    def described(self) -> dict[str, object]:
        """JSON values, in percent."""
        return {
            "frames_pct": {
                "nobody": _percent(self.nobody),
                "bridged": _percent(self.bridged),
                "other_person": _percent(self.other_person),
                "left_right_repaired": _percent(self.swapped),
            },
            "misfit_pct_of_height": {
                "median": None if self.misfit_median is None else _percent(self.misfit_median),
                "percentile_95": None if self.misfit_95 is None else _percent(self.misfit_95),
            },
        }

    def in_words(self) -> str:
        """One line."""
        parts = []
        if self.nobody > 0:
            parts.append(f"nobody in {_at_least_one(self.nobody)} of the frames")
        for share, words in (
            (self.bridged, "bridged"),
            (self.other_person, "of another person"),
            (self.swapped, "left and right repaired"),
        ):
            if share > 0:
                parts.append(f"{words} {_at_least_one(share)}")
        if self.misfit_median is not None and self.misfit_95 is not None:
            parts.append(
                f"3D off the picture by {self.misfit_median:.1%} of the height (in 95 of 100 "
                f"frames by less than {self.misfit_95:.1%})"
            )
        return ", ".join(parts) or "a person in every frame"

    def warnings(self) -> tuple[str, ...]:
        """A sentence for each thing that is worse than it should be."""
        said = []
        if self.nobody > MOST_NOBODY:
            said.append(
                f"Nobody was found in {self.nobody:.0%} of the frames. Is the person in the "
                "picture, large enough and well lit?"
            )
        if self.swapped > MOST_SWAPPED:
            said.append(
                f"Left and right were confused in {self.swapped:.0%} of the frames and repaired; "
                "check some of them."
            )
        if self.misfit_median is not None and self.misfit_median > MOST_MISFIT:
            said.append(
                f"The 3D does not fit what was seen: it is off by {self.misfit_median:.1%} of the "
                "body height in the typical frame. Do not rely on it unchecked."
            )
        return tuple(said)


def judge(data: MotionData) -> Quality:
    """The quality of raw motion: as lifted, before anything else was done to it."""
    count = max(1, len(data.frame))
    swapped = np.zeros(0, bool) if data.swapped is None else data.swapped
    away = misfit(data)
    known = away[np.isfinite(away)]
    longest = max((each.stop - each.start for each in _of_each(data)), default=0)
    return Quality(
        nobody=float(np.count_nonzero(~data.tracked)) / count,
        bridged=float(np.count_nonzero(~data.tracked & data.filled.any(axis=1))) / count,
        other_person=0.0 if not longest else 1.0 - longest / count,
        swapped=float(np.count_nonzero(swapped)) / count,
        misfit_median=float(np.median(known)) if len(known) else None,
        misfit_95=float(np.quantile(known, 0.95)) if len(known) else None,
    )


def _of_each(data: MotionData) -> tuple[slice, ...]:
    return data.people if len(data.frame) else ()


def misfit(data: MotionData) -> NDArray[np.float64]:
    """(N,) mean distance of a frame's joints from where they were seen, as a share of the body
    height, with the pose put where it fits best; NaN where too few were seen."""
    lens = Lens.of(data.size, None, data.provenance.fov_deg)
    seen = data.seen & np.isfinite(data.xy).all(axis=-1)
    joints = data.xyz.astype(np.float64)
    slopes = np.nan_to_num(lens.slopes(data.xy))
    place = estimate_position(joints, slopes, seen.astype(np.float64)).place
    points = joints + place[:, None]
    off = np.linalg.norm(points[..., :2] - slopes * points[..., 2:], axis=-1)
    count = seen.sum(axis=1)
    mean = np.where(seen, off, 0.0).sum(axis=1) / np.maximum(count, 1)
    height_m = data.provenance.height_m or AVERAGE_HEIGHT_M
    return np.asarray(np.where(count >= _FEWEST_JOINTS, mean / height_m, np.nan))


def _percent(share: float) -> float:
    return round(100 * share, 2)


def _at_least_one(share: float) -> str:
    return "<1%" if share < 0.01 else f"{share:.0%}"
