"""A run's log: a CSV file, and TensorBoard's format if that is installed."""

from __future__ import annotations

import csv
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

try:
    from torch.utils.tensorboard import SummaryWriter
except ImportError:  # the extra "train" is not installed
    SummaryWriter = None  # type: ignore[assignment,misc]

COLUMNS: Final = (
    "frames", "step", "loss", "mpjpe", "n", "p", "all", "mpjve", "up",
    "stage", "total_step", "rate", "minutes",
)  # fmt: skip


class Logbook:
    """Rows of ``log.csv`` and curves in ``tensorboard/``; millimetres, mm per frame, minutes.

    When a run resumes, entries of later steps are removed: these steps are trained again.

    Args:
        folder: the run's.
        total_step: completed steps of all stages.
    """

    def __init__(self, folder: Path, total_step: int) -> None:
        self._path = folder / "log.csv"
        kept = [row for row in self._read() if int(row.get("total_step") or 0) <= total_step]
        with self._path.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, restval="", extrasaction="ignore")
            writer.writeheader()
            writer.writerows(kept)
        before = float(kept[-1].get("minutes") or 0) if kept else 0.0
        self._since = time.monotonic() - 60 * before
        self._curves: Any = None
        if SummaryWriter is not None:
            self._curves = SummaryWriter(folder / "tensorboard", purge_step=total_step + 1)

    def write(self, row: Mapping[str, float]) -> None:
        """Add a row with keys of ``COLUMNS``; the minutes are added, summed over all slices."""
        minutes = round((time.monotonic() - self._since) / 60, 2)
        with self._path.open("a", newline="") as file:
            csv.DictWriter(file, COLUMNS, restval="").writerow({**row, "minutes": minutes})
        if self._curves is not None:
            for name in row.keys() - {"frames", "step", "stage", "total_step"}:
                self._curves.add_scalar(name, row[name], row["total_step"])

    def close(self) -> None:
        """Flush and close TensorBoard's file."""
        if self._curves is not None:
            self._curves.close()

    def _read(self) -> list[dict[str, str]]:
        if not self._path.exists():
            return []
        with self._path.open(newline="") as file:
            return list(csv.DictReader(file))
