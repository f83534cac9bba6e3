"""The threads and queues between the stages; nothing else in the program knows about threads.

``LiveRun`` takes frames from a source through the detector and the live lifter.  Nothing here
imports Qt.
"""

from __future__ import annotations

from app.pipeline.run import LiveRun
from app.pipeline.sink import PoseSink
from app.pipeline.status import Sight, Snapshot, SourceFacts, State, Stats
from app.pipeline.warm import warm_up

__all__ = ["LiveRun", "PoseSink", "Sight", "Snapshot", "SourceFacts", "State", "Stats", "warm_up"]
