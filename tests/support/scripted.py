"""A source whose every move the test decides: for the moments no real camera produces on demand."""

from __future__ import annotations

import threading
import time
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from app.errors import SourceError
from app.packets import Frame


class ScriptedSource:
    """Delivers ``frames`` pictures, then does what ``then`` says.

    Args:
        frames: how many, None for endless.
        rate: frames/s it keeps; None delivers as fast as asked.
        live: whether it claims to be a camera.
        then: raised after the last frame; None ends like a file.  ``TimeoutError`` is raised after
            waiting, as a camera does that has gone silent.
        picture: sent every time; grey unless given.
    """

    label = "Scripted"

    def __init__(
        self,
        frames: int | None = None,
        *,
        rate: float | None = None,
        live: bool = False,
        then: Exception | None = None,
        picture: NDArray[np.uint8] | None = None,
    ) -> None:
        self.live = live
        self.rate = rate
        self.frame_count = frames
        self.duration_s = None if frames is None else frames / (rate or 30.0)
        self.dropped = 0
        self.warnings: list[str] = []
        self.fov_deg: float | None = None
        self.picture = np.full((240, 320, 3), 128, np.uint8) if picture is None else picture
        self.size = (self.picture.shape[1], self.picture.shape[0])
        self.delivered: list[int] = []
        self._then = then
        self._next = 0
        self._began: float | None = None
        self._closed = threading.Event()

    @property
    def closed(self) -> bool:
        """Whether it has been closed."""
        return self._closed.is_set()

    def read(self, timeout_s: float = 2.0) -> Frame | None:
        if self.frame_count is not None and self._next >= self.frame_count:
            if isinstance(self._then, TimeoutError):
                self._closed.wait(timeout_s)
            if self._then is not None:
                raise self._then
            return None
        self._keep_pace()
        if self.closed:
            return None
        index, self._next = self._next, self._next + 1
        self.delivered.append(index)
        return Frame(index, index / (self.rate or 30.0), self.picture, time.perf_counter())

    def _keep_pace(self) -> None:
        if self.rate is None:
            return
        if self._began is None:
            self._began = time.perf_counter() - self._next / self.rate
        self._closed.wait(max(0.0, self._began + self._next / self.rate - time.perf_counter()))

    def seek(self, time_s: float) -> None:
        if self.live:
            raise SourceError("live")
        self._next = round(time_s * (self.rate or 30.0))
        self._began = None

    def close(self) -> None:
        self._closed.set()

    def __enter__(self) -> ScriptedSource:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
