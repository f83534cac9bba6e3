"""The option that says whom of several people to follow."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from app.cli.exits import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from app.detection.following import Choice

_TRIED_S: Final = 0.75
"""So long after its moment a choice is surely met, or given up."""
_AROUND: Final = 0.6
"""How far a person reaches past their joints, in lengths of the trunk."""
_PLACE: Final = re.compile(r"(\d+(?:\.\d+)?),(\d+(?:\.\d+)?)(?:@(\d+(?:\.\d+)?))?")


def add(parser: argparse.ArgumentParser) -> None:
    """Give ``parser`` the option --person."""
    parser.add_argument(
        "--person",
        metavar="X,Y[@S]",
        type=_choice,
        help="of several people follow the one who is at this place of the picture, in pixels from "
        "its upper left corner, S seconds after the beginning (default: the largest at first)",
    )


def choices(options: argparse.Namespace) -> tuple[Choice, ...]:
    """Whom ``options`` ask to follow.

    Raises:
        UsageError: a place in the picture is given for more than one video.
    """
    if options.person is None:
        return ()
    from app.cli import batch_options

    if options.command == "lift" and (len(options.sources) > 1 or batch_options.wanted(options)):
        raise UsageError("--person is a place in one video's picture; lift that video by itself")
    return (options.person,)


def unmet(
    choices: Sequence[Choice],
    time_s: NDArray[np.float64],
    xy: NDArray[np.float32],
    size: tuple[int, int],
) -> Iterator[str]:
    """A sentence for each choice after which the one followed was not there.

    Args:
        choices: what was asked for.
        time_s: (N,) of the frames, N >= 1.
        xy: (N, 17, 2) joints of whoever was followed, in pixels; NaN where nobody was.
        size: of the picture.
    """
    import numpy as np

    for choice in choices:
        begun = time_s[time_s >= choice.time_s]
        if not len(begun):
            yield (
                f"--person is about {choice.time_s:g} s, but the last frame is at "
                f"{time_s[-1]:.1f} s: nobody was chosen."
            )
            continue
        rows = (time_s >= begun[0]) & (time_s <= begun[0] + _TRIED_S)
        people = xy[rows][np.isfinite(xy[rows]).all(axis=(1, 2))]
        if not _at((choice.x, choice.y), people).any():
            yield (
                f"Nobody was found at {choice.x:g},{choice.y:g} from {choice.time_s:g} s on, so "
                f"--person chose nobody. The picture has {size[0]} x {size[1]} pixels."
            )


def _at(point: tuple[float, float], people: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(N,) whether a place is within the box around somebody's (N, 17, 2) joints."""
    import numpy as np

    from models.skeleton import JOINT

    trunk = np.linalg.norm(people[:, JOINT["thorax"]] - people[:, JOINT["pelvis"]], axis=-1)
    around = _AROUND * trunk[:, None]
    inside = (people.min(axis=1) - around <= point) & (people.max(axis=1) + around >= point)
    return np.asarray(inside.all(axis=-1), np.bool_)


def _choice(text: str) -> Choice:
    from app.detection.following import Choice

    found = _PLACE.fullmatch(text.strip())
    if found is None:
        raise argparse.ArgumentTypeError(f"'{text}' is not a place such as 320,240 or 320,240@1.5")
    x, y, time_s = (float(part) if part else 0.0 for part in found.groups())
    return Choice(x, y, time_s)
