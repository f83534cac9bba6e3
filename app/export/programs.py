"""Other people's programs that formats are written with."""

from __future__ import annotations

import shutil

from app.errors import ExportError


def blender(given: str | None) -> str:
    """The Blender to use: the one ``given``, or else that of this computer's path.

    Raises ExportError if there is none.
    """
    found = shutil.which(given or "blender")
    if found is not None:
        return found
    if given is not None:
        raise ExportError(f"There is no program {given}. Say where Blender is, or leave it out.")
    raise ExportError(
        "FBX is written by Blender, and there is none on this computer's path. Install it "
        "(blender.org), say where it is (--blender PATH), or export glTF, which needs nothing."
    )
