"""Processes started from whatever script or notebook this program runs in."""

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

    ``spawn`` has each process import it first, for what may be defined there.  Nothing of this
    program is, and a script that calls it without ``if __name__ == "__main__"`` would begin all
    over again in every process, and fail there.  Whatever has no ``__file__`` is not imported.
    """
    with _LOCK:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main


class ProcessLostError(Exception):
    """A process ended without an answer."""


def apart(
    function: Callable[..., Any], *arguments: object, progress: Callable[[float], None]
) -> Any:
    """What ``function(*arguments, report)`` returns in a process of its own, whose libraries need
    not get on with those that are loaded here.

    Args:
        function: one that is imported by its name; its last argument takes the share done.
        arguments: what can be pickled.
        progress: told what the function reports; may raise to stop it.

    Raises:
        ProcessLostError: the process crashed, or was killed.
        Exception: what the function raised.
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
