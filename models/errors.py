"""Base class of the errors that this program raises for the user.

Each message is one or two plain sentences: what went wrong, and what the user can do about it.
``app.errors`` adds the errors of cameras, recordings and exports with the same base class.
"""

from __future__ import annotations


class MixposeError(Exception):
    """An error that the user can understand and act on; its text is displayed unchanged."""


class WeightsError(MixposeError):
    """A weights file is absent, damaged, unsafe or does not fit the network."""


class DeviceError(MixposeError):
    """The requested compute device does not exist on this machine."""
