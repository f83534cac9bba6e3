"""The benchmark from beginning to end."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2

from app import __version__
from app.detection.models import FOR_LIVE, FOR_VIDEOS, Size
from app.errors import SourceError
from app.lab.bench.live import VIEW_SIZE, live_rows, observe
from app.lab.bench.offline import drawing_row, offline_rows, window_row
from app.lab.bench.table import Row, markdown
from app.render.client import Renderer
from app.synthetic.performer.source import PerformerSource

if TYPE_CHECKING:
    from models.lifter import Lifter

SIZE: Final = (1280, 720)
RATE: Final = 30.0


def film_performer(path: Path, frames: int, note: Callable[[str], None]) -> None:
    """Render ``frames`` frames of the performer in 720p at 30 frames/s to an MP4 file.

    Raises:
        SourceError: the performer cannot be rendered, or the file cannot be written.
    """
    note(f"Filming {frames} frames of the performer, {SIZE[0]}x{SIZE[1]} ...")
    with PerformerSource(SIZE, RATE) as performer:
        video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), RATE, SIZE)
        if not video.isOpened():
            raise SourceError(f"The film {path} cannot be written. Give a video with --source.")
        try:
            for _ in range(frames):
                frame = performer.read()
                if frame is None:
                    raise SourceError("The performer has ended before its film was complete.")
                video.write(cv2.cvtColor(frame.image, cv2.COLOR_RGB2BGR))
        finally:
            video.release()


@dataclass(frozen=True, slots=True)
class Plan:
    """Extent of the measurements."""

    clip_s: float
    """Length of the clip that is read, detected and lifted."""
    rounds: int
    """Number of measurements of the ratio of ``lift`` to MediaPipe alone."""
    live_s: float
    """Length of the live run; memory can only be judged over minutes."""


QUICK = Plan(clip_s=8.0, rounds=1, live_s=10.0)
FULL = Plan(clip_s=32.0, rounds=3, live_s=60.0)


def measure(
    plan: Plan,
    *,
    weights: str | None = None,
    device: str = "auto",
    source: str | None = None,
    detector: Size | None = None,
    note: Callable[[str], None],
) -> list[Row]:
    """Measure everything.

    Args:
        plan: extent of the measurements.
        weights: a shipped name or a file's path; None for the default.
        device: auto, cpu, cuda or mps.
        source: a video file to measure on; None renders the performer in 720p.
        detector: size of its model; None for what ``lift`` and the live view each use.
        note: called with a line for each step.

    Raises:
        MixposeError: the source or the weights cannot be used.
    """

    def load() -> Lifter:
        from models.lifter import Lifter

        return Lifter(weights, device)

    note("Loading the network ...")
    lifter = load()
    with tempfile.TemporaryDirectory(prefix="mixpose-bench-") as folder:
        path = source
        if path is None:
            path = str(Path(folder) / "performer.mp4")
            film_performer(Path(path), round(plan.clip_s * 30), note)
        return _rows(plan, path, lifter, load, detector, note)


def _rows(
    plan: Plan,
    path: str,
    lifter: Lifter,
    load: Callable[[], Lifter],
    detector: Size | None,
    note: Callable[[str], None],
) -> list[Row]:
    from app.lab.bench.network import network_rows  # imports PyTorch

    note("Measuring each stage and lift ...")
    for_films = detector or FOR_VIDEOS
    rows, clip = offline_rows(path, plan.clip_s, lifter, for_films, plan.rounds)
    rows.append(window_row(clip, lifter))
    note("Comparing the network with itself as written ...")
    rows.extend(network_rows(lifter, turns=1 + 2 * plan.rounds))
    with closing(Renderer("skeleton", VIEW_SIZE)) as renderer:
        renderer.start()
        note("Drawing ...")
        rows.append(drawing_row(renderer, pictures=60))
        note(f"Running live for {plan.live_s:g} seconds ...")
        drawing = renderer.failed is None
        on_screen = renderer if drawing else None
        seen = observe(path, load, plan.live_s, on_screen, detector or FOR_LIVE)
    return rows + live_rows(seen, drawing)


def report(rows: Sequence[Row]) -> str:
    """Return the measurements as a Markdown table, with the machine."""
    return (
        f"mixpose {__version__}, Python {platform.python_version()}, {platform.system()} "
        f"{platform.machine()}, {os.cpu_count()} cores\n\n{markdown(rows)}"
    )
