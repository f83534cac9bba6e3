"""The network of the commands, loaded while something else is being done."""

from __future__ import annotations

import argparse
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.lifter import Lifter


class Network:
    """The lifter, loaded in a thread while the first frames are being detected.

    Importing torch takes two seconds, longer than the detector needs for 100 frames.
    """

    def __init__(
        self, weights: str | None, device: str | None, height_m: float | None, *, use_depth: bool
    ) -> None:
        self._weights, self._device = weights, device or "auto"
        self._height_m, self._use_depth = height_m, use_depth
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="load-network")
        self._future: Future[Lifter] | None = None

    @classmethod
    def of(cls, options: argparse.Namespace) -> Network:
        """As the command line asks for it."""
        use_depth = options.use_depth is not False
        return cls(options.weights, options.device, options.height, use_depth=use_depth)

    def start(self) -> None:
        """Begin to load, unless that has been done."""
        self._future = self._future or self._pool.submit(self._load)

    @property
    def failed(self) -> bool:
        """Whether ``get`` would raise: nothing more needs to be detected then."""
        future = self._future
        return future is not None and future.done() and future.exception() is not None

    def get(self) -> Lifter:
        """Wait for it.  Raises WeightsError, DeviceError."""
        self.start()
        assert self._future is not None
        return self._future.result()

    def _load(self) -> Lifter:
        from models.lifter import Lifter

        return Lifter(
            self._weights, self._device, height_m=self._height_m, use_depth=self._use_depth
        )

    def __enter__(self) -> Network:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown()
