"""Prevent MediaPipe from sending telemetry.

Since 0.10.35 the library sends usage logs to play.googleapis.com with libcurl, without a switch to
turn that off: when a task ends, and from its own thread after a minute of frames (seen with
strace).  libcurl reads its proxy from the environment; with a proxy on this machine that refuses
every connection there is no DNS query and nothing is reached.  ``https_proxy`` takes precedence
over every other proxy variable, and FFmpeg inside OpenCV, which opens stream URLs, ignores it.

Changing the environment races with native threads that read it.  In glibc before 2.41, adding a
*new* variable reallocates the table that a thread in ``getenv`` may be reading, whereas replacing
an existing value is a single store, and the old value is kept.  :func:`reserve` therefore adds the
variable before the program has threads, and blocks only replace its value.  In a process that is
not ours, such as a notebook's, it is not called, and the race remains for the first block.  macOS
frees the old value, which no order of calls avoids.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Final

from app.detection.shared_block import SharedBlock

_HOST: Final = "play.googleapis.com"
_NOWHERE: Final = "http://127.0.0.1:9"  # port 9 is "discard"; nothing listens there


class _State:
    """Changes made by ``silenced``, shared by all blocks of this process."""

    reserved = False
    before: Final[dict[str, str | None]] = {}


def reserve() -> None:
    """Add the proxy variable, without effect, so that blocks only replace its value.

    For this program's own processes, while they have a single thread.
    """
    if "https_proxy" not in os.environ:
        _State.reserved = True
        # An empty value would hide the upper-case variable from libraries that read both.
        os.environ["https_proxy"] = os.environ.get("HTTPS_PROXY", "")


def silenced() -> AbstractContextManager[None]:
    """Make libcurl's https requests in this process fail at once for the duration of the block.

    MediaPipe tasks must be created, used and closed inside.  Blocks may overlap in several threads;
    the environment is restored when the last one ends.
    """
    return _BLOCK.entered()


def environment_for_others() -> dict[str, str]:
    """Return the environment without our changes, for other programs started by this one.

    A browser opened from the Help menu could otherwise load no https page.
    """
    with _BLOCK.lock:
        environment = dict(os.environ)
        _restore(environment)
        if _State.reserved:
            environment.pop("https_proxy", None)
    return environment


def _exchange() -> None:
    changes = _changes(os.environ)
    _State.before.update({name: os.environ.get(name) for name in changes})
    os.environ.update(changes)


def _put_back() -> None:
    _restore(os.environ)
    _State.before.clear()


_BLOCK: Final = SharedBlock(_exchange, _put_back)


def _restore(environment: dict[str, str] | os._Environ[str]) -> None:
    for name, value in _State.before.items():
        if value is None:
            environment.pop(name, None)
        else:
            environment[name] = value


def _changes(environment: Mapping[str, str]) -> dict[str, str]:
    changes = {"https_proxy": _NOWHERE}
    for name in ("no_proxy", "NO_PROXY"):
        exceptions = environment.get(name, "")
        kept = _without_host(exceptions)
        if kept != exceptions:
            changes[name] = kept
    return changes


def _without_host(exceptions: str) -> str:
    """Remove the entries of a no_proxy list that would let libcurl reach ``_HOST`` directly."""
    if exceptions == "*":
        # libcurl honours the asterisk only on its own, FFmpeg also in a list.
        return "*,"
    names = [name for name in re.split(r"[\s,]+", exceptions) if name]
    kept = [name for name in names if not f".{_HOST}".endswith("." + name.lower().strip("."))]
    # libcurl treats an empty list as absent and reads NO_PROXY instead.
    return exceptions if kept == names else ",".join(kept) or "localhost"
