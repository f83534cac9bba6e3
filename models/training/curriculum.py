"""Recipes: network size, window lengths, loss and learning rate of a training run.

The curriculum goes from single frames to increasingly long windows.  With one frame the temporal
blocks have nothing to attend to and are left out: a step has room for 256 different poses in place
of sixteen windows of 27 frames.  When a network grows, every temporal block starts as the identity
(its output projections are zero), so that nothing learned is lost, and with attention to
neighbouring frames (``locality``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.errors import MixposeError
from models.geometry import CHANNELS
from models.mixste import MixSTE
from models.training.locality import initialise_locally
from models.training.losses import paper_loss, training_loss
from models.training.samples import Batch, Sampler

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]


class Schedule(Protocol):
    """The learning rate's course over a stage."""

    def at(self, step: int, steps: int) -> float:
        """Return the fraction of the stage's learning rate in ``step`` of ``steps``."""


@dataclass(frozen=True)
class Cosine:
    """A linear warm-up, then half a cosine down to ``last``."""

    warm_up: int = 200
    last: float = 0.05

    def at(self, step: int, steps: int) -> float:
        warm = min(1.0, (step + 1) / self.warm_up)
        fall = 0.5 * (1 + math.cos(math.pi * step / steps))
        return warm * (self.last + (1 - self.last) * fall)


@dataclass(frozen=True)
class Epochs:
    """The paper's schedule: multiplied by ``factor`` after every epoch of ``length`` steps."""

    length: int
    factor: float = 0.99

    def at(self, step: int, steps: int) -> float:
        return float(self.factor ** (step // self.length))


@dataclass(frozen=True)
class Stage:
    """A stage of training: ``steps`` steps of ``windows`` windows of ``frames`` frames, with the
    initial learning rate ``rate``."""

    frames: int
    windows: int
    steps: int
    rate: float
    span: int = 1
    """For single frames: length of the windows whose boxes they get."""
    sparse: bool = False
    """Whether only a few frames of each window are used (``samples.FEW_FRAMES``): nine times as
    many people and cameras per step."""

    def draw(self, sampler: Sampler, windows: int) -> Batch:
        """Draw ``windows`` windows of this stage's kind."""
        if self.frames == 1:
            return sampler.draw_single(windows, self.span)
        if self.sparse:
            return sampler.draw_sparse(windows, self.frames)
        return sampler.draw(windows, self.frames)


@dataclass(frozen=True)
class Recipe:
    """All settings of a training run, except for its motion and its seed."""

    name: str
    what: str
    width: int
    depth: int
    heads: int
    stages: tuple[Stage, ...]
    channels: int = len(CHANNELS)
    """Input channels per joint, the first ones of ``samples.Batch``."""
    says_up: bool = True
    """Whether the loss trains the network to predict the vertical."""
    drop_path: float = 0.0
    """Stochastic depth, for networks large enough to overfit."""
    loss: Loss = training_loss
    schedule: Schedule = Cosine()
    weight_decay: float = 0.01
    clip: float | None = 1.0
    """Largest norm of the gradient."""
    averaging: float = 0.999
    """Decay of the weights' moving average per step; 0 for the last weights."""
    validate_every: int = 500
    validation_poses: int = 4096
    """Frames of the validation batch; more if windows are long (``validation``)."""
    frame_rate: float = 30.0

    def network(self, frames: int) -> MixSTE:
        """Build a network of this recipe's size for windows of ``frames`` frames."""
        return MixSTE(
            frames,
            width=self.width,
            depth=self.depth,
            heads=self.heads,
            channels=self.channels,
            drop_path=self.drop_path,
        )


_EPOCH: Final = 3210
"""Steps of an epoch of Human3.6M: 3,119,616 training frames, including mirrored ones, in windows of
243, with four windows (the published code's 1,024 frames) per step."""

RECIPES: Final[Mapping[str, Recipe]] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "tiny",
            "in miniature: a minute of one core, to see that everything works",
            width=16,
            depth=1,
            heads=2,
            stages=(
                Stage(frames=1, windows=32, steps=60, rate=1e-3),
                Stage(frames=9, windows=8, steps=30, rate=3e-4),
            ),
            schedule=Cosine(warm_up=10),
            validate_every=30,
            validation_poses=512,
        ),
        Recipe(
            "small",
            "ours for live use on a CPU: some four hours of one core",
            width=128,
            depth=4,
            heads=4,
            stages=(
                Stage(frames=1, windows=256, steps=20000, rate=1e-3, span=27),
                Stage(frames=27, windows=144, steps=10000, rate=3e-4, sparse=True),
                Stage(frames=27, windows=16, steps=9400, rate=3e-4),
            ),
        ),
        Recipe(
            "base",
            "ours for half an hour of a large GPU, or a night of a small one",
            width=256,
            depth=6,
            heads=8,
            stages=(
                Stage(frames=1, windows=2048, steps=25000, rate=1e-3, span=27),
                Stage(frames=9, windows=256, steps=8000, rate=3e-4),
                Stage(frames=27, windows=96, steps=10000, rate=3e-4),
                Stage(frames=81, windows=32, steps=12000, rate=2e-4),
            ),
            schedule=Cosine(warm_up=500),
            averaging=0.9995,
            validate_every=1000,
        ),
        Recipe(
            "large",
            "the paper's network with our loss, schedule and curriculum: hours of a large GPU",
            width=512,
            depth=8,
            heads=8,
            stages=(
                Stage(frames=1, windows=2048, steps=30000, rate=5e-4, span=27),
                Stage(frames=27, windows=96, steps=15000, rate=2e-4),
                Stage(frames=81, windows=32, steps=15000, rate=2e-4),
                Stage(frames=243, windows=16, steps=20000, rate=1e-4),
            ),
            drop_path=0.1,
            schedule=Cosine(warm_up=1000),
            averaging=0.9995,
            validate_every=1000,
        ),
        Recipe(
            "paper",
            "MixSTE's size, loss and schedule as published: 120 epochs, hours of a large GPU",
            width=512,
            depth=8,
            heads=8,
            stages=(Stage(frames=243, windows=4, steps=120 * _EPOCH, rate=4e-5),),
            drop_path=0.1,
            says_up=False,
            loss=paper_loss,
            schedule=Epochs(_EPOCH),
            weight_decay=0.1,
            clip=None,
            averaging=0.0,
            validate_every=_EPOCH,
        ),
    )
}


def initialise(network: MixSTE) -> None:
    """Set random weights for a first stage.

    Position embeddings must not start at zero: otherwise attention cannot distinguish the joints,
    or the frames, and nothing is learned.
    """
    for module in network.modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)
    nn.init.normal_(network.Spatial_pos_embed, std=0.5)
    initialise_locally(network)


class Lifting(nn.Module):
    """The network in training: the function ``forward`` as a module that can be distributed.

    Parameters that are unused with single frames require no gradient: distributed processes wait
    for the gradient of every parameter that requires one.
    """

    def __init__(self, network: MixSTE) -> None:
        super().__init__()
        self.network = network
        network.Temporal_pos_embed.requires_grad_(network.frames > 1)
        network.TTEblocks.requires_grad_(network.frames > 1)

    def forward(self, keypoints: Tensor, places: Tensor | None = None) -> Tensor:
        """Lift (B, T, 17, at least the network's channels) to (B, T, 17, 3) metres."""
        return forward(self.network, keypoints[..., : self.network.channels], places)


def forward(network: MixSTE, keypoints: Tensor, places: Tensor | None = None) -> Tensor:
    """Return ``network(keypoints, places)``, skipping the temporal blocks if it has one frame."""
    if network.frames > 1:
        result: Tensor = network(keypoints, places)
        return result
    x = network.Spatial_patch_to_embedding(keypoints[:, 0]) + network.Spatial_pos_embed
    for block in network.STEblocks:
        x = network.Temporal_norm(network.Spatial_norm(block(x)))
    pose: Tensor = network.head(x)
    return pose.unsqueeze(1)


def grow(small: Mapping[str, Tensor], network: MixSTE) -> None:
    """Load weights for shorter windows, or fewer input channels, into a network.

    New channels start with weight zero, position embeddings of new frames are interpolated, and
    temporal blocks that were never used start as the identity: what was learned is kept.

    Raises:
        MixposeError: the weights have another width or depth or more channels than the network, or
            are for several frames and the network for one.
    """
    state = dict(small)
    _require_compatible(state, network)
    missing = network.channels - state[_EMBEDDING].shape[1]
    state[_EMBEDDING] = functional.pad(state[_EMBEDDING], (0, missing))
    old = state["Temporal_pos_embed"]
    if old.shape[1] > 1 or network.frames == 1:
        state["Temporal_pos_embed"] = functional.interpolate(
            old.transpose(1, 2), size=network.frames, mode="linear", align_corners=True
        ).transpose(1, 2)
        network.load_state_dict(state)
        return
    state["Temporal_pos_embed"] = torch.zeros(1, network.frames, old.shape[2])
    network.load_state_dict(state)
    initialise_locally(network)


_EMBEDDING: Final = "Spatial_patch_to_embedding.weight"


@dataclass(frozen=True)
class Size:
    """A network's size, as far as its tensors determine it."""

    frames: int
    width: int
    depth: int
    channels: int

    @classmethod
    def of(cls, state: Mapping[str, Tensor]) -> Size:
        """Infer the size from a state dict."""
        width, channels = state[_EMBEDDING].shape
        depth = len({name.split(".")[1] for name in state if name.startswith("STEblocks.")})
        return cls(state["Temporal_pos_embed"].shape[1], width, depth, channels)

    def __str__(self) -> str:
        return (
            f"{self.frames} frame{'s' if self.frames > 1 else ''}, width {self.width}, "
            f"depth {self.depth}, {self.channels} channels"
        )


def _require_compatible(state: Mapping[str, Tensor], network: MixSTE) -> None:
    old, new = Size.of(state), Size.of(network.state_dict())
    alike = (old.width, old.depth) == (new.width, new.depth)
    if not alike or old.channels > new.channels or (old.frames > 1 and new.frames == 1):
        raise MixposeError(
            f"Weights of {old} cannot become a network of {new}: width and depth must be the same, "
            "channels can only be added, and only longer windows follow a single frame."
        )
