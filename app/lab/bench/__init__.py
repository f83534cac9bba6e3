"""How fast this machine is, stage by stage, on the program's own parts: what ``bench`` prints."""

from __future__ import annotations

from app.lab.bench.run import FULL, QUICK, Plan, measure, report

__all__ = ["FULL", "QUICK", "Plan", "measure", "report"]
