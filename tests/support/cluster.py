"""A Ray cluster of this machine, for as long as a test needs it."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from tests.support.waiting import until


@contextmanager
def cluster_of_two(python: str = sys.executable) -> Iterator[str]:
    """The address of a cluster of two workers run by ``python``, ended with all its processes."""
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="mixpose-ray-") as folder:  # sockets need a short path
        command = [
            *(python, "-m", "ray.scripts.scripts", "start", "--head", "--block"),
            *(f"--port={port}", "--num-cpus=2", "--node-ip-address=127.0.0.1"),
            *("--include-dashboard=false", "--disable-usage-stats", f"--temp-dir={folder}"),
            *("--object-store-memory=100000000",),
        ]
        with subprocess.Popen(
            command,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            try:
                until(lambda: _answers(port), "the cluster to start", 120)
                yield f"127.0.0.1:{port}"
            finally:
                head = psutil.Process(process.pid)
                _end_all([*head.children(recursive=True), head])


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _end_all(family: list[psutil.Process]) -> None:
    for each in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.terminate()
    for each in psutil.wait_procs(family, timeout=10)[1]:
        each.kill()


def _answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
