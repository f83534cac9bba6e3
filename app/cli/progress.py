"""The progress bar of ``lift`` and ``export``, and the line that ``record`` keeps up to date."""

from __future__ import annotations

import os
import sys
from types import TracebackType
from typing import Any, Final

from app.cli.exits import draw, warn
from app.clip import Progress, Stage

_WORDS: Final = {Stage.DETECTING: "detecting", Stage.LIFTING: "lifting"}
_FORMAT: Final = (
    "{desc} {percentage:3.0f}%|{bar}|{n_fmt}/{total_fmt}, {rate_noinv_fmt}, {remaining} left"
)
_FORMAT_ENDLESS: Final = "{desc} {n_fmt} frames, {rate_noinv_fmt}, {elapsed} so far"
_LABEL: Final = 20
"""Letters of a source's name: with more, the time left would not fit into 80 columns."""


class ProgressBar:
    """One bar a stage on stderr; nothing at all where stderr is not a terminal."""

    def __init__(self, label: str) -> None:
        self._label = label if len(label) <= _LABEL else f"{label[: _LABEL - 3]}..."
        self._stage: Stage | None = None
        self._bar: Any = None
        self._shown = sys.stderr is not None and sys.stderr.isatty()

    def update(self, progress: Progress) -> None:
        """Show how far the clip is."""
        if not self._shown:
            return
        if progress.stage is not self._stage:
            self._begin(progress)
        if self._bar.total is not None and progress.frames > self._bar.total:
            self._bar.total = progress.frames  # the container's count was an estimate
        self._bar.update(progress.frames - self._bar.n)

    def close(self) -> None:
        """Remove the bar; its line is free for the result."""
        if self._bar is not None:
            self._bar.close()

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _begin(self, progress: Progress) -> None:
        from tqdm import tqdm

        self.close()
        self._stage = progress.stage
        # Some terminals (of containers, of editors) say that they are 0 wide: tqdm draws nothing.
        sized = os.get_terminal_size(sys.stderr.fileno()).columns > 0
        self._bar = tqdm(
            desc=f"{self._label}, {_WORDS[progress.stage]}",
            total=progress.total,
            bar_format=_FORMAT_ENDLESS if progress.total is None else _FORMAT,
            unit=" frames",
            dynamic_ncols=sized,
            ncols=None if sized else 80,
            nrows=None if sized else 24,
            leave=False,
            file=sys.stderr,
        )


class StatusLine:
    """One line on stderr that changes in place; nothing at all where stderr is not a terminal."""

    def __init__(self) -> None:
        self._drawn = 0
        self._shown = sys.stderr is not None and sys.stderr.isatty()

    def show(self, text: str) -> None:
        """Replace what the line says; what does not fit is cut off."""
        if not self._shown:
            return
        columns = os.get_terminal_size(sys.stderr.fileno()).columns or 80
        text = text[: columns - 1]  # a full line would make some terminals go on to the next
        draw(f"\r{text.ljust(self._drawn)}")
        self._drawn = len(text)

    def clear(self) -> None:
        """Empty the line, for something else to be said in its place."""
        if self._drawn:
            draw(f"\r{' ' * self._drawn}\r")
            self._drawn = 0

    def warn(self, text: str) -> None:
        """Say something that stays."""
        self.clear()
        warn(text)
