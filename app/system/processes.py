"""Starting of processes, from any script or notebook in which this program runs."""

from __future__ import annotations

import math
import multiprocessing
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from types import ModuleType
from typing import Any, Final

from app.system.signals import ctrl_c_blocked, ignore_terminal

_LOCK: Final = threading.Lock()
_LOOK_S: Final = 0.5


@contextmanager
def starting() -> Iterator[None]:
    """Start a ``multiprocessing`` process inside, by ``spawn``: no Ctrl-C interrupts it, which is
    the parent's to handle, and it does not import the main script.
    """
    if sys.platform != "win32":
        # Started with the first process otherwise, it would unblock Ctrl-C.
        resource_tracker.ensure_running()
    with ctrl_c_blocked(), _without_main_module():
        yield


@contextmanager
def _without_main_module() -> Iterator[None]:
    """Hide the main script.

    With ``spawn`` each process first imports the main module, for functions defined there.  This
    program needs none, and a script that calls it without ``if __name__ == "__main__"`` would run
    again in every process and fail.  A main module without ``__file__`` is not imported.
    """
    with _LOCK:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main


def answered(pipe: Any, patience_s: float) -> bool:
    """Wait until the connection has something to read; False after ``patience_s`` seconds.

    Time during which the program was stopped, by Ctrl-Z or SIGSTOP, does not count: the process at
    the other end was probably stopped with it, and has had no time to answer.
    """
    return any(pipe.poll(_LOOK_S) for _ in range(math.ceil(patience_s / _LOOK_S)))


class ProcessLostError(Exception):
    """A process ended without returning a result."""


def in_new_process(
    function: Callable[..., Any], *arguments: object, progress: Callable[[float], None]
) -> Any:
    """Return the result of ``function(*arguments, report)``, run in a separate process.

    Its libraries need not be compatible with those loaded in this process.

    Args:
        function: an importable function; its last argument is called with the fraction done.
        arguments: picklable arguments.
        progress: called with the fraction done; may raise to stop the process.

    Raises:
        ProcessLostError: the process crashed, or was killed.
        Exception: whatever the function raised.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(theirs, function, arguments), daemon=True)
    with starting():
        process.start()
    theirs.close()
    try:
        while True:
            kind, value = ours.recv()
            if kind == "done":
                return value
            if kind == "failed":
                raise value
            progress(value)
    except EOFError as error:
        process.join()
        raise ProcessLostError(f"exit status {process.exitcode}") from error
    finally:
        ours.close()
        process.terminate()
        process.join()


def _answer(pipe: Any, function: Callable[..., Any], arguments: tuple[object, ...]) -> None:
    ignore_terminal()
    try:
        answer = "done", function(*arguments, lambda share: pipe.send(("progress", share)))
    except Exception as error:
        answer = "failed", error
    pipe.send(answer)
    pipe.close()
