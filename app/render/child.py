"""The child process: owns OpenGL, draws the requested pictures, and ends with its parent.

The parent sends one :class:`Draw` at a time and waits for the reply, so one block of shared memory
suffices and nothing queues.  The child exits when the pipe is closed, for whatever reason.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from app.system.signals import ignore_terminal

Kind = Literal["skeleton", "performer"]

SCENES: dict[Kind, tuple[str, str]] = {
    "skeleton": ("app.render.skeleton_scene", "SkeletonScene"),
    "performer": ("app.synthetic.performer.scene", "PerformerScene"),
}
"""Module and class that draw each kind; imported in the child only."""


@dataclass(frozen=True, slots=True)
class Start:
    """First message to the child."""

    kind: Kind
    setup: object
    size: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Draw:
    """Request to draw one picture into the shared memory block called ``block``."""

    params: object
    size: tuple[int, int]
    block: str


@dataclass(frozen=True, slots=True)
class Done:
    """Reply that the scene is open, or that the picture is drawn."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Reply that drawing failed; the child exits."""

    reason: str
    """A plain sentence for the user."""
    detail: str
    """A traceback for the log, or empty."""


class Scene(Protocol):
    """An interface for what can be drawn."""

    def open(self, size: tuple[int, int]) -> None:
        """Prepare for pictures of (width, height).  Raises RenderError."""

    def draw(self, params: Any, picture: NDArray[np.uint8]) -> None:
        """Draw a whole (height, width, 3) RGB picture."""

    def close(self) -> None: ...


def main(pipe: Connection) -> None:
    """Entry point of the process."""
    ignore_terminal()
    _limit_software_opengl()
    # The parent closed the pipe or died: there is no process to report to.
    with contextlib.suppress(EOFError, ConnectionError):
        _serve(pipe)
    # Everything is closed.  Unloading Open3D properly takes a third of a second more, during which
    # the window would stay open after the user has closed it.
    os._exit(0)


def _limit_software_opengl() -> None:
    """Restrict Mesa's software renderer to one thread.

    More threads cost more processor time for the same picture, which the detector and the lifter
    need.  Drivers of real graphics cards ignore the variable.
    """
    os.environ.setdefault("LP_NUM_THREADS", "1")


def _serve(pipe: Connection) -> None:
    scene: Scene | None = None
    pictures = _SharedPicture()
    try:
        start: Start = pipe.recv()
        module, name = SCENES[start.kind]
        scene = getattr(importlib.import_module(module), name)(start.setup)
        scene.open(start.size)
        pipe.send(Done())
        while True:
            draw: Draw = pipe.recv()
            scene.draw(draw.params, pictures.of(draw.block, draw.size))
            pipe.send(Done())
    except (EOFError, ConnectionError):
        raise
    except Exception as error:
        # The process has no other task; the parent logs the traceback and shows the reason.
        pipe.send(Failed(_plain_reason(error), traceback.format_exc()))
    finally:
        pictures.close()
        if scene is not None:
            scene.close()


def _plain_reason(error: Exception) -> str:
    from app.render.gl_window import RenderError

    if isinstance(error, RenderError):
        return str(error)
    return f"Drawing in 3D failed ({type(error).__name__}: {error})."


class _SharedPicture:
    """The shared memory block from which the parent reads pictures."""

    def __init__(self) -> None:
        self._memory: SharedMemory | None = None

    def of(self, block: str, size: tuple[int, int]) -> NDArray[np.uint8]:
        """Return a (height, width, 3) view; valid until the block changes."""
        if self._memory is None or self._memory.name != block:
            self.close()
            self._memory = SharedMemory(block)
        width, height = size
        picture: NDArray[np.uint8] = np.ndarray(
            (height, width, 3), dtype=np.uint8, buffer=self._memory.buf
        )
        return picture

    def close(self) -> None:
        if self._memory is not None:
            self._memory.close()
            self._memory = None
