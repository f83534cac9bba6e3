"""3D human motion from ordinary video: ``motion = mixpose.lift("jump.mp4", height=1.82)``.

:func:`lift` returns the :class:`Motion` of one person in a video, :func:`lift_people` one motion
for each person, and :func:`load` that of a recording or of an exported table.  :func:`live` yields
:class:`LivePose` objects during capture.

Lengths are in metres, times in seconds, angles in degrees.  Axes are right-handed: x to the image's
right, y up, z toward the camera.  "Left" is the person's left.  Unknown values are NaN.  Errors
that the caller can act on are :class:`MixposeError`; impossible arguments raise ``ValueError``.

Importing this package puts one folder in front of ``sys.path``, because its own modules are the
top-level packages ``app`` and ``models``.  The wheel installs these inside ``mixpose``, since
packages of such common names must not lie in ``site-packages``, where they could overwrite those of
another distribution.  The folder comes first, so that an ``app.py`` in the current folder is not
imported instead.  Nothing else in the process is changed.

What needs NumPy is imported when it is first used: this module is also the first that the command
``mixpose`` imports, before it can take care of a Ctrl-C.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

_HERE = Path(__file__).resolve().parent
# Inside this package, or in the checkout of an editable installation.
_ROOMS = _HERE if (_HERE / "app").is_dir() else _HERE.parents[1]
if str(_ROOMS) not in sys.path:
    sys.path.insert(0, str(_ROOMS))
for _name in ("app", "models"):
    _file = getattr(sys.modules.get(_name), "__file__", None)
    if _name in sys.modules and Path(_file or "").resolve() != _ROOMS / _name / "__init__.py":
        raise ImportError(
            f"mixpose has a package called {_name!r}, and another one of that name has been "
            f"imported here ({_file}). Import mixpose before it, or in a process of its own."
        )

from app import __version__  # noqa: E402
from app.errors import (  # noqa: E402
    DetectorError,
    DeviceError,
    ExportError,
    LiftingError,
    MixposeError,
    RecordingError,
    SourceError,
    WeightsError,
)

if TYPE_CHECKING:
    from ._lift import lift, lift_people, load
    from ._live import Live, LivePose, live
    from ._motion import MixposeWarning, Motion
    from ._options import Processing

__all__ = [
    "DetectorError",
    "DeviceError",
    "ExportError",
    "LiftingError",
    "Live",
    "LivePose",
    "MixposeError",
    "MixposeWarning",
    "Motion",
    "Processing",
    "RecordingError",
    "SourceError",
    "WeightsError",
    "__version__",
    "lift",
    "lift_people",
    "live",
    "load",
]

_LATER = {
    **dict.fromkeys(("lift", "lift_people", "load"), "_lift"),
    **dict.fromkeys(("Live", "LivePose", "live"), "_live"),
    **dict.fromkeys(("MixposeWarning", "Motion"), "_motion"),
    "Processing": "_options",
}
"""Where each name is defined that is imported on its first use."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*__all__]
