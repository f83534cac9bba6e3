"""How the wheel is built; pyproject.toml names it, and nothing imports it."""

from __future__ import annotations

from tempfile import TemporaryDirectory

from setuptools.command.build import build


class Build(build):  # type: ignore[misc]  # setuptools is not typed
    """Builds in a folder of its own, which is gone afterwards.

    setuptools packs whatever lies in ``build/`` of the checkout, files that are no more among it,
    and leaves it behind.
    """

    def initialize_options(self) -> None:
        super().initialize_options()
        self._folder = TemporaryDirectory(prefix="mixpose-build-")
        self.build_base = self._folder.name
