"""The pictures of a clip, decoded in the background."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.packets import Frame
    from app.ui.presenters.clips import Clip


class Pictures:
    """Fetches the pictures of a clip in a thread; a new request replaces the previous one."""

    def __init__(self, clip: Clip) -> None:
        self._clip = clip
        self._request: float | None = None
        self._changed = threading.Condition()
        self._closed = False
        self._served: tuple[float, Frame | None] | None = None
        self._thread = threading.Thread(target=self._run, name="clip pictures", daemon=True)
        self._thread.start()

    @property
    def served(self) -> tuple[float, Frame | None] | None:
        """The request served last and its picture, which is None if it was not recorded."""
        return self._served

    def request(self, time_s: float) -> None:
        """Request the picture of the frame at that time, on the clock of the clip's frames."""
        with self._changed:
            if self._request != time_s:
                self._request = time_s
                self._changed.notify()

    def forget(self) -> None:
        """Drop the request and the last picture, because no frame is shown at the moment."""
        with self._changed:
            self._request = self._served = None

    def close(self, timeout_s: float) -> bool:
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        answered: float | None = None
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._request != answered)  # noqa: B023
                if self._closed:
                    return
                answered = self._request
            if answered is not None:
                served = answered, self._clip.frame_at(answered)
                with self._changed:
                    if self._request is not None:
                        self._served = served
