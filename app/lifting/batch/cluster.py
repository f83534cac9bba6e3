"""Execute units of work on a Ray cluster, which distributes and retries them itself."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from app import __version__
from app.errors import LiftingError
from app.lifting.progress import never
from app.lifting.work_units import Done, Event, WorkUnit, done

log: Final = logging.getLogger(__name__)

RETRIES: Final = 2
"""How often Ray restarts a unit whose process or machine was lost."""
_THIS_MACHINES: Final = "auto"
_ANSWER_S: Final = 5.0
_LOOK_S: Final = 0.3
_GPU_SHARE: Final = 0.25
"""Of a graphics card, for each clip that is lifted there."""


class Cluster:
    """An :class:`app.lifting.work_units.Engine`; also a context manager.

    All machines must have this program and see the files under the same, absolute paths.

    Args:
        address: of the cluster.
        device: where the network runs.

    Raises:
        LiftingError: Ray is not installed, or there is no such cluster.
    """

    def __init__(self, address: str, device: str | None = None) -> None:
        self._ray = _connect(address)
        self.width = max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        self._gpu = _GPU_SHARE if device == "cuda" else 0
        self._tickets = 0
        self._begun: dict[Any, tuple[int, WorkUnit]] = {}
        """By Ray's reference."""

    @property
    def waiting(self) -> int:
        """Units that cannot have begun yet."""
        return max(0, len(self._begun) - self.width)

    def submit(self, unit: WorkUnit, *, first: bool = False) -> int:
        """Submit ``unit``; Ray has no priority for ``first``."""
        self._tickets += 1
        work = self._ray.remote(
            num_cpus=1, num_gpus=self._gpu if unit.needs_network else 0, max_retries=RETRIES
        )(_work)
        self._begun[work.remote(self._tickets, unit, __version__)] = (self._tickets, unit)
        return self._tickets

    def drop(self, tickets: Iterable[int]) -> None:
        """Cancel these units."""
        unwanted = set(tickets)
        for reference, (ticket, _) in list(self._begun.items()):
            if ticket in unwanted:
                self._ray.cancel(reference, force=True)
                del self._begun[reference]

    def poll(self) -> Iterator[Event]:
        """The results that are ready."""
        if not self._begun:
            return
        ready, _ = self._ray.wait(list(self._begun), num_returns=1, timeout=_LOOK_S)
        for reference in ready:
            ticket, unit = self._begun.pop(reference)
            yield self._answer(reference, ticket, unit)

    def finish(self) -> Iterator[Event]:
        """Cancel everything; units that have begun yield nothing."""
        self.drop([ticket for ticket, _ in self._begun.values()])
        return iter(())

    def close(self) -> None:
        """Leave the cluster, which cancels everything."""
        if self._ray.is_initialized():
            self._ray.shutdown()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answer(self, reference: Any, ticket: int, unit: WorkUnit) -> Done:
        try:
            answer: Done = self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            log.warning("%s was not lifted: %s", unit.label, error)
            return Done(
                ticket, error=LiftingError(f"{unit.label} {_failure_in_words(self._ray, error)}")
            )
        return answer


def _connect(address: str) -> Any:
    if find_spec("ray") is None:
        raise LiftingError("Lifting on a cluster needs Ray: pip install '.[ray]'.")
    # Both are read when Ray is imported: the first turns its telemetry off; without the second it
    # takes twenty minutes to notice that a server is something else.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", "1")
    try:
        _require_listener(address)
        import ray

        ray.init(
            address=address,
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env={"worker_process_setup_hook": _finding_the_program()},
        )
    except (OSError, RuntimeError, ValueError) as error:
        log.warning("no connection to Ray at %s: %s", address, error)
        raise LiftingError(
            f"There is no Ray cluster at {address}. Start one with 'ray start --head' and give its "
            "address, or leave --ray out to use this machine alone."
        ) from error
    return ray


def _finding_the_program() -> Callable[[], None]:
    """The set-up hook of the cluster's processes, pickled by value as it is a nested function: for
    an installed program, only importing ``mixpose`` makes ``app`` importable."""

    def find() -> None:
        if find_spec("mixpose") is not None:  # otherwise a checkout, where Ray finds it by itself
            import_module("mixpose")

    return find


def _require_listener(address: str) -> None:
    """Raise OSError or ValueError if nothing listens at ``address``.

    Ray itself would try for ten minutes (measured with 2.60).
    """
    if address == _THIS_MACHINES:
        return  # Ray has stored the address when it was started here
    host, _, port = address.removeprefix("ray://").rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), _ANSWER_S).close()


def _failure_in_words(ray: Any, error: Exception) -> str:
    if isinstance(error, ray.exceptions.RayTaskError):
        return (
            f"could not be begun on a machine of the cluster: {str(error).splitlines()[-1]}. "
            f"Install mixpose {__version__} on all of them."
        )
    return (
        f"was given up: its process or machine was lost {RETRIES + 1} times. The file may be "
        "damaged, or memory too small."
    )


def _work(ticket: int, unit: WorkUnit, version: str) -> Done:
    """Run a unit on a machine of the cluster."""
    if version != __version__:
        return Done(
            ticket,
            error=LiftingError(
                f"A machine of the cluster has mixpose {__version__}, this one {version}. Install "
                "the same version on all of them."
            ),
        )
    answer = done(ticket, unit, _silent, never)
    assert answer is not None, "nobody calls it off"
    return answer


def _silent(_amount: float) -> None:
    """Ignore progress, which Ray does not transmit."""
