"""Clips lifted on the machines of a Ray cluster, which hands them out and tries again itself."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from app import __version__
from app.batch.task import Event, Options, Result, Task
from app.batch.work import ClipLifter
from app.errors import BatchError

log: Final = logging.getLogger(__name__)

RETRIES: Final = 2
"""How often Ray begins a clip again whose process or machine was lost."""
_THIS_MACHINES: Final = "auto"
_KNOCK_S: Final = 5.0
_LOOK_S: Final = 0.3
_GPU_SHARE: Final = 0.25
"""Of a graphics card, for each clip: the detector, on the processor, takes most of the time."""


def run(
    tasks: Sequence[Task], options: Options, address: str, stop: Callable[[], bool]
) -> Iterator[Event]:
    """Lift ``tasks`` on the cluster at ``address``; a result for each, in the order they are ready.

    All machines must have this program and see the files under the same paths.  Once ``stop`` says
    so, clips that are not done are given up, without a result, and it ends.

    Raises:
        BatchError: Ray is not installed, or there is no such cluster.
    """
    ray = _connect(address)
    try:
        yield from _run(ray, tasks, options, stop)
    finally:
        ray.shutdown()


def _connect(address: str) -> Any:
    if find_spec("ray") is None:
        raise BatchError("Lifting on a cluster needs Ray: pip install '.[ray]'.")
    # Both are read when Ray is imported.  It reports its use to its makers; and to find out that
    # a server is something else it would take twenty times its usual minute.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", "1")
    try:
        _knock(address)
        import ray

        ray.init(
            address=address,
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env={"worker_process_setup_hook": _finding_the_program()},
        )
    except (OSError, RuntimeError, ValueError) as error:
        log.warning("no connection to Ray at %s: %s", address, error)
        raise BatchError(
            f"There is no Ray cluster at {address}. Start one with 'ray start --head' and give its "
            "address, or leave --ray out to use this machine alone."
        ) from error
    return ray


def _finding_the_program() -> Callable[[], None]:
    """What a process of the cluster does first.  Being inside another, the function travels whole:
    where the program is installed, only importing ``mixpose`` makes its rooms known."""

    def find() -> None:
        if find_spec("mixpose") is not None:  # otherwise a checkout, where Ray finds it by itself
            import_module("mixpose")

    return find


def _knock(address: str) -> None:
    """Raise OSError or ValueError if nobody listens at ``address``.

    Ray itself would look for ten minutes (measured with 2.60).
    """
    if address == _THIS_MACHINES:
        return  # what Ray has written down when it was started here
    host, _, port = address.removeprefix("ray://").rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), _KNOCK_S).close()


def _run(
    ray: Any, tasks: Sequence[Task], options: Options, stop: Callable[[], bool]
) -> Iterator[Event]:
    on_gpu = _GPU_SHARE if options.device == "cuda" else 0
    lift = ray.remote(num_cpus=1, num_gpus=on_gpu, max_retries=RETRIES)(_lift)
    options = replace(options, threads=1)
    waiting = {
        lift.remote(index, _anywhere(task), options, __version__): index
        for index, task in enumerate(tasks)
    }
    while waiting:
        ready, _ = ray.wait(list(waiting), num_returns=1, timeout=_LOOK_S)
        for reference in ready:
            index = waiting.pop(reference)
            yield _result(ray, reference, index, tasks[index])
        if stop():
            for reference in waiting:
                ray.cancel(reference, force=True)
            return


def _anywhere(task: Task) -> Task:
    """Processes elsewhere stand in other folders."""
    return replace(task, source=task.source.absolute(), table=task.table.absolute())


def _result(ray: Any, reference: Any, index: int, task: Task) -> Result:
    try:
        result: Result = ray.get(reference)
    except ray.exceptions.RayError as error:
        log.warning("%s was not lifted: %s", task.source, error)
        return Result(index, error=BatchError(f"{task.source.name} {_told(ray, error)}"))
    return result


def _told(ray: Any, error: Exception) -> str:
    if isinstance(error, ray.exceptions.RayTaskError):
        return (
            f"could not be begun on a machine of the cluster: {str(error).splitlines()[-1]}. "
            f"Install mixpose {__version__} on all of them."
        )
    return (
        f"was given up: its process or machine was lost {RETRIES + 1} times. The file may be "
        "damaged, or memory too small."
    )


_lifters: dict[Options, ClipLifter] = {}
"""The newest lifter of this process: Ray gives one process many clips."""


def _lift(index: int, task: Task, options: Options, version: str) -> Result:
    """Runs on a machine of the cluster."""
    if version != __version__:
        return Result(
            index,
            error=BatchError(
                f"A machine of the cluster has mixpose {__version__}, this one {version}. Install "
                "the same version on all of them."
            ),
        )
    if options not in _lifters:
        _lifters.clear()
        _lifters[options] = ClipLifter(options)
    return _lifters[options].lift(index, task, stop=lambda: False, progress=lambda share: None)
