"""3D human motion from ordinary video: ``motion = mixpose.lift("jump.mp4", height=1.82)``.

:func:`lift` makes a :class:`Motion` of a video, :func:`lift_people` one of everybody in it,
:func:`load` of a recording or a table, and :func:`live` yields a :class:`LivePose` after the other.
Lengths are metres, times seconds, angles degrees; axes are right-handed: x to the image's right, y
up, z toward the camera. "Left" is the person's left. Errors that can be understood and acted on are
:class:`MixposeError`.

Installed, this folder is the package ``mixpose``, which holds what the repository's top level
holds: ``app``, ``models`` and ``weights``.  Such common names must not lie in ``site-packages``
themselves, where another distribution's ``app`` and this one would overwrite each other's files.
The program imports its rooms as ``app`` and ``models`` all the same: importing ``mixpose`` puts
their folder on the module path, in front, lest an ``app.py`` in the current folder be taken for
ours.  Nothing else of the process is changed.
"""

from __future__ import annotations

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
# In this package, or in the checkout that an editable installation leads to.
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

from ._lift import lift, lift_people, load  # noqa: E402
from ._live import Live, LivePose, live  # noqa: E402
from ._motion import MixposeWarning, Motion  # noqa: E402
from ._options import Processing  # noqa: E402

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
