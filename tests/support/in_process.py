"""The command line's ``main`` called in this process, with the surroundings of one of its own.

Loading PyTorch, MediaPipe and OpenCV takes 2 to 4 s of a core, and most tests ask only what the
command writes, says and returns.  Where the process itself is what is tested (signals, limits,
pipes, terminals, what is loaded when), :class:`tests.support.program.Program` starts one.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, NoReturn

from app.cli import main
from app.detection import no_telemetry
from app.system import logs

_STREAMS = {"stdout": 1, "stderr": 2}


class _Ended(BaseException):
    """``os._exit``, which would end the tests too."""


def call(
    arguments: list[str], environment: Mapping[str, str], folder: Path
) -> tuple[int, str, str]:
    """Run ``main(arguments)`` in ``folder``; its exit code, standard output and standard error.

    What a process has of its own is put back afterwards: the environment, the working folder, the
    handlers of signals, the log, the streams, down to the descriptors that libraries print to.
    """
    with contextlib.ExitStack() as stack:
        out, err = (stack.enter_context(tempfile.TemporaryFile("w+b")) for _ in _STREAMS)
        stack.enter_context(_environment(environment))
        stack.enter_context(_folder(folder))
        stack.enter_context(_signals())
        stack.enter_context(_exit_raises())
        with _logging(), _streams(out, err):
            try:
                code = main(arguments)
            except _Ended as end:
                (code,) = end.args
        return int(code), _text(out), _text(err)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


@contextlib.contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    before, reserved = dict(os.environ), no_telemetry._State.reserved
    _become(wanted)
    try:
        yield
    finally:
        _become(before)
        no_telemetry._State.reserved = reserved


def _become(wanted: Mapping[str, str]) -> None:
    """Change what differs, and nothing else: native threads may be reading the rest."""
    for name in os.environ.keys() - wanted.keys():
        del os.environ[name]
    os.environ.update({name: each for name, each in wanted.items() if os.environ.get(name) != each})


@contextlib.contextmanager
def _folder(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _exit_raises() -> Iterator[None]:
    def end(code: int) -> NoReturn:
        raise _Ended(code)

    before, os._exit = os._exit, end  # type: ignore[assignment]
    try:
        yield
    finally:
        os._exit = before


@contextlib.contextmanager
def _streams(out: IO[bytes], err: IO[bytes]) -> Iterator[None]:
    """Standard input is empty; what is printed, by Python or by a library, goes to the files."""
    python = {name: getattr(sys, name) for name in ("stdin", *_STREAMS)}
    native = {number: os.dup(number) for number in _STREAMS.values()}
    for file, number in zip((out, err), _STREAMS.values(), strict=True):
        os.dup2(file.fileno(), number)
    sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY), encoding="utf-8")
    sys.stdout = os.fdopen(os.dup(1), "w", encoding="utf-8")
    sys.stderr = os.fdopen(os.dup(2), "w", encoding="utf-8", buffering=1)
    ours: list[Any] = [sys.stdin, sys.stdout, sys.stderr]
    try:
        yield
    finally:
        _log_what_was_printed()
        ours.append(sys.stderr)  # the program may have put another one there
        for name, stream in python.items():
            setattr(sys, name, stream)
        for number, copy in native.items():
            os.dup2(copy, number)
            os.close(copy)
        for stream in ours:
            stream.close()


def _log_what_was_printed() -> None:
    """As at the end of a process."""
    for thread in threading.enumerate():
        if thread.name == "native stderr":
            logs._finish_printed(thread)
    atexit.unregister(logs._finish_printed)


@contextlib.contextmanager
def _logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, raises = list(root.handlers), logging.raiseExceptions
    levels = {name: logging.getLogger(name).level for name in ("app", "models")}
    hooks = threading.excepthook, sys.unraisablehook
    try:
        yield
    finally:
        logging.captureWarnings(False)
        for handler in [each for each in root.handlers if each not in handlers]:
            root.removeHandler(handler)
            handler.close()
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        logging.raiseExceptions = raises
        threading.excepthook, sys.unraisablehook = hooks
