"""Lifting a clip while its frames are still being detected.

The detector keeps one core busy and decoding a fifth of another; the network does its work in
what is left of that, so that a clip is lifted shortly after its last frame has been detected.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from models.lifter import LiftedAhead, Lifter

_log = logging.getLogger(__name__)


class _Row(NamedTuple):
    xy: NDArray[np.floating]
    conf: NDArray[np.floating]
    depth: NDArray[np.floating]
    time_s: float


class LiftAhead:
    """A thread that lifts; it ends with the ``with`` block.

    Where the network leaves no core for the detector, or runs on a GPU, it does nothing.

    Args:
        lifter: gives the network, maybe after a while; called in the thread.
        size: (width, height) of the picture in pixels.
    """

    def __init__(self, lifter: Callable[[], Lifter], size: tuple[int, int]) -> None:
        self.poses: LiftedAhead = {}
        """What was lifted, for ``Lifter.lift``; complete after the block."""
        self._lifter, self._size = lifter, size
        self._rows: queue.SimpleQueue[_Row | None] = queue.SimpleQueue()
        self._over = False
        self._thread = threading.Thread(target=self._run, name="lift-ahead")

    def push(
        self,
        xy: NDArray[np.floating],
        conf: NDArray[np.floating],
        depth: NDArray[np.floating],
        time_s: float,
    ) -> None:
        """Take the next frame: (17, 2), (17,) and (17,), as in ``Lifter.lift``."""
        if not self._over:
            self._rows.put(_Row(xy, conf, depth, time_s))

    def __enter__(self) -> LiftAhead:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over = True
        self._rows.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            self._lift(self._lifter())
        except Exception as error:  # what fails here fails again, and is told, when it is needed
            _log.info("nothing more is lifted ahead: %s", error)
        self._over = True

    def _lift(self, lifter: Lifter) -> None:
        import torch

        from models.ahead import Ahead

        if lifter.device.type != "cpu" or lifter.workers == 1:
            return
        torch.set_num_threads(1)
        ahead = Ahead(lifter, self._size)
        self.poses = ahead.poses
        while (row := self._rows.get()) is not None and not self._over:
            ahead.push(*row)
