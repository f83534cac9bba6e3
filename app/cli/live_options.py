"""Options that send poses to other programs live, and those of ``stream``, which does only that."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Final

from app.cli.exits import UsageError
from app.cli.numbers import seconds
from app.cli.program import PROGRAM
from app.errors import LiveOutError
from app.stream_out.registry import OUTPUTS
from app.stream_out.targets import LSL_NAME, NETWORK, VMC_PORT, Target

STREAM: Final = f"""\
Send 3D poses to other programs while they are made, without a window.

--osc speaks the VMC protocol, which VSeeFace, Warudo, Unity, Blender and others receive on port
{VMC_PORT}. --lsl is a stream of the Lab Streaming Layer: 17 joints in the units, axes and order of
the CSV table, stamped with the time each picture was taken. Both need pip install '.[live]'.

At the end the rate, the time from capture to sending, and the poses lost are printed."""

STREAM_EXAMPLES: Final = f"""\
examples:
  {PROGRAM} stream --source 0 --osc                     to this computer, until Ctrl-C
  {PROGRAM} stream --source 0 --osc 192.168.1.20:{VMC_PORT}
  {PROGRAM} stream --source dance.mp4 --lsl --seconds 30
  {PROGRAM} stream --source performer --osc --lsl {LSL_NAME}@{NETWORK}

exit codes:
  0    the video has ended, or the seconds are over
  2    nothing can be sent, or the source has failed; the reason is printed in one line
  70   a fault in the program itself; the line printed says where the log is
  130  stopped by Ctrl-C"""


def add(parser: argparse._ActionsContainer, default: str | None = argparse.SUPPRESS) -> None:
    """Give ``parser`` an option for each of ``OUTPUTS``: a target, or None."""
    for name, output in OUTPUTS.items():
        parser.add_argument(
            f"--{name}",
            metavar=output.form,
            nargs="?",
            type=_told(output.parse),
            const=output.usual,
            default=default,
            help=output.help,
        )


def targets(options: argparse.Namespace) -> dict[str, Target]:
    """Where ``options`` send poses, by the names of the ways."""
    asked = {name: getattr(options, name) for name in OUTPUTS}
    return {name: target for name, target in asked.items() if target is not None}


def add_stream(parser: argparse.ArgumentParser, delay: Callable[[str], int]) -> None:
    """Make ``parser`` that of ``stream``, but for the network's own options."""
    parser.description, parser.epilog = STREAM, STREAM_EXAMPLES
    ways = " ".join(f"[--{name}]" for name in OUTPUTS)
    parser.usage = f"{PROGRAM} stream --source SOURCE {ways} [options]"
    parser.add_argument(
        "--source",
        metavar="SOURCE",
        default=argparse.SUPPRESS,
        help="a camera's name or number (see 'devices'), a video file, an http or rtsp URL, or "
        "'performer'",
    )
    add(parser)
    parser.add_argument(
        "--seconds", metavar="S", type=seconds, help="end S seconds after the first pose"
    )
    parser.add_argument(
        "--no-smoothing",
        dest="smooth",
        action="store_false",
        help="send what the network says, without the smoothing of the window's live view",
    )
    parser.add_argument(
        "--delay",
        metavar="K",
        type=delay,
        default=argparse.SUPPRESS,
        help="send the pose of K frames ago: 0 is fastest, more is steadier (default: 2)",
    )


def check(options: argparse.Namespace) -> None:
    """Raise UsageError if ``stream`` is not told where to."""
    if not targets(options):
        ways = ", ".join(f"--{name}" for name in OUTPUTS)
        raise UsageError(f"stream needs to know where to send the poses: {ways}, or several.")


def _told(parse: Callable[[str], object]) -> Callable[[str], object]:
    """``parse`` for argparse, which would swallow the words of any error but its own."""

    def parsed(text: str) -> object:
        try:
            return parse(text)
        except LiveOutError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return parsed
