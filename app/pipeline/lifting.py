"""The lift thread: passes new keypoints to the live window and publishes the newest pose."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.errors import MixposeError
from app.packets import Keypoints2D, Pose3D
from app.pipeline.controls import Controls
from app.pipeline.keypoint_queue import CAPACITY, KeypointQueue
from app.pipeline.one_euro import OneEuro
from app.pipeline.results import LatestResults
from app.pipeline.status import PoseSink
from app.pipeline.threads import Background, WorkerThreads
from models.skeleton import JOINT_COUNT, MIRROR

if TYPE_CHECKING:
    from models.lifter import Lifter
    from models.live import LiveLifter, LivePose


class Network:
    """A loaded lifter with its live window."""

    def __init__(self, lifter: Lifter) -> None:
        from models.live import LiveLifter  # imports torch: takes seconds, not in the caller

        self.lifter = lifter
        self.live: LiveLifter = LiveLifter(lifter)

    def push(self, keypoints: Keypoints2D) -> None:
        """Add the next source frame to the window."""
        self.live.push(
            *(keypoints.xy, keypoints.conf, keypoints.size, keypoints.time_s),
            world=keypoints.world_joints,
            feet=keypoints.feet,
        )


class Lifting:
    """The body of the lift thread; only this class touches the network."""

    def __init__(
        self,
        *,
        controls: Controls,
        results: LatestResults,
        keypoint_queue: KeypointQueue,
        threads: WorkerThreads,
    ) -> None:
        self._controls = controls
        self._results = results
        self._keypoint_queue = keypoint_queue
        self._threads = threads
        self._lock = threading.Lock()
        self._loading: Background[Network] | None = None
        self._network: Network | None = None
        self._recent: deque[Keypoints2D] = deque(maxlen=CAPACITY)
        self._segment = 0
        self._smoother = OneEuro()
        self.sinks: tuple[PoseSink, ...] = ()
        """Further receivers of the poses shown; replaced as a whole, from any thread."""

    def load(self, lifter_factory: Callable[[], Lifter]) -> None:
        """Begin to load a network, which replaces the current one when it is ready."""
        loading = self._threads.background("network", lambda: Network(lifter_factory()))
        with self._lock:
            previous, self._loading = self._loading, loading
        if previous is not None:
            previous.give_up()

    def run(self) -> None:
        """Lift until the run is to stop."""
        while self._controls.wait_until(self._has_work):
            self._adopt()
            if self._network is not None:
                self._lift(self._network)
        with self._lock:
            loading = self._loading
        if loading is not None:
            loading.give_up()

    def _has_work(self) -> bool:
        loading = self._loading
        if loading is not None and loading.ready:
            return True
        return self._network is not None and self._keypoint_queue.has_new

    def _adopt(self) -> None:
        """Adopt a network that has been loaded, and give it the recent frames."""
        with self._lock:
            if self._loading is None or not self._loading.ready:
                return
            loaded, self._loading = self._loading, None
        try:
            network = loaded.take()
        except MixposeError as error:
            if self._network is None:
                raise
            self._results.note(error)
            return
        for keypoints in self._recent:
            network.push(keypoints)
        self._network = network
        self._results.describe_lifter(
            device=str(network.lifter.device), weights=network.lifter.info.name
        )

    def _lift(self, network: Network) -> None:
        batch = self._keypoint_queue.take()
        if batch.segment != self._segment:
            self._segment = batch.segment
            self._recent.clear()
            network.live.reset()
            self._smoother.reset()
        for keypoints in batch.keypoints:
            self._recent.append(keypoints)
            network.push(keypoints)
        if not self._recent:
            return
        # With a paused source a delay has no benefit: the pose must belong to the picture shown.
        network.live.delay = 0 if batch.idle else self._controls.delay
        smooth = self._controls.smooth and not batch.idle
        network.lifter.height_m = self._controls.height_m
        network.live.level = self._controls.level
        began = time.perf_counter()
        lifted = network.live.lift()
        if lifted is not None:
            self._publish(lifted, self._smoothed(lifted, smooth=smooth), began)

    def _smoothed(self, lifted: LivePose, *, smooth: bool) -> NDArray[np.float32]:
        """Return (21, 3) joints and feet of the pose, smoothed over the poses before if wanted."""
        points = np.concatenate([lifted.xyz, lifted.feet.xyz])
        known = np.concatenate([~lifted.missing, np.isfinite(lifted.feet.xyz).all(axis=-1)])
        if smooth:
            return self._smoother.step(points, known, lifted.time_s)
        self._smoother.reset()
        return points

    def _publish(self, lifted: LivePose, xyz: NDArray[np.float32], began: float) -> None:
        now = time.perf_counter()
        source = self._recent[-1 - lifted.frames_back]
        pose = Pose3D(
            index=source.index,
            time_s=source.time_s,
            xyz=xyz[:JOINT_COUNT],
            filled=lifted.filled,
            missing=lifted.missing,
            captured_at=source.captured_at,
            detected_at=source.detected_at,
            lifted_at=now,
            level=lifted.level,
            feet=xyz[JOINT_COUNT:],
            feet_conf=lifted.feet.conf,
            feet_opacity=lifted.feet.opacity,
        )
        self._results.show_pose(pose, lift_s=now - began, segment=self._segment)
        conf = source.conf[list(MIRROR)] if lifted.swapped else source.conf
        for sink in self.sinks:
            sink.put(pose, conf)
