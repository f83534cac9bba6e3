"""Benchmarks of the program's parts on this machine, as printed by ``bench``."""

from __future__ import annotations

from app.lab.bench.run import FULL, QUICK, Plan, measure, report

__all__ = ["FULL", "QUICK", "Plan", "measure", "report"]
