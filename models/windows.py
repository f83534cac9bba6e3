"""From tracked joints to poses: one batch of windows through the network.

The sequence lifter and the live lifter both come through here, so that the picture of a person is
prepared in one way, and in training's way.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import torch
from torch import Tensor

from models.checkpoint import PERSON_BOX, WeightsInfo
from models.geometry import ASSUMED_FOCAL, box_input, person_box, ray_rotation
from models.mixste import MixSTE
from models.skeleton import MIRROR, PELVIS

_MIRROR: Final = list(MIRROR)


class WindowLifter:
    """Lifts windows of the network's length at the network's rate."""

    def __init__(self, network: MixSTE, info: WeightsInfo, device: torch.device) -> None:
        self._network, self._info, self._device = network, info, device

    def __call__(
        self, xy: Tensor, present: Tensor, size: tuple[int, int], *, flip: bool = True
    ) -> Tensor:
        """Lift windows.

        Args:
            xy: (B, T, 17, 2) float32 pixels; anything where not present.
            present: (B, T, 17) bool.
            size: (width, height) of the picture in pixels.
            flip: average with the mirrored window, so that left and right are treated alike.

        Returns:
            (B, T, 17, 3) float32 on the CPU: metres, camera axes, pelvis at the origin.
        """
        width, height = size
        if self._info.normalisation == PERSON_BOX:
            longer = max(width, height) * ASSUMED_FOCAL
            slopes = (xy - xy.new_tensor([width / 2, height / 2])) / longer
            centre, half = person_box(slopes, present)
            keypoints = box_input(slopes, present, centre, half)[..., : self._network.channels]
            to_camera = ray_rotation(centre).transpose(1, 2)
        else:
            keypoints = _held(xy, present) * (2 / width) - xy.new_tensor([1.0, height / width])
            to_camera = torch.eye(3).expand(len(xy), 3, 3)
        pose = self._run(keypoints, flip)
        pose = pose - pose[:, :, PELVIS : PELVIS + 1]
        return torch.einsum("bij,btkj->btki", to_camera, pose)

    def _run(self, keypoints: Tensor, flip: bool) -> Tensor:
        count = len(keypoints)
        if flip:
            keypoints = torch.cat([keypoints, _mirrored(keypoints)])
        with torch.inference_mode(), _reduced_precision(self._device):
            pose: Tensor = self._network(keypoints.to(self._device)).float().cpu()
        if flip:
            pose = (pose[:count] + _mirrored(pose[count:])) / 2
        # A far outlier must not turn into an infinity in somebody's file.
        return pose.nan_to_num(0.0, 0.0, 0.0)


def _mirrored(tokens: Tensor) -> Tensor:
    mirrored = tokens[:, :, _MIRROR].clone()
    mirrored[..., 0].neg_()
    return mirrored


def _held(xy: Tensor, present: Tensor) -> Tensor:
    """Put absent joints, for networks that know of none, in the middle of the rest."""
    weight = present.unsqueeze(-1).to(xy.dtype)
    known = torch.where(present.unsqueeze(-1), xy, torch.zeros_like(xy))
    middle = known.sum(2, keepdim=True) / weight.sum(2, keepdim=True).clamp_min(1)
    return torch.where(present.unsqueeze(-1), xy, middle)


@contextmanager
def _reduced_precision(device: torch.device) -> Iterator[None]:
    if device.type == "cuda":
        with torch.autocast("cuda", torch.bfloat16):
            yield
    else:
        yield
