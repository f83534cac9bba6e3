"""The log file, and the text for "copy diagnostics".

Neither holds anything personal beyond what a fault report needs: the home folder is written as
``~`` and passwords in addresses are left out.
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
"""Ends the reading of what was printed; no library prints a NUL."""
_HOME: Final = str(Path.home())
_CREDENTIALS: Final = re.compile(
    r"(?<=://)(?:[^\s:/]*:\S*@|[^/\s@]+@)"
    r"|(?<=[?&])(?:user|usr|login|pass|passwd|password|pwd|token)=[^&\s]*",
    re.IGNORECASE,
)
"""``user@``, or all from ``user:`` to the last ``@``: a user may hold ``@``, a password also ``/``
and ``#``.  Cameras take both behind a question mark too."""


class _SharedFile(logging.handlers.RotatingFileHandler):
    """A log that several processes write to, and of which one at a time renames the full file."""

    def __init__(self, file: Path) -> None:
        super().__init__(file, maxBytes=_MAX_BYTES, backupCount=_OLD_FILES, encoding="utf-8")
        self._file = file
        self.rotator = self._rename

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802 - logging's name
        if self._was_renamed():
            self._begin_again()
        return bool(super().shouldRollover(record))

    def doRollover(self) -> None:  # noqa: N802 - logging's name
        with self._file.with_name(f"{self._file.name}.lock").open("ab") as held:
            if not lock(held, exclusive=True):
                return  # another one is at it; until then the file may be a little too long
            if self._was_renamed():
                self._begin_again()
            else:
                super().doRollover()

    def _was_renamed(self) -> bool:
        """Whether another process has renamed what is written to."""
        try:
            return self.stream is not None and not os.path.samestat(
                os.fstat(self.stream.fileno()), self._file.stat()
            )
        except FileNotFoundError:
            return True

    def _begin_again(self) -> None:
        self.close()
        self.stream = self._open()

    @staticmethod
    def _rename(source: str, target: str) -> None:
        # Windows renames no file that another process has open; then this one goes on growing.
        with suppress(OSError):
            Path(source).rename(target)


class _Redacting(logging.Formatter):
    """Leaves out what the log must not hold, wherever in a message or traceback it stands."""

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


def redacted(text: str) -> str:
    """Shorten the home folder to ``~`` and remove ``user:password@`` from addresses."""
    if len(_HOME) > 1:
        text = text.replace(_HOME, "~")
    return without_credentials(text)


def without_credentials(text: str) -> str:
    """Remove ``user:password@`` from addresses, also from those that cannot be taken apart."""
    return _CREDENTIALS.sub("", text)


def start_logging(file: Path | None = None) -> None:
    """Send warnings and errors of everything, and this program's own notes, to the log file.

    Uncaught exceptions in threads go there too instead of onto the user's terminal.  If the file
    cannot be written the program runs without it.
    """
    # A full disk must not make the logging module print tracebacks of its own.
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
    """Send what native libraries print on stderr to the log, and leave ``sys.stderr`` as it is.

    It goes through a pipe and :func:`redacted`: libraries print addresses with their passwords.
    After :func:`start_logging`.  MediaPipe and TensorFlow Lite print half a dozen lines whenever
    they start, which no setting stops (measured with mediapipe 1.2.2: GLOG_minloglevel and
    TF_CPP_MIN_LOG_LEVEL do nothing); the one line meant for the user would drown among them.
    """
    if sys.stderr is None:
        return
    try:
        terminal = os.dup(_STDERR)
    except OSError:  # no stderr: then there is nothing to divert
        return
    sys.stderr.flush()
    sys.stderr = os.fdopen(
        terminal, "w", buffering=1, encoding=sys.stderr.encoding, errors="backslashreplace"
    )
    read_end, write_end = os.pipe()
    if sys.platform != "win32":
        # Whoever prints while holding Python's lock must not wait for the thread that needs it.
        os.set_blocking(write_end, False)
    os.dup2(write_end, _STDERR)
    os.close(write_end)
    thread = threading.Thread(
        target=_log_printed, args=(read_end,), name="native stderr", daemon=True
    )
    thread.start()
    atexit.register(_finish_printed, thread)


def _log_printed(read_end: int) -> None:
    """Log each line that comes out of the pipe."""
    printed = logging.getLogger("app.printed")
    with os.fdopen(read_end, "rb") as lines:
        for line in lines:
            if line == _END:
                return
            printed.info("%s", line.decode(errors="backslashreplace").rstrip())


def _finish_printed(thread: threading.Thread) -> None:
    """Have everything logged that was printed before the end."""
    deadline = time.monotonic() + _FINISH_S
    while thread.is_alive() and time.monotonic() < deadline:
        try:
            os.write(_STDERR, _END)
        except BlockingIOError:  # full: the thread has not got there yet
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
    """Everything a fault report needs, as plain text.

    Lists cameras and imports torch, which takes seconds the first time: not for the GUI thread.

    Args:
        cameras: lists the cameras, a line each.
        extra: more lines, as name and value, such as the window's source and rates.
        log_lines: how many of the newest log lines to add.
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
    """The newest ``count`` lines of the log; none if there is no log."""
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
    """The system's name as people know it: "Debian GNU/Linux 12 (bookworm), Linux-6.1…"."""
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):  # not Linux
        return platform.platform()
    return f"{name}, {platform.platform()}"
