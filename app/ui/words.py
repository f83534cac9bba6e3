"""The window's wording of numbers and states; no widgets and no logic beyond wording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from app.detection.models import FOR_LIVE, MODELS, SIZES, WHY
from app.pipeline.status import Stats
from app.stream_out.figures import Figures

_SOME, _TOO_MANY = 0.05, 0.2
"""Fractions of pictures skipped: below the first there is no harm, from the second on fast
movements are missed."""
NARROW_SPACE: Final = "\u2009"


@dataclass(frozen=True, slots=True)
class Segment:
    """One piece of the status line."""

    text: str
    explained: str
    """Its tooltip."""
    warn: bool = False


def clock(seconds: float) -> str:
    """``75.25`` -> ``01:15.2``; an hour and more as ``1:02:03``.  Never rounds up to ``:60``."""
    tenths = int(max(0.0, seconds) * 10 + 1e-6)
    minutes, rest = divmod(tenths, 600)
    if minutes >= 60:
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02d}:{rest // 10:02d}"
    return f"{minutes:02d}:{rest // 10:02d}.{rest % 10}"


def signed_clock(seconds: float) -> str:
    """As :func:`clock`, with a minus sign for times before the beginning."""
    return f"−{clock(-seconds)}" if seconds <= -0.05 else clock(seconds)


def span(seconds: float) -> str:
    """Return a rounded duration: ``12 s``, ``3 min``, ``2 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h"


def length(seconds: float) -> str:
    """Return a recording's length as it is written in a sentence: ``0:07``, ``1:02:03``."""
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def milliseconds(value: float) -> str:
    return f"{value:.0f}{NARROW_SPACE}ms"


def delay(frames: int, rate: float | None) -> str:
    """Return the tooltip of the steadier / faster slider at ``frames`` of delay."""
    if frames == 0:
        return "Fastest: the newest picture, a little shaky"
    late = f", {frames / rate * 1000:.0f} ms" if rate else ""
    plural = "frame" if frames == 1 else "frames"
    return f"The 3D pose is {frames} {plural}{late} behind: steadier, but later"


def megabytes(value: float) -> str:
    """Return a rounded estimate: ``7 MB``, ``55 MB``, ``170 MB``."""
    step = 1 if value < 10 else 5 if value < 100 else 10
    return f"{max(step, round(value / step) * step)} MB"


def device(name: str) -> str:
    """Return the readable name of a PyTorch device such as ``cuda:0`` or ``cpu``."""
    kind = name.partition(":")[0]
    return {"cpu": "CPU", "cuda": "GPU", "mps": "Apple GPU"}.get(kind, name)


def status(
    stats: Stats,
    pictures: int = 0,
    *,
    gpu_wanted: bool = False,
    detector_automatic: bool = False,
    recording: bool = False,
) -> tuple[Segment, ...]:
    """Return the status line of a live run, left to right, without figures not measured yet.

    ``pictures`` have been processed since the start.  ``detector_automatic``: the size of the
    detector's model was not chosen by the user.
    """
    found = [Segment(f"{stats.fps:.1f} fps", "Pictures searched for a person, each second")]
    found += _detecting(stats, detector_automatic=detector_automatic)
    if stats.lift_ms is not None:
        found.append(
            Segment(
                f"3D {milliseconds(stats.lift_ms)}",
                f"Time to turn joints into a 3D pose; {stats.poses_per_s:.0f} poses each second",
            )
        )
    found += _latency(stats)
    if stats.device:
        found.append(_device(stats.device, gpu_wanted=gpu_wanted))
    if stats.weights:
        found.append(Segment(stats.weights, "The trained weights in use; change them in Settings"))
    if pictures:
        found.append(_skipped(stats, pictures, recording=recording))
    return tuple(found)


def _skipped(stats: Stats, pictures: int, *, recording: bool) -> Segment:
    """Return how many pictures were skipped; a warning if too many are missing in a recording."""
    count = stats.dropped
    share = count / (count + pictures)
    if not count:
        return Segment("no picture skipped", "All frames were processed since the start")
    smaller = stats.detector_size == SIZES[0]
    remedy = "a smaller picture" if smaller else "a faster model"
    judged = {
        share < _SOME: "That harms nothing",
        _SOME <= share < _TOO_MANY: "Slow movements are not harmed; fast ones are seen less well",
        share >= _TOO_MANY: f"Fast movements are missed: choose {remedy} in Settings, or close "
        "other programs",
    }[True]
    explained = (
        f"{count} pictures came faster than this computer can look at them, since the start.\n"
        f"{judged}"
    )
    if recording and share >= _TOO_MANY:
        return Segment(f"{share:.0%} not recorded: choose {remedy}", explained, warn=True)
    return Segment(f"{share:.0%} skipped" if share >= 0.005 else "under 1% skipped", explained)


def _detecting(stats: Stats, *, detector_automatic: bool) -> list[Segment]:
    if stats.detect_ms is None:
        return []
    explained, text = "Time to find the joints in one picture", milliseconds(stats.detect_ms)
    size = stats.detector_size
    if size is None or size == FOR_LIVE:
        return [Segment(f"2D {text}", explained)]
    why = WHY[size] if detector_automatic else "as chosen in Settings"
    model = MODELS[size].words.lower()
    return [Segment(f"2D {text}, {model}", f'{explained}, with the model "{model}":\n{why}')]


def _latency(stats: Stats) -> list[Segment]:
    if stats.capture_to_screen_ms is None:
        return []
    words = (
        "From the moment the picture was taken until its 3D pose is on the screen,\n"
        "the delay chosen with the steadier / faster slider included"
    )
    return [Segment(f"screen {milliseconds(stats.capture_to_screen_ms)}", words)]


def _device(name: str, *, gpu_wanted: bool) -> Segment:
    kind = device(name)
    if kind != "CPU":
        return Segment(kind, f"The 3D poses are computed on the graphics card ({name})")
    if gpu_wanted:
        return Segment(
            "CPU, no GPU",
            "A graphics card was asked for, but PyTorch finds none it can use",
            warn=True,
        )
    return Segment("CPU", "The 3D poses are computed on the processor")


def lifting(share: float) -> Segment:
    """Return the segment for the progress of lifting a video."""
    text = f"computing 3D, {share:.0%}"
    return Segment(text, "The poses of this video are computed; next time they are there at once")


def sending(figures: list[tuple[str, Figures]]) -> tuple[Segment, ...]:
    """Return the segment for sending poses; ``figures`` are (label, figures) of each receiver."""
    if not figures:
        return ()
    rate = max(each.rate for _, each in figures)
    heard = any(each.heard for _, each in figures)
    text = f"sending {rate:.0f}/s" if heard else "sending, nobody receives"
    explained = "\n".join(f"{label}: {_sent(each)}" for label, each in figures)
    return (Segment(text, explained, warn=not heard),)


def _sent(figures: Figures) -> str:
    if figures.latency_ms is None:
        return "no poses at the moment"
    words = (
        f"{figures.rate:.1f} poses a second, sent {milliseconds(figures.latency_ms)} after the "
        f"picture was taken; {figures.lost} lost"
    )
    return words if figures.heard else f"{words}; nobody receives them"
