"""The performer through the real detector: footage whose 3D is known exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from app.detection.detector import Detector
from app.detection.models import Size
from app.evaluation.material import Footage, Material, Stand
from app.lifting.reading import detect_clip
from app.performer.source import PerformerSource
from app.study.files import load
from app.study.observe import RATE, Observation

SEEDS: Final = (11, 12, 13)
"""Bodies, cameras and orders of acts that neither the demo nor any fit or test has used."""
_FRAMINGS: Final = {
    "whole": "the whole body in the picture",
    "cut": "cut by the picture's edge",
    "any": "framed as it comes",
}


def performer_acts(
    seeds: Sequence[int], seconds: float, size: Size, progress: Callable[[str], None]
) -> Material:
    """Film the performer's own acts and let the detector of that ``size`` look at them.

    Raises:
        SourceError: the performer cannot be drawn here.
        DetectorError: MediaPipe failed.
    """
    footage = []
    for seed in seeds:
        progress(f"The performer, seed {seed}: {seconds:g} s through the detector ...")
        footage.append(_acts(seed, seconds, size))
    people = f"{len(seeds)} people" if len(seeds) > 1 else "1 person"
    title = f"performer's acts through the detector, {people} x {seconds:g} s"
    return Material(title, tuple(footage), by_group=True)


def _acts(seed: int, seconds: float, size: Size) -> Footage:
    with PerformerSource(seed=seed, duration_s=seconds) as source, Detector(size) as detector:
        clip = detect_clip(source, detector)
        assert source.rate is not None
        frames = np.rint(clip.time_s * source.rate).astype(int)
        true = np.stack([source.truth(int(frame)) for frame in frames])
        camera = source.camera
    return Footage(
        group=f"seed {seed}",
        size=clip.size,
        time_s=clip.time_s,
        xy=clip.xy,
        conf=clip.conf,
        true=true,
        world=clip.world,
        stand=Stand(camera.fov_deg, camera.view.rotation()[:, 1], camera.view.eye[1]),
    )


def study_file(path: Path) -> list[Material]:
    """What ``python -m app.study`` has written.

    Raises:
        MixposeError: the file is absent or holds something else.
    """
    return _by_framing(load(path))


def _by_framing(observations: Sequence[Observation]) -> list[Material]:
    materials = []
    for framing, words in _FRAMINGS.items():
        chosen = [each for each in observations if each.framing == framing]
        if chosen:
            splits = "/".join(sorted({each.split for each in chosen}))
            title = f"{splits} motion on the performer, {words}, {len(chosen)} takes"
            materials.append(Material(title, tuple(_footage(each) for each in chosen)))
    return materials


def _footage(seen: Observation) -> Footage:
    return Footage(
        group=seen.framing,
        size=seen.size,
        time_s=np.arange(len(seen.xy)) / RATE,
        xy=seen.xy,
        conf=seen.conf,
        true=seen.truth,
        world=seen.world,
    )
