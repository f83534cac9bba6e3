"""The build command for wheels; named in pyproject.toml, never imported."""

from __future__ import annotations

from tempfile import TemporaryDirectory

from setuptools.command.build import build


class Build(build):  # type: ignore[misc]  # setuptools is not typed
    """Builds in a temporary folder.

    By default setuptools packs whatever lies in ``build/`` of the checkout, including stale files,
    and leaves that folder behind.
    """

    def initialize_options(self) -> None:
        super().initialize_options()
        self._folder = TemporaryDirectory(prefix="mixpose-build-")
        self.build_base = self._folder.name
