"""How the benchmark's table is laid out."""

from __future__ import annotations

from app.lab.bench.table import Row, markdown


def test_columns_line_up_and_what_was_not_measured_is_empty() -> None:
    text = markdown([Row("decode", 4.04, 247.6, "1280x720"), Row("live: memory", note="+1 MB")])
    lines = text.splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[1].startswith("| -")
    assert [cell.strip() for cell in lines[2].split("|")[1:-1]] == [
        "decode",
        "4.0",
        "248",
        "1280x720",
    ]
    assert [cell.strip() for cell in lines[3].split("|")[1:-1]] == ["live: memory", "", "", "+1 MB"]
