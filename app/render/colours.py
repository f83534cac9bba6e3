"""The colours that mean something, and the two grounds the 3D view is drawn on.

Blue and orange stay apart for every common form of colour blindness; they mark the person's left
and right in the 2D overlay, the 3D view, plots and exported pictures alike.  Red is recording and
nothing else.
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
"""Of several people each has one, by number; to be told apart by the common forms of colour
blindness too (after Okabe and Ito, Color Universal Design, 2008), and none is that of a side alone.
"""
DRAWN_SIDES: Final = (*SIDES, *(name.partition("_")[0] for name in FOOT_JOINT_NAMES))
"""Of the 17 joints and of heels and toes."""


@dataclass(frozen=True, slots=True)
class SceneTheme:
    """What lies behind and below the skeleton, as #rrggbb."""

    background: str
    line: str
    """Grid lines every half metre, where they have not yet faded."""
    strong_line: str
    """Lines every metre."""
    text: str
    """Axes, their letters, and the ring below the person."""
    shadow: str
    shadow_strength: float
    """Share of the shadow's colour where it is darkest, 0 to 1."""


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
    """How firmly joints of this confidence are drawn: (..., 17) -> (..., 17) in [0.3, 1]."""
    firm = np.clip((np.nan_to_num(conf) - 0.4) / 0.4, 0.0, 1.0)
    result: NDArray[np.float32] = (0.3 + 0.7 * firm).astype(np.float32)
    return result


def of_person(number: int) -> str:
    """The colour of person 1, 2, ...; beyond the last they begin again, and the number tells."""
    return PEOPLE[(number - 1) % len(PEOPLE)]


def of_sides(colour: str | None) -> dict[str, str]:
    """The colours of left, right and middle: of a person who has a colour, a light, a dark and that
    shade of it."""
    if colour is None:
        return SIDE_COLOURS
    return {
        "left": _mixed(colour, 255, _LIGHTER),
        "right": _mixed(colour, 0, _DARKER),
        "middle": colour,
    }


def _mixed(colour: str, ground: int, share: float) -> str:
    """A colour with some white or black in it."""
    mixed = (round(each + share * (ground - each)) for each in rgb(colour))
    return "#{:02X}{:02X}{:02X}".format(*mixed)


def rgb(colour: str) -> tuple[int, int, int]:
    """``"#3B8FD9"`` -> ``(59, 143, 217)``."""
    if len(colour) != 7 or colour[0] != "#":
        raise ValueError(f"expected a colour like #3B8FD9, got {colour!r}")
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
