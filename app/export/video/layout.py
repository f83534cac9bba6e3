"""Layout of the two panes of the video."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

Size = tuple[int, int]
"""(width, height) in pixels."""

_LONG: Final = 1280
_SHORT: Final = 720
"""The picture fits into 1280 x 720, or 720 x 1280 if it is upright; the video is then within the
2 million pixels of full HD, which every player decodes."""
_ENLARGED: Final = 1.5
"""Maximum enlargement of a small picture, so that the figure next to it is legible."""
_UPRIGHT: Final = 0.75
"""Width of the 3D pane next to an upright picture, in heights: spread arms fit."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The picture at the left, the 3D view at the right, of the same height."""

    picture: Size
    view: Size

    @property
    def size(self) -> Size:
        """Size of the video."""
        return self.picture[0] + self.view[0], self.picture[1]


def lay_out(picture: Size) -> Layout:
    """Return panes for pictures of this size; all sides are even, as H.264 requires."""
    width, height = picture
    scale = min(_LONG / max(picture), _SHORT / min(picture), _ENLARGED)
    shown = (_even(width * scale), _even(height * scale))
    share = 1.0 if width >= height else _UPRIGHT
    return Layout(shown, (_even(shown[1] * share), shown[1]))


def _even(length: float) -> int:
    return max(2, 2 * round(length / 2))
