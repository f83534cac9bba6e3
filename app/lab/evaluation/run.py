"""The evaluation from beginning to end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from app.detection.models import FOR_VIDEOS, Size
from app.errors import MixposeError
from app.lab.evaluation.drawn import drawn_people
from app.lab.evaluation.foot_study import foot_study
from app.lab.evaluation.gait_study import gait_study
from app.lab.evaluation.material import Material
from app.lab.evaluation.methods import Method, Ours, load_methods
from app.lab.evaluation.mpi_inf_3dhp import mpi_inf_3dhp
from app.lab.evaluation.performer import SEEDS, performer_acts
from app.lab.evaluation.placement_study import placement_study
from app.lab.evaluation.processing_study import processing_study
from app.lab.evaluation.range_study import range_study
from app.lab.evaluation.real_footage import real_footage
from app.lab.evaluation.report import Findings
from app.lab.evaluation.scoring import score_methods, shortened
from app.lab.evaluation.studies import delay_study, hiding_study
from app.lab.evaluation.turned import turned_study
from app.lab.evaluation.upright_people import standing_study
from app.lab.evaluation.videopose3d import human36m, humaneva
from app.sources import PERFORMER
from models.live import LARGEST_DELAY

SHARED_FOOTAGE: Final = Path(__file__).resolve().parents[4] / "shared" / "realeval"
"""Real footage and people who stand straight, next to the repository: used if present."""

Note = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """Extent of the measurements."""

    seeds: tuple[int, ...]
    acts_s: float
    """Length of the performer's acts for each seed."""
    delays: tuple[int, ...]
    delay_s: float
    """Seconds of the acts; each delay costs a pass of the network for each frame."""
    dataset_s: float | None
    """Seconds of each video of a dataset; None is all."""
    takes: int | None
    """Takes of each detector of a study, and walks; None is all."""
    turned_s: float
    """Seconds of the rotated clip; each rotation costs a pass of the detector."""
    whole_clips: bool
    """Whether clips of people who stand straight are lifted as a whole."""


QUICK: Final = Plan(
    seeds=SEEDS[:1],
    acts_s=8.0,
    delays=(0, 2, 8),
    delay_s=4.0,
    dataset_s=4.0,
    takes=12,
    turned_s=2.0,
    whole_clips=False,
)
FULL: Final = Plan(
    seeds=SEEDS,
    acts_s=15.0,
    delays=tuple(range(LARGEST_DELAY + 1)),
    delay_s=8.0,
    dataset_s=None,
    takes=None,
    turned_s=6.0,
    whole_clips=True,
)


@dataclass(frozen=True)
class Request:
    """What to evaluate, and on which data; parts that are None are left out."""

    weights: tuple[str | None, ...] = (None,)
    """Shipped names or files; None is the default."""
    device: str = "auto"
    detector: Size = FOR_VIDEOS
    """Size of the model."""
    study: Path | None = None
    motion: Path | None = None
    footage: Path | None = None
    upright: Path | None = None
    turned: str = PERFORMER
    """The clip that is rotated in the picture."""
    human36m: Path | None = None
    humaneva: Path | None = None
    mpi_inf_3dhp: Path | None = None
    keypoints: str = "gt"
    plan: Plan = FULL


def evaluate(request: Request, note: Note) -> Findings:
    """Measure on all available data.

    A part whose data is absent or unusable is left out, and the findings say why.

    Args:
        request: what to evaluate.
        note: called with a line for each step.

    Raises:
        WeightsError, DeviceError: there is nothing to evaluate.
    """
    note("Loading the networks ...")
    methods = load_methods(request.weights, request.device)
    run = _Run(request, methods, note)
    run.all_parts()
    return run.found


class _Run:
    """The findings so far."""

    def __init__(self, request: Request, methods: list[Method], note: Note) -> None:
        self._request, self._plan, self._methods, self._note = request, request.plan, methods, note
        self._ours = [
            method for method in methods if isinstance(method, Ours) and method.lifter.use_depth
        ]
        self.found = Findings()

    def all_parts(self) -> None:
        """Run all parts, one after the other, independently."""
        given = self._request
        names = given.keypoints
        self._guarded("the performer", self._performer)
        self._part("people who stand straight", "--upright FOLDER", given.upright, self._standing)
        self._guarded("any way up", self._turned)
        self._part(
            "drawn people",
            "--study PATH",
            given.study,
            lambda at: self._drawn(drawn_people(at, self._plan.takes)),
        )
        self._part("gait", "--motion FOLDER", given.motion, self._gait)
        self._part("real footage", "--realeval FOLDER", given.footage, self._real)
        for name, option, folder, read in (
            ("Human3.6M", "--h36m", given.human36m, lambda at: human36m(at, names)),
            ("HumanEva", "--humaneva", given.humaneva, lambda at: humaneva(at, names)),
            ("MPI-INF-3DHP", "--3dhp", given.mpi_inf_3dhp, mpi_inf_3dhp),
        ):
            self._part(name, f"{option} FOLDER", folder, partial(self._dataset, read))

    def _part(
        self, name: str, option: str, given: Path | None, measure: Callable[[Path], None]
    ) -> None:
        if given is None:
            self._skip(f"{name}: give {option}.")
        else:
            self._guarded(name, partial(measure, given))

    def _guarded(self, name: str, measure: Callable[[], None]) -> None:
        try:
            measure()
        except MixposeError as error:
            self._skip(f"{name}: {error}")

    def _skip(self, sentence: str) -> None:
        self._note(f"Not measured: {sentence}")
        self.found.skipped.append(sentence)

    def _performer(self) -> None:
        material = performer_acts(
            self._plan.seeds, self._plan.acts_s, self._request.detector, self._note
        )
        self._score([material])
        self.found.hidden += hiding_study(material, self._ours)
        self._note("Smoothing and rigid bones ...")
        self.found.processed += processing_study(material, self._ours)
        self._note("The place in the room ...")
        self.found.placed += placement_study(material, self._ours)
        live = shortened(material, self._plan.delay_s)
        self.found.delayed_on = live.title
        self.found.delayed += delay_study(live, self._ours, self._plan.delays, self._note)

    def _standing(self, folder: Path) -> None:
        given, whole = self._request, self._plan.whole_clips
        self.found.standing += standing_study(
            folder, self._ours, given.detector, self._note, whole=whole
        )

    def _turned(self) -> None:
        given, seconds = self._request, self._plan.turned_s
        self.found.turned += turned_study(
            given.turned, seconds, self._ours, given.detector, self._note
        )

    def _drawn(self, materials: list[Material]) -> None:
        self._score(materials)
        for material in materials:
            self.found.feet += foot_study(material, self._ours)
            self.found.ranges += range_study(material, self._ours)
        # With the largest detector.
        self.found.hidden += hiding_study(materials[-1], self._ours)

    def _gait(self, folder: Path) -> None:
        self._note("People who walk ...")
        self.found.gait += gait_study(folder, self._ours, self._plan.takes)

    def _real(self, folder: Path) -> None:
        self._note("Real footage through the detector ...")
        self._score(real_footage(folder, self._request.detector))

    def _dataset(self, read: Callable[[Path], Material], folder: Path) -> None:
        material, seconds = read(folder), self._plan.dataset_s
        self._score([material if seconds is None else shortened(material, seconds)])

    def _score(self, materials: Iterable[Material]) -> None:
        for material in materials:
            self._note(f"Scoring {material.title} ...")
            self.found.rows += score_methods(material, self._methods)
            if material.remark:
                self.found.remarks.append(f"{material.title}: {material.remark}")
