"""Colours with a meaning, and the two themes of the 3D view.

Blue and orange are distinguishable with every common form of colour blindness; they mark the
person's left and right in the 2D overlay, the 3D view, plots and exported pictures.  Red means
recording and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.skeleton import FOOT_JOINT_NAMES, SIDES

_LIGHTER: Final = 0.4
_DARKER: Final = 0.3
LEFT: Final = "#3B8FD9"
RIGHT: Final = "#E8862E"
MIDDLE: Final = "#C6CBD1"
RECORD: Final = "#E5383B"

SIDE_COLOURS: Final = {"left": LEFT, "right": RIGHT, "middle": MIDDLE}
PEOPLE: Final = (
    "#00A37A", "#E3D23C", "#7355D0", "#D65FA8", "#93D9C6", "#8A5A2B", "#BBA2F2", "#8F9200",
)  # fmt: skip
"""Colours of several people, by number; distinguishable with the common forms of colour blindness,
too (after Okabe and Ito, Color Universal Design, 2008), and different from those of the sides.
"""
DRAWN_SIDES: Final = (*SIDES, *(name.partition("_")[0] for name in FOOT_JOINT_NAMES))
"""The sides of the 17 joints and of heels and toes."""


@dataclass(frozen=True, slots=True)
class SceneTheme:
    """The colours behind and below the skeleton, as #rrggbb."""

    background: str
    line: str
    """Grid lines every half metre, where they are not faded."""
    strong_line: str
    """Lines every metre."""
    text: str
    """Axes, their letters, and the ring below the person."""
    shadow: str
    shadow_strength: float
    """Fraction of the shadow's colour where it is darkest, 0 to 1."""


DARK_SCENE: Final = SceneTheme(
    background="#151618",
    line="#24272A",
    strong_line="#363A3F",
    text="#8B929B",
    shadow="#000000",
    shadow_strength=0.75,
)
LIGHT_SCENE: Final = SceneTheme(
    background="#DFE3E7",
    line="#D0D5DA",
    strong_line="#B9C0C7",
    text="#68707A",
    shadow="#5C656F",
    shadow_strength=0.55,
)


def opacity(conf: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the opacity of joints by confidence: (..., 17) -> (..., 17) in [0.3, 1]."""
    firm = np.clip((np.nan_to_num(conf) - 0.4) / 0.4, 0.0, 1.0)
    result: NDArray[np.float32] = (0.3 + 0.7 * firm).astype(np.float32)
    return result


def of_person(number: int) -> str:
    """Return the colour of person 1, 2, ...; after the last colour they repeat."""
    return PEOPLE[(number - 1) % len(PEOPLE)]


def of_sides(colour: str | None) -> dict[str, str]:
    """Return the colours of left, right and middle: a light, a dark and the normal shade of
    ``colour``, or the usual colours of sides if it is None."""
    if colour is None:
        return SIDE_COLOURS
    return {
        "left": _mixed(colour, 255, _LIGHTER),
        "right": _mixed(colour, 0, _DARKER),
        "middle": colour,
    }


def _mixed(colour: str, ground: int, share: float) -> str:
    """Return a colour mixed with white or black."""
    mixed = (round(each + share * (ground - each)) for each in rgb(colour))
    return "#{:02X}{:02X}{:02X}".format(*mixed)


def rgb(colour: str) -> tuple[int, int, int]:
    """``"#3B8FD9"`` -> ``(59, 143, 217)``."""
    if len(colour) != 7 or colour[0] != "#":
        raise ValueError(f"expected a colour like #3B8FD9, got {colour!r}")
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
