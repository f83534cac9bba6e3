"""The interface of all connections to other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from app.packets import Pose3D

LOOPBACK: Final = "127.0.0.1"


class Channel(Protocol):
    """An open connection to another program.  For one thread."""

    def send(self, pose: Pose3D, conf: NDArray[np.float32]) -> bool:
        """Send a pose; ``conf`` is (17,) in [0, 1], NaN where a joint was not seen.

        Returns whether the pose is received, as far as that can be known.  Raises OSError if it
        cannot be sent.
        """
        ...

    def close(self) -> None:
        """Close the connection."""
        ...
