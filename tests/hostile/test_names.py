"""Names that other systems, other people and other alphabets give."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from app.cli.exits import UsageError
from app.cli.outputs import require_free
from app.errors import ExportError
from app.export.file_options import FileOptions
from app.export.registry import FORMATS, export
from tests.support.av_clips import write_film
from tests.support.clips import performer_pictures
from tests.support.motion import motion
from tests.support.program import LIFT, Program

GOOD = (
    *("naïve Übung 漢字 🏃.mp4", "a\nb.mp4", "-x.mp4", "a'\";$(x)`y`.mp4", " lead.mp4"),
    *("e\u0301.mp4", "\u202egnp.mp4", "100%d.mp4", "x" * 200 + ".mp4"),
)
BROKEN = (b"bad\xff\xfe.mp4", b"dir\xfe/inner.mp4")
only_linux = pytest.mark.skipif(sys.platform != "linux", reason="others refuse such names")


@only_linux
@pytest.mark.slow
def test_a_folder_of_strange_names(tmp_path: Path) -> None:
    films = tmp_path / "Ordner ä"
    films.mkdir()
    plain = write_film(tmp_path / "p.mp4", performer_pictures(6, (320, 240)), codec="mpeg4")
    for name in map(os.fsencode, GOOD):
        Path(os.fsdecode(os.fsencode(films) + b"/" + name)).write_bytes(plain.read_bytes())
    for name in BROKEN:
        path = Path(os.fsdecode(os.fsencode(films) + b"/" + name))
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(plain.read_bytes())
    out = tmp_path / os.fsdecode(b"out\xff")
    ended = Program(tmp_path).run(*LIFT, films, "-o", out, timeout_s=300)
    assert ended.code == 1, ended
    assert f"{len(GOOD)} of {len(GOOD) + len(BROKEN)} videos lifted" in ended.err
    assert ended.err.count("has broken letters.") == len(BROKEN)
    assert {path.name for path in out.rglob("*.csv")} == {f"{name[:-4]}.csv" for name in GOOD}


@only_linux
@pytest.mark.parametrize("kind", sorted(kind for kind in FORMATS if not FORMATS[kind].blender))
def test_a_name_that_cannot_be_written_into_a_file(kind: str, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"x\xff" + FORMATS[kind].suffix.encode())
    with pytest.raises(ExportError, match="broken letters"):
        export(path, motion(3), kind, options=FileOptions(printer="nobody:prints"))
    with pytest.raises(UsageError, match="broken letters"):  # said before the work
        require_free(path, force=True)
    assert list(tmp_path.iterdir()) == []
