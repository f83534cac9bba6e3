"""A statistical model of the errors of MediaPipe's pose landmarker.

People were rendered in thousands of captured poses, bodies, clothes and views, and each size of the
detector was run on the pictures (``app.lab.study``).  For a true pose as seen by the camera, a
small network fitted to the detector's output (``models.training.fit_detector``) predicts mean and
spread of each joint's position in the picture, of its world landmark and of its confidence.

Deviations are correlated between joints (an arm mistaken for the other moves as a whole) and in
time: they have one covariance over all joints, one part that is constant over a clip, and one part
that decays from frame to frame.
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
from models.training.detector_noise import Detections, midpoint_confidences
from models.training.motion import derive_midpoints

SPEEDS: Final = slice(JOINT_COUNT * 5, JOINT_COUNT * 7)
"""Features of each joint's motion since the frame before; 0 in single frames."""
FITTED: Final = Path(__file__).with_name("detector_model.safetensors")

QUANTITIES: Final = 6
"""Values per joint: the errors of x and y in the picture over the person's size, the logit of the
confidence, and the errors of the world landmark in metres."""
SIZES: Final = ("lite", "full", "heavy")
"""The sizes of the detector."""
_FEATURES: Final = JOINT_COUNT * 7 + 4 + len(SIZES)
_HIDDEN: Final = 192
_SPEED_SCALE: Final = 10.0
_EDGE_REACH: Final = 1.5
"""Bound of the distance between the picture's edges and the box, in half sides of the box."""
_NOISE_RANGE: Final = 1.0
"""Each window's noise is that of the study times a factor between ``exp(-this / 2)`` and
``exp(this / 2)``."""


@dataclass(frozen=True)
class Look:
    """The model's input for poses, and quantities derived with it.

    The detector assumes the same proportions for everyone: in its world landmarks of synthetic
    people the ratio of legs to trunk follows the true one with a slope of 0.13 to 0.26.  Its errors
    are therefore modelled relative to the pose of a body of usual proportions."""

    features: Tensor
    """(B, T, 126) the model's input."""
    size: Tensor
    """(B, T) size of the person in the picture."""
    pose: Tensor
    """(B, T, 17, 3) the pose in the axes of the ray through the person's box."""
    usual: Tensor
    """(B, T, 17, 3) the same pose of a body of usual proportions."""


def look(camera: Tensor, image: Tensor, frame: Tensor, detector: Tensor) -> Look:
    """Compute the model's input for poses.

    Args:
        camera: (B, T, 17, 3) metres in camera axes, bodies of the canonical size.
        image: (B, T, 17, 2) their projection, x / z and y / z.
        frame: (B, 2) half the picture's width and height in the same unit.
        detector: (B,) index of the detector's size in ``SIZES``.
    """
    batch, frames = camera.shape[:2]
    each = image.flatten(0, 1).unsqueeze(1)
    everything = torch.ones(each.shape[:3], dtype=torch.bool)
    centre, half = person_box(each, everything)
    root = camera.flatten(0, 1) - camera.flatten(0, 1)[:, PELVIS : PELVIS + 1]
    pose = torch.einsum("bij,bkj->bki", ray_rotation(centre), root)
    relative = (each[:, 0] - centre[:, None]) / half[:, None, None]
    edge = frame.repeat_interleave(frames, dim=0)
    edges = torch.cat([edge - centre, edge + centre], dim=1) / half[:, None] - 1.0
    # The detector smooths, and so lags behind: its errors depend on the joints' motion.
    speed = torch.zeros_like(image)
    if frames > 1:
        speed[:, 1:] = relative.view_as(image).diff(dim=1)
        speed[:, 0] = speed[:, 1]
    features = torch.cat(
        [
            pose.flatten(1),
            relative.flatten(1),
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
    """Mean and spread of the detector's output for each pose, and the deviations' correlations.

    Buffers: ``mixing`` (102, 102), the Cholesky factor of the deviations' correlation matrix;
    ``lasting`` (6,) the fraction of their variance that is constant over a clip; ``persistence``
    (6,) the correlation of the rest between frames 1/30 s apart.
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
        """Map (..., 126) features to mean and spread, each (..., 17, 6)."""
        values: Tensor = self.body(features)
        mean, log_spread = values.view(*values.shape[:-1], 2, JOINT_COUNT, QUANTITIES).unbind(-3)
        return mean, log_spread.clamp(-6.0, 3.0).exp()

    def answer(self, view: Look, image: Tensor, generator: torch.Generator) -> Detections:
        """Simulate the detector's output for poses with projections ``image`` (B, T, 17, 2)."""
        with torch.inference_mode():
            mean, spread = self(view.features)
        number = torch.rand(len(image), 1, 1, 1, generator=generator)
        noise = torch.exp(_NOISE_RANGE * (number - 0.5))
        value = mean + spread * noise * self._deviations(len(image), image.shape[1], generator)
        shifted = derive_midpoints(image + view.size[..., None, None] * value[..., :2])
        conf = midpoint_confidences(torch.sigmoid(value[..., 2]))
        world = view.usual + value[..., 3:]
        return Detections(shifted, conf, world - world[..., PELVIS : PELVIS + 1, :])

    def _deviations(self, batch: int, frames: int, generator: torch.Generator) -> Tensor:
        """Draw (B, T, 17, 6) deviations of unit variance, correlated over joints and frames."""

        def normal(count: int) -> Tensor:
            white = torch.randn(batch, count, len(self.mixing), generator=generator)
            mixed: Tensor = white @ self.mixing.T
            return mixed.view(batch, count, JOINT_COUNT, QUANTITIES)

        decaying = normal(frames)
        keep = self.persistence
        for t in range(1, frames):
            decaying[:, t] = keep * decaying[:, t - 1] + (1 - keep**2).sqrt() * decaying[:, t]
        return self.lasting.sqrt() * normal(1) + (1 - self.lasting).sqrt() * decaying


@cache
def fitted() -> DetectorModel:
    """Return the fitted model that is shipped."""
    model = DetectorModel()
    model.load_state_dict({name: value.float() for name, value in load_file(FITTED).items()})
    return model.eval().requires_grad_(False)
