"""The performer with real detections: footage whose 3D is known exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from app.detection.detector import Detector
from app.detection.models import Size
from app.lab.evaluation.material import CameraSetup, Footage, Material
from app.lifting.reading import detect_clip
from app.synthetic.performer.source import PerformerSource

SEEDS: Final = (11, 12, 13)
"""Bodies, cameras and orders of acts that neither the demo nor any fit or test uses."""


def performer_acts(
    seeds: Sequence[int], seconds: float, size: Size, progress: Callable[[str], None]
) -> Material:
    """Render the performer's acts, and detect them with the model of that ``size``.

    Raises:
        SourceError: the performer cannot be rendered here.
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
    return Footage.detected(
        *(f"seed {seed}", clip.size, clip.track, true),
        up=camera.view.rotation()[:, 1],
        camera_setup=CameraSetup(camera.fov_deg, camera.view.eye[1]),
    )
