"""The examples of the page about ``import mixpose``."""

from __future__ import annotations

import doctest
import shutil
from pathlib import Path
from typing import Any

import pytest

from app.lifting import work
from app.lifting.clip import DetectedClip
from app.lifting.options import LiftOptions
from app.sources.base import Source

PAGE = Path(__file__).resolve().parents[3] / "app/public/README.md"


def _detect_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look through a film once for all examples that look for the same people in it."""
    real, found = work.detect, dict[tuple[Path, bool], DetectedClip]()

    def detect(source: Source, path: Path, options: LiftOptions, *others: Any, **more: Any) -> Any:
        key = (path, options.everybody)
        if key not in found:
            found[key] = real(source, path, options, *others, **more)
        return found[key]

    monkeypatch.setattr(work, "detect", detect)


@pytest.mark.slow
def test_its_examples_do_what_they_say(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pandas", reason="pip install '.[notebook]'")
    pytest.importorskip("xarray", reason="pip install '.[notebook]'")
    _detect_once(monkeypatch)
    shutil.copy(clip, tmp_path)
    monkeypatch.chdir(tmp_path)
    result = doctest.testfile(
        str(PAGE), module_relative=False, optionflags=doctest.IGNORE_EXCEPTION_DETAIL
    )
    assert result.attempted >= 20
    assert result.failed == 0
