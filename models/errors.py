"""The root of every error this program raises on purpose.

Each message is one or two plain sentences: what went wrong, and what the reader can do about it.
``app.errors`` adds the errors of cameras, recordings and exports below the same root.
"""

from __future__ import annotations


class MixposeError(Exception):
    """Something the user can understand and act on; its text is shown as it is."""


class WeightsError(MixposeError):
    """A weights file is absent, damaged, unsafe or does not fit the network."""


class DeviceError(MixposeError):
    """The compute device asked for does not exist on this machine."""
