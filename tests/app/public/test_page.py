"""The examples of the page about ``import mixpose``."""

from __future__ import annotations

import doctest
import shutil
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[3] / "app/public/README.md"


def test_its_examples_do_what_they_say(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pandas", reason="pip install '.[notebook]'")
    pytest.importorskip("xarray", reason="pip install '.[notebook]'")
    shutil.copy(clip, tmp_path)
    monkeypatch.chdir(tmp_path)
    result = doctest.testfile(
        str(PAGE), module_relative=False, optionflags=doctest.IGNORE_EXCEPTION_DETAIL
    )
    assert result.attempted >= 20
    assert result.failed == 0
