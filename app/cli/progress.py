"""The progress bars of ``lift`` and ``export``, and the status line of ``record``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

from app.cli.exits import draw, warn
from app.lifting.progress import Progress, Stage

_FORMAT: Final = (
    "{desc} {percentage:3.0f}%|{bar}|{n_fmt}/{total_fmt}, {rate_noinv_fmt}, {remaining} left"
)
_FORMAT_ENDLESS: Final = "{desc} {n_fmt} frames, {rate_noinv_fmt}, {elapsed} so far"
_FORMAT_MANY: Final = "{desc} {percentage:3.0f}%|{bar}|{remaining} left"
_UP, _CLEAR_ROW, _CLEAR_BELOW = "\x1b[A", "\x1b[K", "\x1b[J"
_KEEP_PLACE, _BACK_TO_PLACE = "\x1b7", "\x1b8"
"""Save and restore the cursor: ECMA-48 and VT100, supported by every terminal that is not dumb."""
_LABEL: Final = 20
"""Characters of a source's name: with more, the remaining time would not fit into 80 columns."""


class ProgressBar:
    """One bar per stage on stderr; nothing if stderr is not a terminal."""

    def __init__(self, label: str) -> None:
        self._label = label if len(label) <= _LABEL else f"{label[: _LABEL - 3]}..."
        self._stage: Stage | None = None
        self._bar: Any = None
        self._shown = sys.stderr is not None and sys.stderr.isatty()

    def update(self, progress: Progress) -> None:
        """Show the progress of the clip."""
        if not self._shown:
            return
        if progress.stage is not self._stage:
            self._begin(progress)
        if self._bar.total is not None and progress.frames > self._bar.total:
            self._bar.total = progress.frames  # the container's frame count was an estimate
        self._bar.update(progress.frames - self._bar.n)

    def close(self) -> None:
        """Remove the bar, so that its line is free for the result."""
        if self._bar is not None:
            self._bar.close()

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self, progress: Progress) -> None:
        self.close()
        self._stage = progress.stage
        self._bar = _bar(
            f"{self._label}, {progress.stage.value}",
            progress.total,
            _FORMAT_ENDLESS if progress.total is None else _FORMAT,
        )


def _bar(words: str, total: int | None, bar_format: str) -> Any:
    from tqdm import tqdm

    sized = _columns() > 0  # otherwise tqdm would draw nothing
    return tqdm(
        desc=words,
        total=total,
        bar_format=bar_format,
        unit=" frames",
        dynamic_ncols=sized,
        ncols=None if sized else 80,
        nrows=None if sized else 24,
        leave=False,
        file=_Stderr(),
    )


class _Stderr:
    """Standard error as a file for tqdm, which would raise an error once the terminal is closed."""

    @property
    def encoding(self) -> str:
        return sys.stderr.encoding

    def fileno(self) -> int:
        return sys.stderr.fileno()

    def write(self, text: str) -> None:
        draw(text)

    def flush(self) -> None:
        """Do nothing: each write is flushed."""


def _columns() -> int:
    """The terminal's width in characters; 0 if it reports none, as in some containers and editors,
    or was closed while the program goes on (``nohup``, ``disown``)."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns
    except OSError:
        return 0


class StatusLine:
    """One line on stderr that is updated in place; nothing if stderr is not a terminal.

    Args:
        typed: whether the user types lines meanwhile.  They appear in the row below, if the
            terminal supports that; :meth:`answer` is to be called for their lines.
    """

    def __init__(self, *, typed: bool = False) -> None:
        self._text = ""
        self._shown = sys.stderr is not None and sys.stderr.isatty()
        # Windows' consoles interpret it only if that is switched on.
        able = os.name != "nt" and os.environ.get("TERM", "dumb") != "dumb"
        self._above = typed and able

    def show(self, text: str) -> None:
        """Replace the line's text, cut off at the terminal's width."""
        if not self._shown:
            return
        columns = _columns() or 80
        text = text[: columns - 1]  # a full line would make some terminals wrap
        if not self._above:
            draw(f"\r{text.ljust(len(self._text))}")
        elif self._text:
            draw(f"{_KEEP_PLACE}{_UP}\r{text}{_CLEAR_ROW}{_BACK_TO_PLACE}")
        else:
            draw(f"{text}\n")
        self._text = text

    def clear(self) -> None:
        """Clear the line, so that something else can be printed."""
        draw(self._cleared())
        self._text = ""

    def warn(self, text: str) -> None:
        """Print a message that stays."""
        self.clear()
        warn(text)

    def answer(self, texts: Sequence[str]) -> None:
        """Print one message for each line typed since, which have scrolled the rows up.

        The status line follows at once, in the same write: what the user types next would otherwise
        appear in the status line's own row and be overwritten.
        """
        below = [self._text] if self._above and self._text else []
        lines = "".join(f"{text}\n" for text in [*texts, *below])
        draw(f"{self._cleared(typed=len(texts))}{lines}")
        self._text = "".join(below)

    def _cleared(self, *, typed: int = 0) -> str:
        if self._text and self._above:
            return f"{_UP * (1 + typed)}\r{_CLEAR_BELOW}"
        return f"\r{' ' * len(self._text)}\r" if self._text else ""


class ManyBar:
    """One bar on stderr for many videos; nothing if stderr is not a terminal."""

    def __init__(self, sizes: Sequence[int]) -> None:
        """``sizes`` are the videos' sizes in bytes, from which the remaining time is estimated."""
        self._sizes = [max(1, size) for size in sizes]
        self._shares = [0.0] * len(sizes)
        self._done = 0
        shown = sys.stderr is not None and sys.stderr.isatty()
        self._bar = _bar(self._words(), sum(self._sizes), _FORMAT_MANY) if shown and sizes else None

    def move(self, index: int, share: float) -> None:
        """Set the fraction of video ``index`` that is done."""
        self._shares[index] = share
        if self._bar is not None:
            done = sum(size * part for size, part in zip(self._sizes, self._shares, strict=True))
            self._bar.update(done - self._bar.n)

    def finish(self, index: int) -> None:
        """Mark video ``index`` as done, or given up."""
        self._done += 1
        self.move(index, 1.0)
        if self._bar is not None:
            self._bar.set_description_str(self._words())

    def aside(self, speak: Callable[[], None]) -> None:
        """Call ``speak`` to print lines, which stay above the bar."""
        if self._bar is not None:
            self._bar.clear()
        speak()
        if self._bar is not None:
            self._bar.refresh()

    def __enter__(self) -> ManyBar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def _words(self) -> str:
        return f"lifting, {self._done} of {len(self._sizes)} videos"
