"""Renders takes, runs the detectors on them, and saves the result, in one process without windows.

On disk observations are ``.npz`` files of plain arrays, complete at any time.  A run is a folder of
them, each of some takes: an interruption loses those of one file at most.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from app.detection.landmarker import Landmarker
from app.detection.models import SIZES, Size, bundle
from app.detection.no_telemetry import silenced
from app.detection.person import Person
from app.errors import DetectorError
from app.lab.study.cameras import Framing
from app.system.files import write_atomically
from models.errors import MixposeError
from models.skeleton import LANDMARK_COUNT


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """One take of T frames: detections by one detector, and the truth."""

    detector: Size
    """Size of the model."""
    landmarks: NDArray[np.float32]
    """(T, 33, 5) x, y, z in pixels, visibility (raw, not calibrated), presence; NaN and 0 where no
    person was detected."""
    world: NDArray[np.float32]
    """(T, 33, 3) MediaPipe's world landmarks, metres, hips at the origin; NaN as above."""
    tracked: NDArray[np.bool_]
    """(T,) whether a person was detected."""
    truth: NDArray[np.float32]
    """(T, 17, 3) the true joints, metres from the lens, camera axes."""
    feet: NDArray[np.float32]
    """(T, 4, 3) left heel, right heel, left toes and right toes, as ``truth``."""
    size: tuple[int, int]
    """(width, height) in pixels."""
    focal: float
    """Focal length in pixels; the principal point is the picture's centre."""
    up: tuple[float, float, float]
    """The up direction as a unit vector in camera axes."""
    rate: float
    """Frames a second."""
    kind: str
    """Kind of posture."""
    framing: str
    """``whole``, ``cut`` or ``any``."""
    clip: str
    split: str
    people: str
    """``performer`` or ``clothed``."""
    seed: int
    """Seed of body and appearance."""
    index: int
    """Number of the take in the run."""


class Take(Protocol):
    """A take ready to be rendered: T frames."""

    size: tuple[int, int]
    focal: float
    up: tuple[float, float, float]
    kind: str
    framing: Framing
    clip: str
    split: str
    people: str
    seed: int

    def truth(self) -> NDArray[np.float32]:
        """Return (T, 17, 3) metres from the lens, camera axes."""

    def feet(self) -> NDArray[np.float32]:
        """(T, 4, 3) left heel, right heel, left toes and right toes, as :meth:`truth`."""

    def pictures(self) -> Iterator[NDArray[np.uint8]]:
        """T pictures, (height, width, 3) RGB; each may be overwritten by the next."""


class TakeSource(Protocol):
    """Generates the takes of a run."""

    rate: float
    """Frames a second."""

    def take(self, index: int) -> Take:
        """Return take ``index`` of the run, independent of the other takes."""


def observe(
    stage: TakeSource, count: int, *, first: int = 0, detectors: Sequence[Size] = SIZES
) -> Iterator[list[Observation]]:
    """Yield takes ``first`` to ``count`` - 1 of a run, as observed by each detector.

    Raises:
        RenderError, ClothedError: rendering is not possible here.
        DetectorError: MediaPipe cannot start or failed.
    """
    step_ms = round(1000 / stage.rate)
    with DetectorSet(detectors) as detectors_running:
        for index in range(first, count):
            take = stage.take(index)
            detectors_running.begin()
            for picture in take.pictures():
                detectors_running.look(picture, step_ms)
            truth, feet = take.truth(), take.feet()
            yield [
                Observation(
                    detector=detector,
                    landmarks=seen.landmarks,
                    world=seen.world,
                    tracked=seen.tracked,
                    truth=truth,
                    feet=feet,
                    size=take.size,
                    focal=take.focal,
                    up=take.up,
                    rate=stage.rate,
                    kind=take.kind,
                    framing=take.framing,
                    clip=take.clip,
                    split=take.split,
                    people=take.people,
                    seed=take.seed,
                    index=index,
                )
                for detector, seen in detectors_running.seen().items()
            ]


_EMPTY: Final[NDArray[np.uint8]] = np.zeros((64, 64, 3), np.uint8)
_PAUSE_MS: Final = 2000
"""An empty picture after so many ms makes MediaPipe drop its track and restart its smoothing."""


class Seen(NamedTuple):
    """Detections in T frames."""

    landmarks: NDArray[np.float32]
    """(T, 33, 5) x, y, z in pixels, visibility, presence; NaN and 0 where there is no person."""
    world: NDArray[np.float32]
    """(T, 33, 3) metres, camera axes, hips at the origin; NaN where no person was detected."""
    tracked: NDArray[np.bool_]
    """(T,)"""


class DetectorSet:
    """Detectors of several sizes for the same pictures; a context manager.

    Args:
        sizes: of the detector's model.

    Raises:
        DetectorError: a model is missing or damaged.
    """

    def __init__(self, sizes: Sequence[Size] = SIZES) -> None:
        self._bundles = {size: bundle(size) for size in sizes}
        self._people: dict[Size, list[Person | None]] = {}

    def __enter__(self) -> DetectorSet:
        with ExitStack() as stack:
            stack.enter_context(silenced())
            try:
                self._landmarkers = {
                    size: Landmarker(content, size, follow=True)
                    for size, content in self._bundles.items()
                }
            except (ImportError, OSError, RuntimeError, ValueError) as error:
                raise DetectorError(f"The pose detector cannot start: {error}") from error
            for landmarker in self._landmarkers.values():
                stack.callback(landmarker.close)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def begin(self) -> None:
        """Begin another take: drop the tracked person.

        Raises:
            DetectorError: MediaPipe failed.
        """
        self._people = {size: [] for size in self._landmarkers}
        self.look(_EMPTY, _PAUSE_MS)
        for people in self._people.values():
            people.clear()

    def look(self, picture: NDArray[np.uint8], step_ms: int) -> None:
        """Detect in (height, width, 3) RGB with all, ``step_ms`` after the previous picture.

        Raises:
            DetectorError: MediaPipe failed.
        """
        try:
            for size, landmarker in self._landmarkers.items():
                self._people[size].append(landmarker.run(picture, step_ms))
        except (RuntimeError, ValueError) as error:
            raise DetectorError(f"MediaPipe's pose landmarker failed: {error}") from error

    def seen(self) -> dict[Size, Seen]:
        """Return the detections of each since :meth:`begin`."""
        return {size: _gathered(people) for size, people in self._people.items()}


def _gathered(people: list[Person | None]) -> Seen:
    landmarks = np.full((len(people), LANDMARK_COUNT, 5), np.nan, np.float32)
    landmarks[..., 3:] = 0.0
    world = np.full((len(people), LANDMARK_COUNT, 3), np.nan, np.float32)
    for frame, person in enumerate(people):
        if person is not None:
            landmarks[frame], world[frame] = person.landmarks, person.world
    return Seen(landmarks, world, np.array([person is not None for person in people]))


_NAMES = tuple(field.name for field in fields(Observation))
_FLOATS = ("focal", "up", "rate")


def save(path: Path, observations: Sequence[Observation]) -> None:
    """Write N observations of one length, replacing an existing file only when complete.

    Every field of :class:`Observation` becomes an array of that name with N first.
    Raises OSError.
    """
    arrays: dict[str, Any] = {
        name: np.array([getattr(one, name) for one in observations]) for name in _NAMES
    }
    arrays |= {name: arrays[name].astype(np.float32) for name in _FLOATS}
    path.parent.mkdir(parents=True, exist_ok=True)
    with write_atomically(path, overwrite=True) as file:
        np.savez_compressed(file, **arrays)


def load(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of a file written by :func:`save`.

    Raises:
        MixposeError: the file is missing, or something else.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in _NAMES}
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise MixposeError(f"Cannot read the observations in {path}: {error}.") from error


def pieces(folder: Path) -> list[Path]:
    """Return the files of a run, in the order of their takes."""
    return sorted(folder.glob("takes-*.npz"))


def piece(folder: Path, first: int) -> Path:
    """Return the path of the file of takes from ``first`` on."""
    return folder / f"takes-{first:06d}.npz"
