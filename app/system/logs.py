"""The log file, and the text for "copy diagnostics".

Neither contains personal data beyond what a fault report needs: the home folder is written as ``~``
and passwords in addresses are removed.
"""

from __future__ import annotations

import atexit
import importlib.metadata
import logging
import logging.handlers
import os
import platform
import re
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from app import __version__
from app.system import machine, paths
from app.system.files import lock

log = logging.getLogger(__name__)

_MAX_BYTES: Final = 1_000_000
_OLD_FILES: Final = 2
_PACKAGES: Final = (
    "torch",
    "mediapipe",
    "opencv-python",
    "opencv-contrib-python",
    "numpy",
    "open3d",
    "PyQt6",
    "PyQt6-Qt6",
)
_STDERR: Final = 2
_FINISH_S: Final = 3.0
"""On a busy machine 500 lines took more than half a second."""
_END: Final = b"\0\n"
"""Ends the reading of captured output; no library prints a NUL."""
_HOME: Final = str(Path.home())
_CREDENTIALS: Final = re.compile(
    r"(?<=://)(?:[^\s:/]*:\S*@|[^/\s@]+@)"
    r"|(?<=[?&])(?:user|usr|login|pass|passwd|password|pwd|token)=[^&\s]*",
    re.IGNORECASE,
)
"""``user@``, or from ``user:`` to the last ``@``: a user may contain ``@``, a password also ``/``
and ``#``.  Some cameras expect both as parameters in the query."""


class _SharedFile(logging.handlers.RotatingFileHandler):
    """A log file written by several processes, one of which at a time rotates the full file."""

    def __init__(self, file: Path) -> None:
        super().__init__(file, maxBytes=_MAX_BYTES, backupCount=_OLD_FILES, encoding="utf-8")
        self._file = file
        self.rotator = self._rename

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802 - logging's name
        if self._was_renamed():
            self._reopen()
        return bool(super().shouldRollover(record))

    def doRollover(self) -> None:  # noqa: N802 - logging's name
        with self._file.with_name(f"{self._file.name}.lock").open("ab") as held:
            if not lock(held, exclusive=True):
                return  # another process is rotating; the file may become slightly too long
            if self._was_renamed():
                self._reopen()
            else:
                super().doRollover()

    def _was_renamed(self) -> bool:
        """Whether another process has renamed the open file."""
        try:
            return self.stream is not None and not os.path.samestat(
                os.fstat(self.stream.fileno()), self._file.stat()
            )
        except FileNotFoundError:
            return True

    def _reopen(self) -> None:
        self.close()
        self.stream = self._open()

    @staticmethod
    def _rename(source: str, target: str) -> None:
        # Windows cannot rename a file that another process has open; the file then keeps growing.
        with suppress(OSError):
            Path(source).rename(target)


class _Redacting(logging.Formatter):
    """Removes what the log must not contain, anywhere in a message or traceback."""

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


def redacted(text: str) -> str:
    """Return ``text`` with the home folder as ``~`` and without ``user:password@``."""
    if len(_HOME) > 1:
        text = text.replace(_HOME, "~")
    return without_credentials(text)


def without_credentials(text: str) -> str:
    """Return ``text`` without ``user:password@`` in addresses, even in malformed ones."""
    return _CREDENTIALS.sub("", text)


def start_logging(file: Path | None = None) -> None:
    """Log warnings and errors of all libraries, and this program's own messages, to the log file.

    Uncaught exceptions in threads go there, too, instead of to the terminal.  If the file cannot be
    written, the program runs without it.
    """
    # With a full disk the logging module must not print tracebacks.
    logging.raiseExceptions = False
    root = logging.getLogger()
    root.addHandler(_open(paths.log_file() if file is None else file))
    for name in ("app", "models"):
        logging.getLogger(name).setLevel(logging.INFO)
    logging.captureWarnings(True)
    threading.excepthook = _log_thread_exception
    sys.unraisablehook = _log_unraisable
    log.info("mixpose %s, Python %s, %s", __version__, platform.python_version(), _system())


def _open(file: Path) -> logging.Handler:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = _SharedFile(file)
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(_Redacting("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return handler


def divert_native_stderr() -> None:
    """Redirect what native libraries print on stderr to the log; ``sys.stderr`` stays as it is.

    The output goes through a pipe and :func:`redacted`, since libraries print addresses with their
    passwords.  Call it after :func:`start_logging`.  MediaPipe and TensorFlow Lite print half a
    dozen lines whenever they start, which no setting stops (measured with mediapipe 1.2.2:
    GLOG_minloglevel and TF_CPP_MIN_LOG_LEVEL have no effect); messages for the user would be lost
    among them.
    """
    if sys.stderr is None:
        return
    try:
        terminal = os.dup(_STDERR)
    except OSError:  # no stderr: nothing to redirect
        return
    sys.stderr.flush()
    sys.stderr = os.fdopen(
        terminal, "w", buffering=1, encoding=sys.stderr.encoding, errors="backslashreplace"
    )
    read_end, write_end = os.pipe()
    if sys.platform != "win32":
        # Code that prints while holding the GIL must not wait for the thread that needs it.
        os.set_blocking(write_end, False)
    os.dup2(write_end, _STDERR)
    os.close(write_end)
    thread = threading.Thread(
        target=_log_printed, args=(read_end,), name="native stderr", daemon=True
    )
    thread.start()
    atexit.register(_finish_printed, thread)


def _log_printed(read_end: int) -> None:
    """Log each line read from the pipe."""
    printed = logging.getLogger("app.printed")
    with os.fdopen(read_end, "rb") as lines:
        for line in lines:
            if line == _END:
                return
            printed.info("%s", line.decode(errors="backslashreplace").rstrip())


def _finish_printed(thread: threading.Thread) -> None:
    """Wait until everything printed so far is logged."""
    deadline = time.monotonic() + _FINISH_S
    while thread.is_alive() and time.monotonic() < deadline:
        try:
            os.write(_STDERR, _END)
        except BlockingIOError:  # the pipe is full: the thread is still reading
            thread.join(0.01)
        except OSError:
            return
        else:
            thread.join(deadline - time.monotonic())


def _log_thread_exception(failure: threading.ExceptHookArgs) -> None:
    if failure.exc_type is SystemExit:
        return
    name = failure.thread.name if failure.thread is not None else "a thread"
    _log_uncaught(f"{name} ended with an error", failure.exc_value)


def _log_unraisable(failure: sys.UnraisableHookArgs) -> None:
    _log_uncaught(f"error that could not be raised in {failure.object!r}", failure.exc_value)


def _log_uncaught(what: str, error: BaseException | None) -> None:
    log.error("%s", what, exc_info=error)


def diagnostics(
    cameras: Callable[[], list[str]],
    extra: Mapping[str, str] | None = None,
    *,
    log_lines: int = 100,
) -> str:
    """Return all that a fault report needs, as plain text.

    Lists cameras and imports torch, which takes seconds the first time: not for the GUI thread.

    Args:
        cameras: returns the cameras, one line each.
        extra: further facts by name, such as the window's source and rates.
        log_lines: number of the newest log lines to add.
    """
    facts = {
        "mixpose": __version__,
        "Python": f"{platform.python_version()} ({platform.python_implementation()})",
        "System": _system(),
        "Processor": f"{platform.machine()}, {os.cpu_count()} cores",
        **{name: _version(name) for name in _PACKAGES},
        "Compute devices": "; ".join(machine.lines_or_reason(machine.compute_devices)),
        "Weights": "; ".join(machine.lines_or_reason(machine.weights)),
        "Cameras": "; ".join(machine.lines_or_reason(cameras)),
        **(extra or {}),
    }
    lines = [f"{name}: {value}" for name, value in facts.items()]
    lines += [f"Log ({paths.log_file()}), newest lines:", *recent_lines(log_lines)]
    return redacted("\n".join(lines)) + "\n"


def recent_lines(count: int) -> list[str]:
    """Return the newest ``count`` lines of the log; none if there is no log."""
    try:
        with paths.log_file().open(encoding="utf-8", errors="replace") as file:
            return [line.rstrip("\n") for line in deque(file, maxlen=count)]
    except OSError:
        return []


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _system() -> str:
    """Return the system's usual name: "Debian GNU/Linux 12 (bookworm), Linux-6.1…"."""
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):  # not Linux
        return platform.platform()
    return f"{name}, {platform.platform()}"
