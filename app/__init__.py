"""Everything that touches a camera, a screen or a file of the user's."""

from __future__ import annotations

from typing import Final

__version__: Final = "0.1.0"
