"""Reports: what stands on the page and in the table is what was measured; no stranger gets in."""

from __future__ import annotations

import base64
import csv
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from app.errors import ExportError
from app.export.registry import export
from app.export.report.charts import Curve, chart
from app.export.report.content import whole
from app.motion.data import MotionData
from models.skeleton import FOOT_PARENTS, JOINT
from tests.support.drawn_walker import STRIDE_M, STRIDE_S, walker
from tests.support.motion import ORIGIN, motion


class Page(HTMLParser):
    """Everything of a page that matters."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.headings: list[str] = []
        self.text = ""
        self._in = ""
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._in = tag
        named = ("src", "href", "data", "xlink:href")
        self.links += [value or "" for name, value in attrs if name in named]

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._in in ("h2", "h3") and data.strip():
            self.headings.append(data.strip())


def numbers(path: Path) -> list[dict[str, str]]:
    (link,) = (each for each in Page(path).links if not each.startswith("#"))
    kind, _, content = link.partition(",")
    assert kind == "data:text/csv;base64"
    return list(csv.DictReader(io.StringIO(base64.b64decode(content).decode())))


def written(folder: Path, data: MotionData) -> Path:
    path = folder / "a.html"
    export(path, data, "report")
    return path


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A walker's report."""
    return written(tmp_path_factory.mktemp("walked"), walker())


@pytest.fixture(scope="module")
def unplaced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of somebody who stands nowhere."""
    return written(tmp_path_factory.mktemp("unplaced"), motion(50))


def test_a_walkers_report(walked: Path) -> None:
    page = Page(walked)
    assert {"Moments", "Walking", "Range of motion", "Angles over time"} <= set(page.headings)
    assert f"{120 / STRIDE_S:.0f}" in page.text
    assert "steps a minute" in page.text
    rows = numbers(walked)
    (cadence,) = (row for row in rows if row["measure"] == "cadence")
    assert float(cadence["value"]) == pytest.approx(120 / STRIDE_S, rel=0.01)
    lengths = [float(row["value"]) for row in rows if row["measure"] == "stride length"]
    assert len(lengths) > 8
    assert lengths == pytest.approx([STRIDE_M] * len(lengths), rel=0.03)


def test_a_walkers_feet_are_on_the_page_with_what_they_may_be_off(
    tmp_path: Path, walked: Path
) -> None:
    data = walker()
    feet = data.xyz[:, list(FOOT_PARENTS)] + np.array([0.0, 0.06, 0.0], np.float32)
    feet[:, 2:] += np.array([0.03, 0.0, -0.2], np.float32)  # both to the walker's left
    given = replace(data, feet=feet, feet_conf=np.ones(feet.shape[:2], np.float32))
    path = written(tmp_path, given)
    page = Page(path)
    assert "Foot progression" in page.text
    assert "pointed 15° wrong in the median frame" in page.text
    rows = [row for row in numbers(path) if row["measure"] == "foot progression"]
    outward = {row["of"]: float(row["value"]) for row in rows}
    assert outward == {"left": pytest.approx(8.5, abs=0.5), "right": pytest.approx(-8.5, abs=0.5)}
    assert "pointed" not in Page(walked).text


def test_the_table_alone_is_that_of_the_page(tmp_path: Path, walked: Path) -> None:
    export(tmp_path / "b.numbers.csv", walker(), "numbers")
    with (tmp_path / "b.numbers.csv").open(newline="", encoding="utf-8") as file:
        assert list(csv.DictReader(file)) == numbers(walked)


@pytest.mark.parametrize(
    ("value", "written"), [(-0.4, "0"), (0.4, "0"), (-3.6, "−4"), (117.5, "118")]
)
def test_whole_numbers_have_a_real_minus_and_zero_has_none(value: float, written: str) -> None:
    assert whole(value) == written


def test_poses_that_stand_nowhere_have_no_steps_and_that_is_said(unplaced: Path) -> None:
    page = Page(unplaced)
    assert "Walking" not in page.headings
    assert "must be placed in the room" in page.text


def test_nothing_of_a_page_leads_elsewhere_and_nothing_on_it_runs(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script><img src=http://example.com/x>{{ 7 * 7 }}"
    given = motion(50, origin=replace(ORIGIN, source=hostile))
    page = Page(written(tmp_path, given))
    assert not {"script", "img", "iframe", "object", "link"} & set(page.tags)
    assert all(link.startswith(("#", "data:text/csv;base64,")) for link in page.links)
    assert hostile in page.text


def test_the_same_motion_gives_the_same_page(tmp_path: Path, unplaced: Path) -> None:
    assert written(tmp_path, motion(50)).read_bytes() == unplaced.read_bytes()


def test_a_chart_shows_all_of_the_time_also_where_its_curve_is_not_known() -> None:
    time_s = np.linspace(0, 4, 81)
    late = np.where(time_s > 1.6, 30.0 * time_s, np.nan)
    drawn = chart([Curve("left", time_s, late)], "Late", x_label="seconds").svg
    ticks = [float(each) for each in re.findall(r">([0-9.]+)</text>", drawn)]
    assert ticks[0] == 0.0
    one = chart([Curve("left", time_s[:1], late[-1:])], "One", x_label="seconds").svg
    assert one.startswith("<svg")


def heights(drawn: str) -> list[float]:
    """At which ticks are, degrees."""
    return [float(each.replace("−", "-")) for each in re.findall(r">([−0-9]+)°</text>", drawn)]


def test_a_frame_that_is_wrong_does_not_make_a_chart_flat() -> None:
    time_s = np.linspace(0, 4, 401)
    moved = 20.0 * np.sin(time_s)
    moved[200] = 178.0
    assert max(heights(chart([Curve("left", time_s, moved)], "A", x_label="seconds").svg)) < 40


def test_what_passes_from_half_a_turn_to_minus_half_a_turn_is_no_line_across() -> None:
    time_s = np.linspace(0, 4, 401)
    turned = (170.0 + 8.0 * time_s + 180.0) % 360.0 - 180.0
    drawn = chart([Curve("left", time_s, turned)], "A", x_label="seconds").svg
    (line,) = re.findall(r'<path d="([^"]*)"[^>]*stroke: #3b8fd9', drawn)
    assert line.count("M") == 2


def test_what_is_not_known_leaves_no_path_that_readers_stumble_over(tmp_path: Path) -> None:
    given = motion(50)
    missing = given.missing.copy()
    missing[:, JOINT["left_wrist"]] = True
    filled = given.filled & ~missing
    given = replace(given, missing=missing, filled=filled)
    text = written(tmp_path, given).read_text("utf-8")
    paths = re.findall(r"<path[^>]*>", text)
    assert paths
    assert all(" d=" in path for path in paths)


def test_sides_that_may_well_move_alike_have_no_index_on_the_page_nor_in_the_table(
    tmp_path: Path,
) -> None:
    given = motion(50)  # of random joints: everything moves, nothing differs for sure
    path = written(tmp_path, given)
    indices = {row["of"]: row for row in numbers(path) if row["measure"] == "index"}
    assert indices
    page, told = Page(path), [row for row in indices.values() if row["value"]]
    assert len(told) < len(indices)
    assert page.text.count("not told") >= len(indices) - len(told)
    assert page.text.count(" ± ") >= len(told)
    off = {row["of"] for row in numbers(path) if row["measure"] == "index may be off by"}
    assert off == set(indices)


def test_a_pdf_needs_somebody_who_prints(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"made by the window, or by 'mixpose report"):
        export(tmp_path / "a.pdf", motion(50), "pdf")
    assert list(tmp_path.iterdir()) == []


def test_joints_that_were_never_seen_leave_gaps_and_nothing_else(tmp_path: Path) -> None:
    given = motion(50)
    nothing = replace(
        given,
        missing=np.ones_like(given.missing),
        filled=np.zeros_like(given.filled),
        tracked=np.zeros_like(given.tracked),
    )
    page = Page(written(tmp_path, nothing))
    assert "Range of motion" in page.headings
    assert numbers(tmp_path / "a.html") == []


def test_without_frames_there_is_nothing_to_report_on(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no frame"):
        written(tmp_path, motion(0))
    assert list(tmp_path.iterdir()) == []
