"""The progress bar of ``lift``."""

from __future__ import annotations

import os
import sys
from types import TracebackType
from typing import Any, Final

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
