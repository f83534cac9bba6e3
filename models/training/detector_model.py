"""MediaPipe's pose landmarker as it errs: a statistical model fitted to its answers.

People were drawn in thousands of captured poses, bodies, clothes and views, and the detector run on
the pictures in each of its sizes (``app.lab.study``).  For a true pose as the camera sees it, a
small network fitted to those answers (``models.training.fit_detector``) says where the detector
puts each joint in the picture and in its own 3D on average, how far it strays, and how sure it
claims to be.
What strays does so jointly (an arm taken for another moves whole) and slowly: the deviations of all
joints have one covariance, a share that lasts for the whole clip, and a share that fades from frame
to frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.functional import one_hot

from models.geometry import person_box, ray_rotation
from models.skeleton import JOINT_COUNT, PELVIS
from models.training.bodies import to_canonical_size, usual_proportions
from models.training.detector_noise import Answer, midpoint_confidences
from models.training.motion import derive_midpoints

SPEEDS: Final = slice(JOINT_COUNT * 5, JOINT_COUNT * 7)
"""Where the features hold each joint's motion since the frame before; 0 in single frames."""
FITTED: Final = Path(__file__).with_name("detector_model.safetensors")

QUANTITIES: Final = 6
"""Of each joint: x and y off its place over the person's size in the picture, the logit of its
confidence, and metres off its place in the detector's own 3D."""
SIZES: Final = ("lite", "full", "heavy")
"""Of the detector."""
_FEATURES: Final = JOINT_COUNT * 7 + 4 + len(SIZES)
_HIDDEN: Final = 192
_SPEED_SCALE: Final = 10.0
_EDGE_REACH: Final = 1.5
"""Edges of the picture further than this from the box, in its half sides, are all alike."""
_LOUDEST: Final = 1.0
"""The noise of a window is drawn between that of the study, over and times ``exp(this / 2)``."""


@dataclass(frozen=True)
class Look:
    """A pose as the model is shown it: ``features`` (B, T, 126); ``size`` (B, T) of the person in
    the picture; ``pose`` (B, T, 17, 3) in the axes of the ray through the person's box; ``usual``
    the same by a body of usual proportions.

    The detector takes everybody to be built alike: in its own 3D of drawn people the legs over the
    trunk follow the truth by 0.13 to 0.26.  It is that body's pose from which it strays."""

    features: Tensor
    size: Tensor
    pose: Tensor
    usual: Tensor


def look(camera: Tensor, image: Tensor, frame: Tensor, detector: Tensor) -> Look:
    """Describe poses to the model.

    Args:
        camera: (B, T, 17, 3) metres in camera axes, bodies of the canonical size.
        image: (B, T, 17, 2) their projection, x / z and y / z.
        frame: (B, 2) half the picture's width and height in the same unit.
        detector: (B,) index of its size in ``SIZES``.
    """
    batch, frames = camera.shape[:2]
    each = image.flatten(0, 1).unsqueeze(1)
    everything = torch.ones(each.shape[:3], dtype=torch.bool)
    centre, half = person_box(each, everything)
    root = camera.flatten(0, 1) - camera.flatten(0, 1)[:, PELVIS : PELVIS + 1]
    pose = torch.einsum("bij,bkj->bki", ray_rotation(centre), root)
    drawn = (each[:, 0] - centre[:, None]) / half[:, None, None]
    edge = frame.repeat_interleave(frames, dim=0)
    edges = torch.cat([edge - centre, edge + centre], dim=1) / half[:, None] - 1.0
    # The detector smooths, and so lags behind: its errors depend on where the joints come from.
    speed = torch.zeros_like(image)
    if frames > 1:
        speed[:, 1:] = drawn.view_as(image).diff(dim=1)
        speed[:, 0] = speed[:, 1]
    features = torch.cat(
        [
            pose.flatten(1),
            drawn.flatten(1),
            (_SPEED_SCALE * speed).flatten(0, 1).flatten(1).clamp(-2.0, 2.0),
            edges.clamp(-_EDGE_REACH, _EDGE_REACH),
            one_hot(detector, len(SIZES)).float().repeat_interleave(frames, dim=0),
        ],
        dim=1,
    )
    pose = pose.view_as(camera)
    usual = to_canonical_size(usual_proportions(pose))
    return Look(features.view(batch, frames, -1), (2 * half).view(batch, frames), pose, usual)


class DetectorModel(nn.Module):
    """Mean and spread of the detector's answer to each pose, and how its deviations hang together.

    Buffers: ``mixing`` (102, 102), the Cholesky factor of the deviations' correlation;
    ``lasting`` (6,) their share of variance that is one for a clip; ``persistence`` (6,) the
    correlation of the rest between frames 1/30 s apart.
    """

    mixing: Tensor
    lasting: Tensor
    persistence: Tensor

    def __init__(self) -> None:
        super().__init__()
        values = JOINT_COUNT * QUANTITIES
        self.body = nn.Sequential(
            nn.Linear(_FEATURES, _HIDDEN),
            nn.GELU(),
            nn.Linear(_HIDDEN, _HIDDEN),
            nn.GELU(),
            nn.Linear(_HIDDEN, 2 * values),
        )
        self.register_buffer("mixing", torch.eye(values))
        self.register_buffer("lasting", torch.full((QUANTITIES,), 0.5))
        self.register_buffer("persistence", torch.full((QUANTITIES,), 0.8))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """(..., 126) -> mean and spread, each (..., 17, 6)."""
        values: Tensor = self.body(features)
        mean, log_spread = values.view(*values.shape[:-1], 2, JOINT_COUNT, QUANTITIES).unbind(-3)
        return mean, log_spread.clamp(-6.0, 3.0).exp()

    def answer(self, view: Look, image: Tensor, generator: torch.Generator) -> Answer:
        """Draw what the detector might say of poses and their projections (B, T, 17, 2)."""
        with torch.inference_mode():
            mean, spread = self(view.features)
        loud = torch.exp(_LOUDEST * (torch.rand(len(image), 1, 1, 1, generator=generator) - 0.5))
        value = mean + spread * loud * self._deviations(len(image), image.shape[1], generator)
        shifted = derive_midpoints(image + view.size[..., None, None] * value[..., :2])
        conf = midpoint_confidences(torch.sigmoid(value[..., 2]))
        world = view.usual + value[..., 3:]
        return Answer(shifted, conf, world - world[..., PELVIS : PELVIS + 1, :])

    def _deviations(self, batch: int, frames: int, generator: torch.Generator) -> Tensor:
        """(B, T, 17, 6) of unit variance, correlated over joints and frames as the study's are."""

        def normal(count: int) -> Tensor:
            white = torch.randn(batch, count, len(self.mixing), generator=generator)
            mixed: Tensor = white @ self.mixing.T
            return mixed.view(batch, count, JOINT_COUNT, QUANTITIES)

        fading = normal(frames)
        keep = self.persistence
        for t in range(1, frames):
            fading[:, t] = keep * fading[:, t - 1] + (1 - keep**2).sqrt() * fading[:, t]
        return self.lasting.sqrt() * normal(1) + (1 - self.lasting).sqrt() * fading


@cache
def fitted() -> DetectorModel:
    """The model as it was fitted and is shipped."""
    model = DetectorModel()
    model.load_state_dict({name: value.float() for name, value in load_file(FITTED).items()})
    return model.eval().requires_grad_(False)
