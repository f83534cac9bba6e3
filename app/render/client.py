"""The parent's side of the drawing process: requests pictures without waiting for them."""

from __future__ import annotations

import atexit
import logging
import multiprocessing
import sys
import threading
import time
from dataclasses import dataclass
from multiprocessing.context import SpawnProcess
from multiprocessing.shared_memory import SharedMemory
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.render import child
from app.render.child import Done, Draw, Failed, Kind, Start
from app.system.processes import answered, starting

if sys.platform == "win32":
    from multiprocessing.connection import PipeConnection as Connection
else:
    from multiprocessing.connection import Connection

_log = logging.getLogger(__name__)

START_TIMEOUT_S = 90.0
"""Loading Open3D from a cold, slow disk takes half a minute."""
DRAW_TIMEOUT_S = 20.0
_GOODBYE_S = 0.4
"""Time that the child has to finish its picture before it is killed."""


class Drawn(NamedTuple):
    """A finished picture."""

    image: NDArray[np.uint8]
    """(height, width, 3) RGB, C-contiguous; owned by the receiver."""
    request: int
    """The number that :meth:`Renderer.request` returned for it."""
    draw_ms: float
    """Time from sending the request to receiving the picture."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    request: int
    params: object
    size: tuple[int, int]


class Renderer:
    """Pictures drawn by a child process, newest request first.

    Requests that are superseded before the child starts them are dropped.  No failure of the child
    raises here: if it cannot start, crashes or hangs, :attr:`failed` gives the reason and no more
    pictures arrive.
    """

    def __init__(self, kind: Kind, size: tuple[int, int], setup: object = None) -> None:
        """Prepare; :meth:`start` launches the process.

        Args:
            kind: which scene to draw.
            size: (width, height) of the first pictures, in physical pixels.
            setup: argument of the scene's constructor; pickled.
        """
        self._kind: Kind = kind
        self._setup = setup
        self._changed = threading.Condition()
        self._size = _checked(size)
        self._requests = 0
        self._params: object = None
        self._wanted: _Wanted | None = None
        self._drawn: Drawn | None = None
        self._failed: str | None = None
        self._closing = False
        self._thread: threading.Thread | None = None
        self._process: SpawnProcess | None = None

    @property
    def failed(self) -> str | None:
        """Why no more pictures will arrive, in a plain sentence; ``None`` unless it failed."""
        return self._failed

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        process = self._process
        return process.pid if process is not None else None

    def start(self) -> None:
        """Launch the process in the background; may be called once, also after first requests."""
        if self._thread is not None:
            raise RuntimeError("start() may be called once")
        name = f"render-{self._kind}"
        # A daemon, so that the interpreter's exit does not wait for it; atexit closes it instead.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        atexit.register(self.close)
        self._thread.start()

    def request(self, params: object) -> int:
        """Request a picture; returns its number at once.  Replaces a request not yet started."""
        with self._changed:
            self._params = params
            return self._enqueue()

    def resize(self, width: int, height: int) -> None:
        """Draw at another size from now on; the last request is drawn again."""
        with self._changed:
            if self._size == (width, height):
                return
            self._size = _checked((width, height))
            if self._params is not None:
                self._enqueue()

    def latest(self) -> Drawn | None:
        """The newest finished picture, or ``None`` before the first."""
        return self._drawn

    def wait(self, request: int, timeout_s: float) -> Drawn | None:
        """Wait for the picture of ``request`` or a later one.

        Returns ``None`` after ``timeout_s`` seconds, if drawing has failed, and on close.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._over() or self._has(request), timeout_s)
            return self._drawn if self._has(request) else None

    def close(self) -> None:
        """End the process.  May be called more than once, from any thread; takes up to a second."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return
        thread.join(_GOODBYE_S)
        if thread.is_alive():
            # It waits for a child that is loading, drawing a large picture, or hanging.
            self._kill()
            thread.join(_GOODBYE_S)
        atexit.unregister(self.close)

    def _enqueue(self) -> int:
        self._requests += 1
        self._wanted = _Wanted(self._requests, self._params, self._size)
        self._changed.notify_all()
        return self._requests

    def _has(self, request: int) -> bool:
        return self._drawn is not None and self._drawn.request >= request

    def _over(self) -> bool:
        return self._closing or self._failed is not None

    def _run(self) -> None:
        """The thread's body; owns the process, the pipe and the shared memory."""
        try:
            pipe = self._launch()
        except OSError as error:
            _log.warning("cannot start the drawing process: %s", error)
            self._fail(f"The program that draws in 3D cannot be started ({error}).")
            return
        memory = _Memory()
        try:
            if self._closing:  # closed before there was a process to kill
                return
            self._exchange(pipe, Start(self._kind, self._setup, self._size), START_TIMEOUT_S)
            while (wanted := self._next()) is not None:
                self._draw(pipe, memory, wanted)
        except _ChildError as error:
            self._fail(str(error))
        except Exception as error:
            # Whatever the cause, a thread that waits for a picture must be notified.
            _log.exception("the drawing process cannot be used")
            self._fail(f"Drawing in 3D failed ({type(error).__name__}: {error}).")
        finally:
            pipe.close()
            memory.close()
            self._reap()

    def _launch(self) -> Connection:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        # A daemon: as a last resort multiprocessing ends it when the interpreter exits.
        process = context.Process(
            target=child.main, args=(theirs,), name=f"mixpose-{self._kind}", daemon=True
        )
        try:
            with starting():
                process.start()
        finally:
            # Only the child may hold its end; otherwise its death would not close the pipe.
            theirs.close()
        self._process = process
        return ours

    def _next(self) -> _Wanted | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._wanted is not None)
            wanted, self._wanted = self._wanted, None
            return None if self._closing else wanted

    def _draw(self, pipe: Connection, memory: _Memory, wanted: _Wanted) -> None:
        begun = time.perf_counter()
        block = memory.block_for(wanted.size)
        self._exchange(pipe, Draw(wanted.params, wanted.size, block), DRAW_TIMEOUT_S)
        image = memory.copy(wanted.size)
        drawn = Drawn(image, wanted.request, (time.perf_counter() - begun) * 1000)
        with self._changed:
            self._drawn = drawn
            self._changed.notify_all()

    def _exchange(self, pipe: Connection, message: Start | Draw, timeout_s: float) -> None:
        """Send a message and wait for the reply.  Raises _ChildError."""
        try:
            pipe.send(message)
            if not answered(pipe, timeout_s):
                raise _ChildError("The program that draws in 3D no longer answers.")
            answer: Done | Failed = pipe.recv()
        except (EOFError, OSError) as error:
            raise _ChildError("The program that draws in 3D has stopped unexpectedly.") from error
        if isinstance(answer, Failed):
            _log.error("drawing failed: %s", answer.detail)
            raise _ChildError(answer.reason)

    def _fail(self, reason: str) -> None:
        with self._changed:
            if not self._closing:
                _log.error("%s", reason)
                self._failed = reason
            self._changed.notify_all()

    def _kill(self) -> None:
        process = self._process
        if process is not None:
            process.kill()

    def _reap(self) -> None:
        """Wait for the child, which exits when the pipe closes, to avoid a zombie process."""
        process, self._process = self._process, None
        if process is None:
            return
        process.join(_GOODBYE_S)
        if process.exitcode is None:
            process.kill()
            process.join()
        _log.info("the drawing process has ended (%s)", process.exitcode)
        process.close()


class _ChildError(Exception):
    """The child is no longer usable; the text is a plain sentence for the user."""


class _Memory:
    """The shared block that the child draws into; it has a name only as long as needed."""

    def __init__(self) -> None:
        self._memory: SharedMemory | None = None
        self._named = False
        self._size = (0, 0)

    def block_for(self, size: tuple[int, int]) -> str:
        """Return the name of a block that holds a picture of (width, height)."""
        if self._memory is None or self._size != size:
            self.close()
            self._memory = SharedMemory(create=True, size=3 * size[0] * size[1])
            self._named = True
            self._size = size
        return self._memory.name

    def copy(self, size: tuple[int, int]) -> NDArray[np.uint8]:
        """Return a copy of the picture, 0.2 ms for 800x600, since the child may draw on."""
        assert self._memory is not None
        # The child has it open, so it can be unlinked: nothing is left over, however this ends.
        self._forget_name()
        width, height = size
        shared: NDArray[np.uint8] = np.ndarray(
            (height, width, 3), dtype=np.uint8, buffer=self._memory.buf
        )
        copied: NDArray[np.uint8] = shared.copy()
        return copied

    def close(self) -> None:
        if self._memory is not None:
            self._forget_name()
            self._memory.close()
            self._memory = None

    def _forget_name(self) -> None:
        if self._named and self._memory is not None:
            self._memory.unlink()
            self._named = False


def _checked(size: tuple[int, int]) -> tuple[int, int]:
    width, height = size
    if width < 1 or height < 1:
        raise ValueError(f"a picture of {width} x {height} pixels cannot be drawn")
    return width, height
