"""The people in the video shown: colours, visibility, and the selected one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from app.render.colours import of_person, opacity
from app.ui.presenters.people_hints import Box, box_at
from models.skeleton import MIRROR, PELVIS
from models.visibility import seen_mask

if TYPE_CHECKING:
    from app.lifting.people import LiftedPerson
    from app.lifting.video import Found
    from app.motion.placement.together import Together

CLICK: Final = "Several people: click one for their plot, numbers and export"
SIDE_BY_SIDE: Final = "Side by side: their positions are unknown"
_HINT_S: Final = 8.0
_REACH_PERCENTILE: Final = 95
"""Percentile of the distance from the middle that counts as a person's reach."""
_BOX_MARGIN: Final = 0.35
"""Margin of a person's box around the joints, relative to the trunk."""


@dataclass(frozen=True, slots=True, eq=False)
class ShownPerson:
    """One of several people, in the frame shown."""

    number: int
    colour: str
    selected: bool
    xy: NDArray[np.float32]
    """(17, 2) joints in pixels."""
    conf: NDArray[np.float32]
    """(17,) in [0, 1]."""
    seen: NDArray[np.bool_]
    """(17,) which of them are drawn; none while the person is not in the picture."""
    box: Box | None
    """Left, top, right and bottom in pixels; None while the person is not in the picture."""
    joints: NDArray[np.float32]
    """(17, 3) metres in the room, y up, the floor at 0."""
    feet: NDArray[np.float32]
    """(4, 3) heels and toes in the same axes, NaN where unknown."""
    missing: NDArray[np.bool_]
    """(17,) which of the joints are not drawn."""
    opacity: NDArray[np.float32]
    """(17,) opacity of the joints, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One of several people, in the list of people."""

    number: int
    colour: str
    selected: bool
    hidden: bool
    in_view: bool
    """Whether the person is in the frame shown."""


@dataclass(frozen=True, slots=True)
class Roster:
    """The list of all people; empty if there are not several."""

    entries: tuple[Entry, ...] = ()
    note: str = ""
    """A note about their placement in the room; empty if there is none."""
    reach_m: float = 0.0
    """Largest distance of a person from the middle between them."""


EMPTY_ROSTER: Final = Roster()


class ShownPeople:
    """The people of a video; empty if it has only one person, or is not lifted yet."""

    def __init__(self) -> None:
        self.hidden: frozenset[int] = frozenset()
        self.selected = 0
        self._members: tuple[LiftedPerson, ...] = ()
        self._room: Together | None = None
        self._seen: list[NDArray[np.bool_]] = []
        self._reach_m = 0.0
        self._since: float | None = None

    def __bool__(self) -> bool:
        return bool(self._members)

    def update(self, found: Found) -> None:
        """Update from the present results of a clip."""
        if found.people is not self._members:
            self._members = found.people
            self._seen = [seen_mask(each.clip.track.conf) for each in found.people]
        if found.room is not self._room:
            self._room, self._reach_m = found.room, _reach(found.people, found.room)
        self.selected = next(
            (each.number for each in found.people if each.clip.track is found.track), 0
        )

    def toggle(self, number: int) -> None:
        """Hide a person, or show them again."""
        self.hidden ^= {number}

    def show(self, number: int) -> None:
        """Show a person again."""
        self.hidden -= {number}

    def at(self, row: int) -> tuple[ShownPerson, ...]:
        """Return the people in view in a frame, by number, without those who are hidden."""
        return tuple(
            self._shown_person(index, row)
            for index, each in enumerate(self._members)
            if each.number not in self.hidden and _in_view(each, row)
        )

    def roster(self, row: int) -> Roster:
        """Return the list of all people, as of a frame."""
        entries = tuple(
            Entry(
                each.number,
                of_person(each.number),
                selected=each.number == self.selected,
                hidden=each.number in self.hidden,
                in_view=row >= 0 and _in_view(each, row),
            )
            for each in self._members
        )
        note = "" if self._room is None or self._room.trusted else SIDE_BY_SIDE
        return Roster(entries, note, self._reach_m)

    def hint(self, now_s: float) -> str:
        """Return for ``_HINT_S`` the hint that people can be clicked; ``now_s`` is monotonic."""
        if not self._members:
            return ""
        self._since = now_s if self._since is None else self._since
        return CLICK if now_s - self._since < _HINT_S else ""

    def _shown_person(self, index: int, row: int) -> ShownPerson:
        member, room = self._members[index], self._room
        assert room is not None, "several people are always placed in a room"
        track, poses = member.clip.track, member.poses
        order = list(MIRROR) if poses.swapped[row] else slice(None)
        xy, conf = track.xy[row][order], track.conf[row][order]
        return ShownPerson(
            number=member.number,
            colour=of_person(member.number),
            selected=member.number == self.selected,
            xy=xy,
            conf=conf,
            seen=self._seen[index][row][order],
            box=_box(xy, member.clip.size) if track.tracked[row] else None,
            joints=room.joints[index][row],
            feet=room.feet[index][row],
            missing=poses.missing[row],
            opacity=opacity(conf),
        )


def at_place(people: tuple[ShownPerson, ...], x: float, y: float) -> ShownPerson | None:
    """Return the person at a position of the picture, in pixels; None if there is none."""
    boxes = {each.box: each for each in people if each.box is not None}
    hit = box_at(tuple(boxes), x, y)
    return None if hit is None else boxes[hit]


def _reach(members: tuple[LiftedPerson, ...], room: Together | None) -> float:
    """Return the reach of the person who moves farthest from the middle, in metres.

    That is the ``_REACH_PERCENTILE``-th percentile of their distance while they are in view.
    """
    if room is None:
        return 0.0
    away = [
        np.linalg.norm(joints[~each.poses.missing.all(axis=1), PELVIS][:, [0, 2]], axis=1)
        for each, joints in zip(members, room.joints, strict=True)
    ]
    far = [float(np.percentile(each, _REACH_PERCENTILE)) for each in away if len(each)]
    return max(far, default=0.0)


def _in_view(member: LiftedPerson, row: int) -> bool:
    return bool(member.clip.track.tracked[row] or not member.poses.missing[row].all())


def _box(xy: NDArray[np.float32], size: tuple[int, int]) -> Box | None:
    known = xy[np.isfinite(xy).all(axis=1)].astype(np.float64)
    if not len(known):
        return None
    around = _BOX_MARGIN * float(np.ptp(known[:, 1])) / 2.5
    left, top = np.maximum(known.min(axis=0) - around, 0.0).tolist()
    right, bottom = np.minimum(known.max(axis=0) + around, size).tolist()
    return left, top, right, bottom
