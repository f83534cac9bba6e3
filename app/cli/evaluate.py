"""``evaluate``: the accuracy of the lifter, measured by ``app.lab.evaluation``."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.cli.exits import Exit, UsageError, say, warn
from app.system import logs


def run(options: argparse.Namespace) -> int:
    """Measure, print the report, and write it to the file given."""
    logs.divert_native_stderr()
    _require_writable(options.output)
    from app.detection.models import FOR_VIDEOS
    from app.lab.evaluation.material import EvaluationError
    from app.lab.evaluation.plots import draw
    from app.lab.evaluation.report import markdown
    from app.lab.evaluation.run import FULL, QUICK, SHARED_FOOTAGE, Request, evaluate
    from app.sources import PERFORMER

    beside = SHARED_FOOTAGE if SHARED_FOOTAGE.is_dir() else None
    findings = evaluate(
        Request(
            weights=_weights(options.weights),
            device=options.device or "auto",
            detector=options.detector or FOR_VIDEOS,
            study=options.study,
            motion=options.motion,
            footage=options.realeval or beside,
            upright=options.upright or beside,
            turned=options.turned or PERFORMER,
            human36m=options.h36m,
            humaneva=options.humaneva,
            mpi_inf_3dhp=options.mpi_inf_3dhp,
            keypoints=options.keypoints,
            plan=QUICK if options.quick else FULL,
        ),
        warn,
    )
    report = markdown(findings)
    say(report.rstrip())
    if options.output is not None:
        _write(options.output, report)
    if options.plots is not None:
        try:
            for path in draw(options.plots, findings.delayed, findings.hidden):
                warn(f"Drawn: {path}")
        except EvaluationError as error:
            warn(f"mixpose: {error}")
            return Exit.SOME_FAILED
    return Exit.OK


def _weights(given: str | list[str] | None) -> tuple[str | None, ...]:
    """Return the values of ``--weights``: one if given before the command, several after it."""
    return (given,) if given is None or isinstance(given, str) else tuple(given)


def _require_writable(path: Path | None) -> None:
    """Raise an error if the report cannot be written, before minutes of measuring."""
    if path is not None and not path.absolute().parent.is_dir():
        raise UsageError(f"There is no folder {path.absolute().parent} for the report.")


def _write(path: Path, report: str) -> None:
    try:
        path.write_text(report, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"The report cannot be written to {path}: {error.strerror}.") from error
