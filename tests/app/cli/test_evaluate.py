"""``evaluate``: what may be given, and what is printed where."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.cli.arguments import parse
from app.lab.evaluation import run
from tests.support.evaluation import write_weights
from tests.support.program import Program


def test_all_options() -> None:
    options = parse(
        ["evaluate", "--weights", "a", "b.bin", "--study", "s.npz", "--realeval", "r",
         "--upright", "u", "--turned", "t.mp4", "--h36m", "h", "--keypoints", "cpn_ft_h36m_dbb",
         "--humaneva", "e", "--3dhp", "d",
         "--quick", "-o", "report.md", "--plots", "p", "--device", "cpu"]
    )  # fmt: skip
    assert options.command == "evaluate"
    assert (options.weights, options.device) == (["a", "b.bin"], "cpu")
    assert options.study == Path("s.npz")
    assert (options.realeval, options.h36m) == (Path("r"), Path("h"))
    assert (options.upright, options.turned) == (Path("u"), "t.mp4")
    assert (options.humaneva, options.mpi_inf_3dhp) == (Path("e"), Path("d"))
    assert (options.quick, options.keypoints) == (True, "cpn_ft_h36m_dbb")
    assert (options.output, options.plots) == (Path("report.md"), Path("p"))
    plain = parse(["evaluate"])
    assert (plain.weights, plain.device, plain.keypoints) == (None, None, "gt")
    assert (plain.quick, plain.study, plain.output) == (False, None, None)
    assert (plain.upright, plain.turned) == (None, None)


def test_weights_may_stand_before_the_command() -> None:
    assert parse(["--weights", "a", "evaluate"]).weights == "a"


def test_the_source_of_the_window_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--source", "performer", "evaluate"])
    assert "belongs to the window, not to 'evaluate'" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_said_before_measuring(program: Program, out: Path) -> None:
    ended = program.call("evaluate", "-o", out / "none" / "report.md")
    ended.check_refused("There is no folder", "none")


def test_unknown_weights(program: Program) -> None:
    ended = program.call("evaluate", "--weights", "nothing")
    assert ended.code == 2
    assert "no weights called 'nothing'" in ended.err.splitlines()[-1]
    assert ended.out == ""


@pytest.mark.slow
def test_a_quick_run_prints_the_report_and_writes_it(
    program: Program, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorter = replace(run.QUICK, acts_s=1.0, delay_s=1.0, turned_s=0.2)
    monkeypatch.setattr(run, "QUICK", shorter)
    weights = write_weights(out / "tiny.safetensors")
    ended = program.call(
        "evaluate", "--quick", "--weights", weights, "--device", "cpu", "--realeval", out,
        "--upright", out, "-o", out / "report.md", "--plots", out / "plots",
    )  # fmt: skip
    assert ended.code == 0, ended
    report = (out / "report.md").read_text(encoding="utf-8")
    assert ended.out == report
    assert "| MediaPipe world landmarks " in report
    assert "## Live: error against the frames waited" in report
    assert f"real footage: {out} holds no set of footage" in report
    assert f"people who stand straight: {out / 'upright.py'} does not say when" in report
    assert "## Joint angles" in report
    assert "## Any way up" in report
    assert "Not measured: Human3.6M: give --h36m FOLDER." in ended.err
    assert sorted(path.name for path in (out / "plots").iterdir()) == ["delay.svg", "hidden.svg"]
