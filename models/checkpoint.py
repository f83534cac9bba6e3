"""Weights on disk: our safetensors, and published MixSTE checkpoints.

Weights files are untrusted input.  Safetensors contain no code; a published checkpoint is a pickle
and is read by PyTorch's restricted unpickler only, with inert stand-ins for the NumPy objects that
such files contain in addition to the tensors (a pickled random state).  There is no fallback to
unsafe loading.
"""

from __future__ import annotations

import hashlib
import io
import json
import pickle
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save_file
from torch import Tensor

from models import WEIGHTS_DIR
from models.errors import WeightsError
from models.mixste import MixSTE

DEFAULT_WEIGHTS: Final = "mixpose-s"
_FORMAT: Final = "1"

PERSON_BOX: Final = "person-box"
"""Ours: joints relative to the person's box, poses in the axes of the ray through its centre (see
``models.geometry``)."""
IMAGE: Final = "image"
"""MixSTE's normalisation: x / w * 2 - 1 and y / w * 2 - h / w; poses in camera axes."""


@dataclass(frozen=True)
class WeightsInfo:
    """Metadata of a network: its size, its input and output conventions, and its origin."""

    name: str
    frames: int
    width: int
    depth: int
    heads: int = 8
    channels: int = 2
    rate: float = 50.0
    """Frames per second of the training data; Human3.6M has 50."""
    normalisation: str = IMAGE
    skeleton: str = "human36m-17"
    height_m: float = 1.70
    """Stature of the people in the network's output, in metres."""
    training: str = "published checkpoint"
    licence: str = "unknown"
    says_up: bool = False
    """Whether the network's output for the pelvis, which is the origin by definition, is the
    predicted up vector instead."""
    sha256: str = ""
    path: str = ""


def available_weights() -> list[Path]:
    """List the weights shipped with the program."""
    return sorted(WEIGHTS_DIR.glob("*.safetensors"))


def resolve_weights(weights: str | Path | None = None) -> Path:
    """Return the file of a shipped name or a path; ``None`` is the default.

    Raises:
        WeightsError: there is no such file or name.
    """
    if weights is None:
        weights = DEFAULT_WEIGHTS
    shipped = {path.stem: path for path in available_weights()}
    if str(weights) in shipped:
        return shipped[str(weights)]
    path = Path(weights)
    if path.is_file():
        return path
    names = ", ".join(shipped) or "none"
    raise WeightsError(
        f"There are no weights called {str(weights)!r}. Shipped with the program: {names}; or give "
        "the path of a .safetensors file or of a published MixSTE checkpoint."
    )


def load_model(
    path: str | Path, device: str | torch.device = "cpu", heads: int | None = None
) -> MixSTE:
    """Load a network, ready to lift.

    Args:
        path: our safetensors, or a published checkpoint.
        device: the device to load it on.
        heads: attention heads, for a published checkpoint only, which does not contain their
            number; 8 unless given.

    Raises:
        WeightsError: the file is absent, damaged or unsafe, or its tensors do not fit; the message
            names them.
    """
    return load(path, device, heads)[0]


def load(
    path: str | Path, device: str | torch.device = "cpu", heads: int | None = None
) -> tuple[MixSTE, WeightsInfo]:
    """Load a network and its metadata; arguments and errors as in ``load_model``."""
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"Cannot read the weights {path}: {error.strerror}.") from error
    # Parse the same bytes that are hashed: the file may be replaced in the meantime.
    if path.suffix == ".safetensors":
        state, info = _read_safetensors(path, data)
    else:
        state = _read_published(path, data)
        info = _info_from_shapes(path, state, heads or 8)
    network = _build(path, state, info)
    info = replace(info, sha256=hashlib.sha256(data).hexdigest(), path=str(path))
    return network.to(device).eval(), info


def save(path: Path, network: MixSTE, info: WeightsInfo) -> None:
    """Write float16 safetensors with all of ``info`` in the metadata."""
    described = {key: str(value) for key, value in asdict(info).items()}
    for key in ("sha256", "path"):
        described.pop(key)
    tensors = {name: tensor.half().contiguous() for name, tensor in network.state_dict().items()}
    save_file(tensors, path, metadata={"format": _FORMAT, "architecture": "MixSTE", **described})


def _read_safetensors(path: Path, data: bytes) -> tuple[dict[str, Tensor], WeightsInfo]:
    try:
        state = load_tensors(data)
        # The library returns the metadata of a file only, not of bytes: the header is JSON.
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        metadata = header.get("__metadata__", {})
    except (SafetensorError, ValueError) as error:
        raise WeightsError(f"The weights {path} are damaged: {error}.") from error
    if metadata.get("architecture") != "MixSTE":
        raise WeightsError(f"The weights {path} are not MixSTE weights of this program.")
    if metadata.get("format") != _FORMAT:
        raise WeightsError(f"The weights {path} need a newer version of this program.")
    try:
        info = WeightsInfo(
            name=metadata["name"],
            frames=int(metadata["frames"]),
            width=int(metadata["width"]),
            depth=int(metadata["depth"]),
            heads=int(metadata["heads"]),
            channels=int(metadata["channels"]),
            rate=float(metadata["rate"]),
            normalisation=metadata["normalisation"],
            skeleton=metadata["skeleton"],
            height_m=float(metadata["height_m"]),
            training=metadata["training"],
            licence=metadata["licence"],
            says_up=metadata.get("says_up") == "True",
        )
    except (KeyError, ValueError) as error:
        raise WeightsError(f"The weights {path} lack a usable description: {error}.") from error
    return state, info


class _Inert:
    """Stand-in for the NumPy objects that a checkpoint contains in addition to its tensors."""

    def __init__(self, *_: object) -> None:
        pass

    def __setstate__(self, _: object) -> None:
        pass


_INERT_NAMES: Final = (
    "numpy.random._pickle.__randomstate_ctor",
    "numpy.random._pickle.__bit_generator_ctor",
    "numpy.random._mt19937.MT19937",
    "numpy.random.mtrand.RandomState",
    "numpy.core.multiarray._reconstruct",
    "numpy._core.multiarray._reconstruct",
    "numpy.core.multiarray.scalar",
    "numpy._core.multiarray.scalar",
    "numpy.ndarray",
    "numpy.dtype",
)


def _read_published(path: Path, data: bytes) -> dict[str, Tensor]:
    try:
        with torch.serialization.safe_globals([(_Inert, name) for name in _INERT_NAMES]):
            content: Any = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"The checkpoint {path} holds something other than plain tensors, which could run a "
            "stranger's code. It was not loaded."
        ) from error
    except Exception as error:  # a damaged pickle can make the unpickler raise nearly any exception
        raise WeightsError(f"The checkpoint {path} is damaged or is no checkpoint.") from error
    state = content.get("model_pos", content) if isinstance(content, Mapping) else None
    if not isinstance(state, Mapping) or not state:
        raise WeightsError(f"The checkpoint {path} holds no network (no 'model_pos').")
    others = [str(name) for name, value in state.items() if not isinstance(value, Tensor)]
    if others:
        raise WeightsError(
            f"The checkpoint {path} holds entries that are no tensors: {_some(others)}."
        )
    return {str(name).removeprefix("module."): tensor for name, tensor in state.items()}


def _info_from_shapes(path: Path, state: Mapping[str, Tensor], heads: int) -> WeightsInfo:
    try:
        width, channels = state["Spatial_patch_to_embedding.weight"].shape
        frames = state["Temporal_pos_embed"].shape[1]
    except (KeyError, ValueError, IndexError) as error:
        raise WeightsError(f"The checkpoint {path} is not a MixSTE network: {error}.") from error
    depth = len({name.split(".")[1] for name in state if name.startswith("STEblocks.")})
    return WeightsInfo(path.stem, frames, width, max(depth, 1), heads, channels)


def _build(path: Path, state: Mapping[str, Tensor], info: WeightsInfo) -> MixSTE:
    if info.normalisation not in (PERSON_BOX, IMAGE):
        raise WeightsError(f"The weights {path} want unknown normalisation {info.normalisation!r}.")
    try:
        with torch.device("meta"):
            network = MixSTE(
                info.frames,
                width=info.width,
                depth=info.depth,
                heads=info.heads,
                channels=info.channels,
            )
    except ValueError as error:
        raise WeightsError(f"The weights {path} describe no network: {error}.") from error
    _require_fit(path, state, network.state_dict())
    network.load_state_dict({name: tensor.float() for name, tensor in state.items()}, assign=True)
    return network.requires_grad_(False)


def _require_fit(path: Path, state: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    faults = {
        "missing": sorted(expected.keys() - state.keys()),
        "extra": sorted(state.keys() - expected.keys()),
        "of the wrong shape": [
            f"{name} {tuple(state[name].shape)} instead of {tuple(tensor.shape)}"
            for name, tensor in expected.items()
            if name in state and state[name].shape != tensor.shape
        ],
        "not finite": [
            name
            for name, tensor in state.items()
            if not tensor.is_floating_point() or not tensor.isfinite().all()
        ],
    }
    found = [f"{kind}: {_some(names)}" for kind, names in faults.items() if names]
    if found:
        raise WeightsError(f"The weights {path} do not fit MixSTE. {'; '.join(found)}.")


def _some(names: list[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
