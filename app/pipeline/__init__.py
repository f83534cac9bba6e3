"""The threads of a live run and the queues between them; no other package starts such threads.

``LiveRun`` passes frames from a source through the detector and the live lifter.  Nothing here
imports Qt.
"""

from __future__ import annotations

from app.pipeline.preload import warm_up
from app.pipeline.run import LiveRun
from app.pipeline.status import BodyInView, PoseSink, Snapshot, SourceFacts, State, Stats

__all__ = [
    "BodyInView",
    "LiveRun",
    "PoseSink",
    "Snapshot",
    "SourceFacts",
    "State",
    "Stats",
    "warm_up",
]
