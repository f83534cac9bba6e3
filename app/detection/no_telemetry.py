"""Keeping MediaPipe from calling home.

Since 0.10.35 the library sends usage logs to play.googleapis.com with libcurl and has no switch for
it: when a task ends, and from a thread of its own after a minute of frames (seen with strace).
libcurl asks the environment for a proxy, so that a proxy which refuses every connection, on this
very machine, leaves nothing to look up and nobody to reach.  ``https_proxy`` goes before every
other proxy variable, and FFmpeg inside OpenCV, which opens stream URLs, does not read it.

Changing the environment races with native threads that read it.  In glibc before 2.41 a *new*
variable moves the table of all of them, under the eyes of a thread in ``getenv``; the value of one
that is there is exchanged by one store, and the old one is kept.  So :func:`reserve` puts the
variable there before the program has threads, and blocks only exchange its value.  In somebody
else's process, a notebook's, that is not ours to do: there the race remains for the first block.
macOS frees the old value, which no order of calls avoids.
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
    """What ``silenced`` changed in this process, shared by all its blocks."""

    reserved = False
    before: Final[dict[str, str | None]] = {}


def reserve() -> None:
    """Put the variable there, without effect, so that blocks need not add it.

    For processes of this program's own, while they have one thread.
    """
    if "https_proxy" not in os.environ:
        _State.reserved = True
        # An empty one would hide the other from libraries that know both.
        os.environ["https_proxy"] = os.environ.get("HTTPS_PROXY", "")


def silenced() -> AbstractContextManager[None]:
    """Make libcurl's https requests in this process fail at once for the length of the block.

    A task of MediaPipe must be made, used and closed inside.  Blocks may overlap in several
    threads; the environment is as before once the last one ends.
    """
    return _BLOCK.entered()


def environment_for_others() -> dict[str, str]:
    """Return the environment without our changes, for other programs started from this one.

    A browser opened from the Help menu would otherwise find no way to any https page.
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
    """Take from a no_proxy list what would let libcurl go to ``_HOST`` past the proxy."""
    if exceptions == "*":
        # libcurl honours the star only when it stands alone, FFmpeg also in a list.
        return "*,"
    names = [name for name in re.split(r"[\s,]+", exceptions) if name]
    kept = [name for name in names if not f".{_HOST}".endswith("." + name.lower().strip("."))]
    # libcurl would take an empty list for an absent one, and look at NO_PROXY instead.
    return exceptions if kept == names else ",".join(kept) or "localhost"
