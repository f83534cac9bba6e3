"""The outputs to other programs: a command-line option and a setting of the window each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from app.stream_out.channel import LOOPBACK
from app.stream_out.targets import LSL_NAME, NETWORK, VMC_PORT, LslTarget, OscTarget, Target


@dataclass(frozen=True, slots=True)
class Output:
    """One kind of output."""

    parse: Callable[[str], Target]
    """Parses the target typed; an empty text means the default.  Raises LiveOutError."""
    form: str
    """The metavar of the option."""
    help: str
    """The help text of the option."""
    label: str
    """The label of the setting."""
    tip: str
    remembered: str
    """The preference in which the typed target is kept."""
    where: str
    """The label of the target's field in the window."""
    where_tip: str

    @property
    def usual(self) -> Target:
        """The default target."""
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
"""By the name of the option, which is also that of the preference that turns it on."""
