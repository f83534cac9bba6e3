"""Where poses are sent to, read from what a person types."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final, Protocol

from app.errors import LiveOutError
from app.stream_out.channel import LOOPBACK, Channel

VMC_PORT: Final = 39539
"""Where receivers of the VMC protocol listen unless they are told otherwise."""
LSL_NAME: Final = "mixpose"
NETWORK: Final = "network"
_EXTRA: Final = "pip install '.[live]'"


class Target(Protocol):
    """Somewhere poses can be sent to."""

    @property
    def label(self) -> str:
        """As a person calls it."""
        ...

    def require(self) -> None:
        """Raise LiveOutError, saying what to install, if a library is missing."""
        ...

    def open(self) -> Channel:
        """Open the way; may look a name up.  Raises LiveOutError, OSError."""
        ...


@dataclass(frozen=True, slots=True)
class OscTarget:
    """A receiver of the VMC protocol."""

    host: str = LOOPBACK
    port: int = VMC_PORT

    @classmethod
    def parse(cls, text: str) -> OscTarget:
        """Read ``HOST:PORT``, ``HOST``, ``PORT`` or nothing at all; the rest is as usual.

        Raises LiveOutError if it is none of these.
        """
        text = text.strip()
        if text.startswith("["):  # an IPv6 address, whose own colons are no border of the port
            host, _, port = text[1:].partition("]")
            port = port.removeprefix(":")
        elif text.isdecimal():
            host, port = "", text
        elif text.count(":") > 1:
            host, port = text, ""
        else:
            host, _, port = text.partition(":")
        usable = port.isdecimal() and port.isascii() and len(port) <= 5
        number = int(port) if usable else 0 if port else VMC_PORT
        if not 0 < number < 65536 or any(letter.isspace() or letter in "/@" for letter in host):
            raise LiveOutError(
                f"'{text}' is no address to send to. Write HOST:PORT, such as "
                f"{LOOPBACK}:{VMC_PORT}."
            )
        return cls(host or LOOPBACK, number)

    def __str__(self) -> str:
        """As it is typed."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def label(self) -> str:
        return f"VMC to {self}"

    def require(self) -> None:
        if find_spec("pythonosc") is None:
            raise LiveOutError(f"Sending by OSC needs python-osc: {_EXTRA}.")

    def open(self) -> Channel:
        from app.stream_out.vmc import VmcChannel

        return VmcChannel(self.host, self.port)


@dataclass(frozen=True, slots=True)
class LslTarget:
    """An outlet of the Lab Streaming Layer."""

    name: str = LSL_NAME
    network: bool = False
    """Whether other computers can find it."""

    @classmethod
    def parse(cls, text: str) -> LslTarget:
        """Read ``NAME``, ``NAME@network`` or nothing at all.  Raises LiveOutError otherwise."""
        name, at, where = text.strip().rpartition("@")
        if not at:
            name, where = where, ""
        elif where != NETWORK:
            raise LiveOutError(
                f"'{text}' is no name of a stream. Write NAME, which only this computer finds, or "
                f"NAME@{NETWORK} for others too."
            )
        return cls(name or LSL_NAME, network=bool(at))

    def __str__(self) -> str:
        """As it is typed."""
        return f"{self.name}@{NETWORK}" if self.network else self.name

    @property
    def label(self) -> str:
        return f"LSL stream {self}"

    def require(self) -> None:
        if find_spec("pylsl") is None:
            raise LiveOutError(f"Sending to the Lab Streaming Layer needs pylsl: {_EXTRA}.")

    def open(self) -> Channel:
        from app.stream_out.lsl import LslChannel

        return LslChannel(self.name, network=self.network)
