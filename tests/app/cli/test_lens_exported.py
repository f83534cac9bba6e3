"""A telephone's film, recorded: its lens is that of the film itself when it is exported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import pytest

from tests.support.program import LIFT, Program

NOTE = "com.apple.quicktime.camera.focal_length.35mm_equivalent"


def as_by_a_telephone(clip: Path, path: Path) -> Path:
    """The same film with the note of a lens of 21 mm."""
    with (
        av.open(str(clip)) as source,
        av.open(str(path), "w", options={"movflags": "use_metadata_tags"}) as film,
    ):
        film.metadata[NOTE] = "21"
        stream = film.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                film.mux(packet)
    return path


def lens(table: Path) -> dict[str, Any]:
    content = json.loads(table.with_name(f"{table.name}.json").read_text("utf-8"))
    found: dict[str, Any] = content["position"]["lens"]
    return found


@pytest.mark.slow
def test_a_recorded_film_keeps_its_lens(program: Program, clips: Path, out: Path) -> None:
    film = as_by_a_telephone(clips / "person.mp4", out / "film.mov")
    for command in (
        (*LIFT, film, "-o", out / "film.csv", "--room"),
        ("record", "--source", film, "-o", out / "take", "--no-lift"),
        ("export", out / "take", "-o", out / "take.csv", "--room"),
        ("export", out / "take", "-o", out / "told.csv", "--room", "--fov", "70"),
    ):
        ended = program.call(*command)
        assert ended.code == 0, ended
    assert lens(out / "film.csv")["fov_deg"] == pytest.approx(79, abs=1)
    assert lens(out / "film.csv")["from"] == "source"
    assert lens(out / "take.csv") == lens(out / "film.csv")
    assert lens(out / "told.csv")["from"] == "given"
    header = (out / "take.csv").read_text("ascii").split("\n")[0]
    assert header.endswith(",event,left_foot_contact,right_foot_contact")
