"""What every way to another program has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from app.packets import Pose3D

LOOPBACK: Final = "127.0.0.1"


class Channel(Protocol):
    """An open way to another program.  Used by one thread."""

    def send(self, pose: Pose3D, conf: NDArray[np.float32]) -> bool:
        """Send a pose; ``conf`` is (17,) in [0, 1], NaN where a joint was not seen.

        Returns whether anybody is known, or can be supposed, to receive it.  Raises OSError if it
        cannot leave.
        """
        ...

    def close(self) -> None:
        """Let go of it."""
        ...
