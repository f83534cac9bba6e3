"""Everybody in the video shown: who is drawn, in which colour, and who is selected."""

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
    from app.lifting.people import Member
    from app.lifting.video import Found
    from app.motion.placement.together import Together

CLICK: Final = "Several people: click one for their plot, numbers and export"
BESIDE: Final = "Side by side: where they stand cannot be told"
_SAID_S: Final = 8.0
_NEARLY: Final = 95
"""Per cent of the time."""
_AROUND: Final = 0.35
"""How far somebody reaches past their joints, relative to the trunk."""


@dataclass(frozen=True, slots=True, eq=False)
class Companion:
    """One of several people in the frame shown."""

    number: int
    colour: str
    selected: bool
    xy: NDArray[np.float32]
    """(17, 2) joints in pixels."""
    conf: NDArray[np.float32]
    """(17,) in [0, 1]."""
    seen: NDArray[np.bool_]
    """(17,) which of them are drawn; none while they are not in the picture."""
    box: Box | None
    """Left, top, right and bottom in pixels; None while they are not in the picture."""
    joints: NDArray[np.float32]
    """(17, 3) metres in the room, y up, the floor at 0."""
    feet: NDArray[np.float32]
    """(4, 3) heels and toes likewise, NaN where they are not known."""
    missing: NDArray[np.bool_]
    """(17,) which of the joints are not drawn."""
    opacity: NDArray[np.float32]
    """(17,) how firmly they are, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One of several people, in the list of them."""

    number: int
    colour: str
    selected: bool
    hidden: bool
    in_view: bool
    """In the frame shown."""


@dataclass(frozen=True, slots=True)
class Roster:
    """The list of all people; empty where there are not several."""

    entries: tuple[Entry, ...] = ()
    said: str = ""
    """What is to be known of where they stand."""
    reach_m: float = 0.0
    """How far they get from the middle between them."""


NOBODY_ELSE: Final = Roster()


class ShownPeople:
    """The people of a video; nobody of what has one person, or is not lifted yet."""

    def __init__(self) -> None:
        self.hidden: frozenset[int] = frozenset()
        self.selected = 0
        self._members: tuple[Member, ...] = ()
        self._room: Together | None = None
        self._seen: list[NDArray[np.bool_]] = []
        self._reach_m = 0.0
        self._since: float | None = None

    def __bool__(self) -> bool:
        return bool(self._members)

    def take_up(self, found: Found) -> None:
        """Show what is known by now."""
        if found.people is not self._members:
            self._members = found.people
            self._seen = [seen_mask(each.clip.track.conf) for each in found.people]
        if found.room is not self._room:
            self._room, self._reach_m = found.room, _reach(found.people, found.room)
        self.selected = next(
            (each.number for each in found.people if each.clip.track is found.track), 0
        )

    def toggle(self, number: int) -> None:
        """Hide somebody, or show them again."""
        self.hidden ^= {number}

    def show(self, number: int) -> None:
        """Hide somebody no longer."""
        self.hidden -= {number}

    def at(self, row: int) -> tuple[Companion, ...]:
        """Whoever is in view in a frame, by number, without those who are hidden."""
        return tuple(
            self._companion(index, row)
            for index, each in enumerate(self._members)
            if each.number not in self.hidden and _in_view(each, row)
        )

    def roster(self, row: int) -> Roster:
        """The list of all, in a frame."""
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
        said = "" if self._room is None or self._room.trusted else BESIDE
        return Roster(entries, said, self._reach_m)

    def hint(self, now_s: float) -> str:
        """That one can be chosen, for a while; ``now_s`` is a monotonic time."""
        if not self._members:
            return ""
        self._since = now_s if self._since is None else self._since
        return CLICK if now_s - self._since < _SAID_S else ""

    def _companion(self, index: int, row: int) -> Companion:
        member, room = self._members[index], self._room
        assert room is not None, "where there are people there is a room"
        track, poses = member.clip.track, member.poses
        order = list(MIRROR) if poses.swapped[row] else slice(None)
        xy, conf = track.xy[row][order], track.conf[row][order]
        return Companion(
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


def at_place(people: tuple[Companion, ...], x: float, y: float) -> Companion | None:
    """Who is at a place of the picture, in pixels."""
    boxes = {each.box: each for each in people if each.box is not None}
    hit = box_at(tuple(boxes), x, y)
    return None if hit is None else boxes[hit]


def _reach(members: tuple[Member, ...], room: Together | None) -> float:
    """Metres from the middle, nearly always; while somebody is in view."""
    if room is None:
        return 0.0
    away = [
        np.linalg.norm(joints[~each.poses.missing.all(axis=1), PELVIS][:, [0, 2]], axis=1)
        for each, joints in zip(members, room.joints, strict=True)
    ]
    far = [float(np.percentile(each, _NEARLY)) for each in away if len(each)]
    return max(far, default=0.0)


def _in_view(member: Member, row: int) -> bool:
    return bool(member.clip.track.tracked[row] or not member.poses.missing[row].all())


def _box(xy: NDArray[np.float32], size: tuple[int, int]) -> Box | None:
    known = xy[np.isfinite(xy).all(axis=1)].astype(np.float64)
    if not len(known):
        return None
    around = _AROUND * float(np.ptp(known[:, 1])) / 2.5
    left, top = np.maximum(known.min(axis=0) - around, 0.0).tolist()
    right, bottom = np.minimum(known.max(axis=0) + around, size).tolist()
    return left, top, right, bottom
