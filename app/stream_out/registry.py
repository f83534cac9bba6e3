"""The ways to other programs: an option of the command line and a setting of the window each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from app.stream_out.channel import LOOPBACK
from app.stream_out.targets import LSL_NAME, NETWORK, VMC_PORT, LslTarget, OscTarget, Target


@dataclass(frozen=True, slots=True)
class Output:
    """One way."""

    parse: Callable[[str], Target]
    """Reads where to from what is typed; nothing is the usual.  Raises LiveOutError."""
    form: str
    """Of what is typed, on the command line."""
    help: str
    """Of the option."""
    label: str
    """Of the setting."""
    tip: str
    remembered: str
    """The preference that keeps what is typed."""
    where: str
    """What is typed, in the window."""
    where_tip: str

    @property
    def usual(self) -> Target:
        """Where to unless told."""
        return self.parse("")


OUTPUTS: Final = {
    "osc": Output(
        OscTarget.parse,
        "HOST:PORT",
        "send the poses live by OSC in the VMC protocol (default address: "
        f"{LOOPBACK}:{VMC_PORT}, this computer)",
        "To avatar programs (VMC)",
        "The pose moves an avatar in VSeeFace, Warudo, Unity, Blender and others",
        "osc_address",
        "Address",
        "Where the other program receives; HOST:PORT",
    ),
    "lsl": Output(
        LslTarget.parse,
        "NAME",
        f"send the poses live by the Lab Streaming Layer (default name: {LSL_NAME}; only this "
        f"computer finds it, NAME@{NETWORK} is found by others too)",
        "To the Lab Streaming Layer",
        "The joints as a stream that LabRecorder can record",
        "lsl_name",
        "Name",
        f"Only this computer finds the stream; NAME@{NETWORK} is found by others too",
    ),
}
"""By the name of the option, and of the preference that turns it on."""
