"""What the window says and shows of people other than the one followed; pure logic."""

from __future__ import annotations

from typing import Final

from app.packets import PeopleInView

Box = tuple[float, float, float, float]

CLICK: Final = "Several people: click an outlined one to follow them instead"
HIDDEN: Final = "The person followed is hidden; click another to follow them instead"
REPLACED: Final = "The person followed was lost, so now another is; click to change"
DIFFERENT: Final = "The skeleton in 3D does not fit the person in the picture"
MISFIT: Final = 0.1
"""Of the body's height in the picture, beyond which a pose is hardly that person's: of real films
the median is 0.6 %, the worst frame 2 %."""
LASTS_S: Final = 0.7
SAID_S: Final = 8.0


class PeopleHints:
    """Chooses the hint about several people: that one can choose, said once; and what happened."""

    def __init__(self) -> None:
        self._followed = 0
        self._replaced_at: float | None = None
        self._seen_at: float | None = None
        self._hidden_at: float | None = None
        self._explained = False

    def step(self, people: PeopleInView, now_s: float) -> str:
        """The hint to show now, or an empty string.  ``now_s`` is a monotonic time."""
        if people.followed != self._followed:
            self._followed = people.followed
            self._replaced_at = None if people.chosen else now_s
            self._explained = True  # whoever has clicked knows
        if self._replaced_at is not None and now_s - self._replaced_at < SAID_S:
            return REPLACED
        self._hidden_at = (self._hidden_at or now_s) if people.hidden else None
        if self._hidden_at is not None:
            # People who cross hide each other for less.
            return HIDDEN if now_s - self._hidden_at > LASTS_S else ""
        return self._explain(people, now_s)

    def _explain(self, people: PeopleInView, now_s: float) -> str:
        if people.others and self._seen_at is None:
            self._seen_at = now_s
        if self._seen_at is None or self._explained:
            return ""
        self._explained = now_s - self._seen_at > SAID_S
        return CLICK if people.others else ""


class FitHint:
    """Says when the figure in 3D is not that of the person in the picture."""

    def __init__(self) -> None:
        self._since: float | None = None

    def step(self, misfit: float | None, now_s: float) -> str:
        """The hint to show now, or an empty string.

        Args:
            misfit: how far they are apart, as a share of the body's height; None if nobody knows.
            now_s: a monotonic time.
        """
        if misfit is None or misfit < MISFIT:
            self._since = None
            return ""
        self._since = now_s if self._since is None else self._since
        return DIFFERENT if now_s - self._since > LASTS_S else ""


def box_at(boxes: tuple[Box, ...], x: float, y: float) -> Box | None:
    """The box that holds a point; of several the one whose middle is nearest."""
    hit = [box for box in boxes if box[0] <= x <= box[2] and box[1] <= y <= box[3]]
    return min(hit, key=lambda box: abs(box[0] + box[2] - 2 * x), default=None)
