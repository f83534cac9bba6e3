from __future__ import annotations

from pathlib import Path

import pytest

from app.cli import outputs
from app.cli.exits import UsageError
from app.export.registry import FORMATS, Exporter

ALIKE = {
    "csv": FORMATS["csv"],
    "csv-long": Exporter("Long table", ".csv", "csv_long"),
    "json": Exporter("JSON", ".json", "json_frames"),
}


@pytest.fixture(autouse=True)
def three_formats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "FORMATS", ALIKE)


@pytest.mark.parametrize(
    ("output", "wanted", "name", "kind"),
    [
        ("x.csv", None, "x.csv", "csv"),
        ("X.CSV", None, "X.CSV", "csv"),
        ("x.csv", "csv-long", "x.csv", "csv-long"),
        ("x.json", None, "x.json", "json"),
        ("x.data", "json", "x.data", "json"),
        ("", None, "take.csv", "csv"),
        ("new/", "json", "new/take.json", "json"),
    ],
)
def test_the_ending_or_the_word_decides(
    output: str, wanted: str | None, name: str, kind: str, tmp_path: Path
) -> None:
    assert outputs.choose(f"{tmp_path}/{output}", wanted, "take") == (tmp_path / name, kind)


@pytest.mark.parametrize(
    ("output", "wanted", "words"),
    [
        ("x", None, ".csv, .json"),
        ("x.csv", "json", "but --to says json"),
        ("x.csv", "xls", "'xls' is not a format. Choose one of: csv, csv-long, json"),
    ],
)
def test_what_does_not_fit(output: str, wanted: str | None, words: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=words):
        outputs.choose(f"{tmp_path}/{output}", wanted, "take")
