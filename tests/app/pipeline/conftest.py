"""Fixtures of the live run's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from app.detection.landmarker import import_mediapipe
from app.pipeline import LiveRun
from app.sources.base import Source
from models.checkpoint import PERSON_BOX, WeightsInfo, save
from models.lifter import Lifter
from models.mixste import MixSTE

import_mediapipe()  # which is slow, and must not count as a run's slowness


@pytest.fixture(scope="session")
def small_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of random numbers: its poses mean nothing, but it is quick."""
    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    torch.manual_seed(0)
    info = WeightsInfo(
        name="small",
        frames=9,
        width=32,
        depth=1,
        heads=2,
        channels=3,
        rate=30.0,
        normalisation=PERSON_BOX,
    )
    save(path, MixSTE(9, width=32, depth=1, heads=2, channels=3), info)
    return path


@pytest.fixture
def small_lifter(small_weights: Path) -> Callable[[], Lifter]:
    """Loads that network."""
    return lambda: Lifter(small_weights, "cpu")


@pytest.fixture
def live_run(small_lifter: Callable[[], Lifter]) -> Iterator[Callable[..., LiveRun]]:
    """Makes runs with the small network and the quickest detector, unless others are given, and
    stops them at the end."""
    runs: list[LiveRun] = []

    def make(
        open_source: Callable[[], Source],
        lifter_factory: Callable[[], Lifter] = small_lifter,
        **options: Any,
    ) -> LiveRun:
        if "detector_factory" not in options:
            options.setdefault("detector_size", "lite")
        run = LiveRun(open_source, lifter_factory, **options)
        runs.append(run)
        return run

    yield make
    for run in runs:
        run.stop()


@pytest.fixture(scope="session")
def person(shared: Path) -> NDArray[np.uint8]:
    """A picture of a whole person, RGB."""
    capture = cv2.VideoCapture(str(shared / "videos" / "tfjs_pose_1.mp4"))
    ok, picture = capture.read()
    capture.release()
    assert ok
    return np.ascontiguousarray(picture[..., ::-1])
