"""The performer as a source of frames, with the exact 3D joints of every frame."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from app.errors import SourceError
from app.packets import Frame
from app.render.client import START_TIMEOUT_S, Renderer
from app.synthetic.performer.camera import Actor, Performance, Pinhole, place_camera
from app.synthetic.performer.motion import Motion
from app.synthetic.performer.retargeting import Take
from app.synthetic.performer.variation import variation

LABEL = "Performer"


class PerformerSource:
    """Frames of a synthetic person; frame i is always the same picture.

    A :class:`~app.sources.base.Source` that is not live: it draws as fast as it is read, one frame
    ahead, without skipping frames unless it has to keep up with a clock.  Pictures are drawn by a
    rendering process; the joints are computed here.
    """

    def __init__(
        self,
        size: tuple[int, int] = (640, 480),
        rate: float = 30.0,
        duration_s: float | None = None,
        seed: int = 0,
        take: Take | None = None,
        camera: Pinhole | None = None,
    ) -> None:
        """Launch the drawing process; returns at once.

        Args:
            size: (width, height) in pixels.
            rate: frames per second of the performer's time.
            duration_s: length of the clip; ``None`` loops endlessly.
            seed: seed of body, clothes, camera and order of the acts; 0 is the demo.
            take: captured motion to show instead of the acts, in the take's own body.
            camera: the camera, whose ``size`` must be ``size``; by default the closest one that
                keeps everything in the picture.
        """
        if rate <= 0:
            raise ValueError(f"a rate of {rate} frames a second makes no film")
        if camera is not None and camera.size != size:
            raise ValueError(f"a camera of {camera.size} pixels takes no pictures of {size}")
        self.label = LABEL
        self.live = False
        self.size = size
        self.rate: float | None = rate
        self.duration_s = duration_s
        self.frame_count = None if duration_s is None else max(1, round(duration_s * rate))
        self.warnings: list[str] = []
        chosen = variation(seed)
        self._step_s = 1 / rate
        self._actor: Actor = Motion(chosen) if take is None else take
        self._camera = camera or place_camera(chosen, self._actor, size)
        self.fov_deg: float | None = self._camera.fov_deg
        self._next = 0
        self._due: Callable[[], float | None] = lambda: None
        self._skipped = 0
        self._requested: tuple[int, int] | None = None
        self._closed = False
        setup = Performance(chosen, self._camera.view, take)
        self._renderer = Renderer("performer", size, setup)
        self._renderer.start()
        self._request_frame(0)

    @property
    def dropped(self) -> int:
        """Frames skipped because their time had passed; see :meth:`keep_up_with`."""
        return self._skipped

    def keep_up_with(self, due: Callable[[], float | None]) -> None:
        """Skip frames whose time has passed from now on, as a camera does.

        ``due`` returns the time in seconds that is due now; None if there is no hurry.
        """
        self._due = due

    @property
    def camera(self) -> Pinhole:
        """The exact camera."""
        return self._camera

    def truth(self, index: int) -> NDArray[np.float64]:
        """Return the 17 joints of frame ``index``, (17, 3) metres in camera axes, from the lens."""
        return self._camera.to_camera(self._actor.at(index * self._step_s).joints)

    def project(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Project (..., 3) points in camera axes to (..., 2) pixels."""
        return self._camera.project(points)

    def read(self, timeout_s: float = START_TIMEOUT_S) -> Frame | None:
        """Return the next frame; ``None`` at the end and after :meth:`close`.

        Raises:
            SourceError: the drawing process has failed.
            TimeoutError: no frame within ``timeout_s`` seconds; the first one waits for Open3D.
        """
        index = self._next
        if self._closed or (self.frame_count is not None and index >= self.frame_count):
            return None
        if self._requested is None or self._requested[0] != index:
            self._request_frame(index)
        assert self._requested is not None
        drawn = self._renderer.wait(self._requested[1], max(timeout_s, START_TIMEOUT_S))
        if drawn is None:
            return self._nothing_drawn()
        self._next = self._following(index)
        self._request_frame(self._next)
        return Frame(index, index * self._step_s, drawn.image, time.perf_counter())

    def seek(self, time_s: float) -> None:
        """Continue with the frame shown at ``time_s``."""
        index = max(0, int(time_s / self._step_s + 1e-6))
        self._next = index if self.frame_count is None else min(index, self.frame_count - 1)

    def close(self) -> None:
        """End the drawing process; wakes a waiting :meth:`read`."""
        self._closed = True
        self._renderer.close()

    def __enter__(self) -> PerformerSource:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _following(self, index: int) -> int:
        due_s = self._due()
        due = 0 if due_s is None else int(due_s / self._step_s)
        following = max(index + 1, due)
        self._skipped += following - index - 1
        return following

    def _request_frame(self, index: int) -> None:
        """Request frame ``index``, to be drawn while the previous one is being processed."""
        self._requested = (index, self._renderer.request(index * self._step_s))

    def _nothing_drawn(self) -> Frame | None:
        if self._closed:
            return None
        if self._renderer.failed is not None:
            raise SourceError(
                f"The performer cannot be drawn. {self._renderer.failed} "
                "Choose a camera or a video file instead."
            )
        raise TimeoutError("the performer was not drawn in time")
