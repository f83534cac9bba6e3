"""Starting of processes, from any script or notebook in which this program runs."""

from __future__ import annotations

import multiprocessing
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Final

_LOCK: Final = threading.Lock()


@contextmanager
def without_main_module() -> Iterator[None]:
    """Keep a ``multiprocessing`` process that is started inside from importing the main script.

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


class ProcessLostError(Exception):
    """A process ended without returning a result."""


def apart(
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
    with without_main_module():
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
    try:
        answer = "done", function(*arguments, lambda share: pipe.send(("progress", share)))
    except Exception as error:
        answer = "failed", error
    pipe.send(answer)
    pipe.close()
