"""The command line: what may be given, checked and explained in words."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, NoReturn, TypeVar

from app import __version__
from app.cli import (
    batch_options,
    file_options,
    live_options,
    person_options,
    processing_options,
    selection_options,
    texts,
)
from app.cli.exits import UsageError
from app.cli.numbers import number, rate, seconds
from app.cli.program import PROGRAM
from app.detection.models import FOR_LIVE, FOR_VIDEOS, SIZES
from app.export.registry import FORMATS
from app.lifting.options import PITCH_RANGE_DEG, ROLL_RANGE_DEG
from app.motion.processing_options import HEIGHT_RANGE_M
from app.stream_out.registry import OUTPUTS
from models import LARGEST_DELAY

ADD_TO_MENU: Final = "--add-to-menu"
REMOVE_FROM_MENU: Final = "--remove-from-menu"
PERFORMER_SECONDS: Final = 10.0
"""How much of the endless performer is lifted when nothing else is said."""

DESCRIPTION: Final = """\
Live 3D human pose from one webcam, a video or a stream.

Without a command a window opens: the camera picture on the left, the moving 3D skeleton on the
right.  Record, look at it again, and export it from there."""

EPILOG: Final = f"""\
examples:
  {PROGRAM}                                window on the first camera
  {PROGRAM} --source performer             window on the built-in person, no camera needed
  {PROGRAM} --source dance.mp4             window playing a video
  {PROGRAM} lift dance.mp4 -o dance.csv    3D of a whole video as a table
  {PROGRAM} record --source 0 -o walk      record without a window, until Ctrl-C
  {PROGRAM} export walk -o walk.csv        a recording as a table
  {PROGRAM} stream --source 0 --osc        poses to VSeeFace, Warudo, Unity, ...
  {PROGRAM} lift --help                    more about lift; so for every command"""

EVALUATE_DESCRIPTION: Final = """\
Measure how accurate the weights are, beside MediaPipe's own 3D and a guess without depth.

Prints Markdown tables over everything that is at hand: the performer through the detector always,
the rest where it is given.  First the errors of positions, then those of joint angles and of the
level that was found, people who stand straight, a clip turned any way up, error and jitter against
the delay, and what hidden limbs cost.  What was left out is said at the end."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line instead of repeating the whole usage."""

    def error(self, message: str) -> NoReturn:
        unknown = re.match(r"argument COMMAND: invalid choice: '(.*?)' \(", message)
        if unknown:
            name = unknown.group(1)
            message = (
                f"'{name}' is not a command. To watch it in the window: --source {name}; "
                f"to turn it into a table: lift {name} -o OUT.csv"
            )
        self.exit(2, f"mixpose: {message} (see --help)\n")


def parse(argv: list[str]) -> argparse.Namespace:
    """Read the command line (without the program's name); ``.command`` is None for the window.

    Raises:
        SystemExit: after ``--help`` and ``--version`` (0), or with a line on stderr (2).
    """
    parser = _whole_parser()
    options = parser.parse_args(argv)
    _check(options, parser)
    return options


def _whole_parser() -> _Parser:
    parser = _Parser(
        prog=PROGRAM,
        usage=f"{PROGRAM} [--source SOURCE] [options]\n       {PROGRAM} COMMAND ... [options]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"mixpose {__version__}")
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", dest="command", parser_class=_Parser
    )
    _add_lift(commands)
    _add_record(commands)
    _add_export(commands)
    _add_report(commands)
    _add_stream(commands)
    _command(commands, "devices", "list cameras, compute devices and weights")
    _add_bench(commands)
    _add_evaluate(commands)
    _add_window(parser)
    return parser


def _add_window(parser: argparse.ArgumentParser) -> None:
    window = parser.add_argument_group("options of the window")
    window.add_argument(
        "--source",
        metavar="SOURCE",
        help="a camera's name or number (see 'devices'), a video file, an http or rtsp URL, or "
        "'performer' (default: the first camera, or the performer when there is none)",
    )
    _add_model_options(window, height=True)
    _add_detector(window, "as this machine can afford", default=None)
    live_options.add(window, default=None)
    window.add_argument(
        "--delay",
        metavar="K",
        type=_delay,
        help="show the pose of K frames ago: 0 is fastest, more is steadier (default: 2)",
    )
    menu = parser.add_argument_group("the desktop's menu (Linux)").add_mutually_exclusive_group()
    for option, words in (
        (ADD_TO_MENU, "put the program into it, for this user"),
        (REMOVE_FROM_MENU, "take it out again"),
    ):
        menu.add_argument(option, dest="menu", action="store_const", const=option, help=words)


def _check(options: argparse.Namespace, parser: _Parser) -> None:
    """End with a line on stderr if they contradict each other; put values into shape."""
    for name, elsewhere in _NOT_WITH.items():
        if options.command in elsewhere and getattr(options, name) is not None:
            parser.error(f"--{name} belongs to the window, not to '{options.command}'")
    if options.menu is not None:
        if options.command is not None:
            parser.error(f"{options.menu} stands alone, without '{options.command}'")
        options.command = "menu"
    if options.command in ("record", "stream") and options.source is None:
        needs = "needs --source: a camera, a video, an address, or 'performer'"
        parser.error(f"{options.command} {needs}")
    if options.command == "stream":
        _told(live_options.check, options, parser)
    if options.command == "lift":
        _told(person_options.check_everybody, options, parser)
    if options.command in ("lift", "export"):
        file_options.apply_preset(options)
        options.processing = _told(processing_options.wanted, options, parser)
        options.file = file_options.wanted(options)
    if options.command in ("lift", "record"):
        options.choices = _told(person_options.choices, options, parser)
    if options.command == "export":
        options.selection = _told(selection_options.wanted, options, parser)


_NOT_WITH: Final = {
    "source": ("lift", "export", "report", "devices", "evaluate"),
    "delay": ("lift", "record", "export", "report", "devices", "evaluate"),
} | {
    "detector": ("export", "devices"),
    **dict.fromkeys(OUTPUTS, ("lift", "export", "report", "devices", "bench", "evaluate")),
}
"""Options of the window that mean nothing to these commands."""


_Wanted = TypeVar("_Wanted")


def _told(
    wanted: Callable[[argparse.Namespace], _Wanted], options: argparse.Namespace, parser: _Parser
) -> _Wanted:
    """What ``wanted`` reads from the options; a contradiction among them is a wrong argument."""
    try:
        return wanted(options)
    except UsageError as error:
        parser.error(str(error))


def _add_lift(commands: argparse._SubParsersAction[_Parser]) -> None:
    lift = _command(commands, "lift", "turn videos into tables of 3D joints, without a window")
    lift.description, lift.epilog = texts.LIFT, texts.LIFT_EXAMPLES
    lift.usage = f"{PROGRAM} lift SOURCE... -o OUT [options]"
    lift.add_argument(
        "sources",
        metavar="SOURCE",
        nargs="+",
        help="a video file, a folder of them, an http or rtsp URL, a camera's name or number, or "
        "'performer'",
    )
    lift.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        type=str,
        required=True,
        help="the file to write, such as OUT.csv; with several sources a folder",
    )
    lift.add_argument(
        "--to",
        metavar="KIND",
        help=f"the format: {', '.join(FORMATS)} (default: by the ending of OUT, csv in a folder)",
    )
    lift.add_argument("-f", "--force", action="store_true", help="replace files that exist already")
    lift.add_argument(
        "--seconds",
        metavar="S",
        type=seconds,
        help="stop after S seconds of each source (default: the whole of it; "
        f"{PERFORMER_SECONDS:g} for the performer)",
    )
    lift.add_argument(
        "--rate",
        metavar="FPS",
        type=rate,
        help="the frames a second at which a video in slow motion was truly taken, such as 240; "
        "times and speeds are counted by it (default: what the file states)",
    )
    lift.add_argument(
        "--corrections",
        action="store_true",
        help="apply what was put right in each video while it played in the window: joints, sides, "
        "stretches (default: only say that there is something)",
    )
    person_options.add(lift)
    person_options.add_everybody(lift)
    processing_options.add(lift)
    file_options.add(lift)
    batch_options.add(lift)
    _add_model_options(lift, height=False, default=argparse.SUPPRESS)
    lift.add_argument(
        "--height",
        metavar="METRES[,...]",
        type=_heights,
        default=argparse.SUPPRESS,
        help="the person's height, which sets the scale (default: a person of average height); "
        "with --people all of persons 1, 2, ..., such as 1.82,1.60, as far as they are given",
    )
    _add_camera(lift, argparse.SUPPRESS)
    _add_detector(lift, FOR_VIDEOS)


def _add_record(commands: argparse._SubParsersAction[_Parser]) -> None:
    record = _command(commands, "record", "record without a window")
    record.description, record.epilog = texts.RECORD, texts.RECORD_EXAMPLES
    record.usage = f"{PROGRAM} record --source SOURCE [-o NAME] [options]"
    record.add_argument(
        "--source",
        metavar="SOURCE",
        default=argparse.SUPPRESS,
        help="a camera's name or number (see 'devices'), a video file, an http or rtsp URL, or "
        "'performer'",
    )
    record.add_argument(
        "-o",
        "--output",
        metavar="NAME",
        help="the recording to make, NAME.mixpose, or a folder for it (default: named by date and "
        "time, in the folder of the window's recordings)",
    )
    record.add_argument("--seconds", metavar="S", type=seconds, help="end after S seconds")
    record.add_argument("--video", action="store_true", help="keep the pictures too")
    record.add_argument(
        "--no-lift",
        dest="lift",
        action="store_false",
        help="do not compute the 3D poses at the end; 'export' does it when they are needed",
    )
    person_options.add(record)
    live_options.add(record)
    _add_model_options(record, height=True, default=argparse.SUPPRESS)
    _add_detector(record, FOR_LIVE)


def _add_stream(commands: argparse._SubParsersAction[_Parser]) -> None:
    stream = _command(commands, "stream", "send poses to other programs live, without a window")
    live_options.add_stream(stream, _delay)
    _add_model_options(stream, height=True, default=argparse.SUPPRESS)
    _add_detector(stream, "as this machine can afford")


def _add_export(commands: argparse._SubParsersAction[_Parser]) -> None:
    export = _command(commands, "export", "write a recording's 3D poses to a file")
    export.description, export.epilog = texts.EXPORT, texts.EXPORT_EXAMPLES
    export.usage = f"{PROGRAM} export NAME -o FILE [--to KIND] [options]"
    export.add_argument(
        "recording",
        metavar="NAME",
        help="a recording's folder NAME.mixpose, or its name, here or among the window's",
    )
    export.add_argument(
        "--to",
        metavar="KIND",
        help="the format, one of those that 'lift --help' names (default: by the ending of FILE, "
        "csv in a folder)",
    )
    export.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        required=True,
        help="the file to write, or a folder for a file named after the recording",
    )
    export.add_argument("-f", "--force", action="store_true", help="replace files that exist")
    selection_options.add(export)
    processing_options.add(export)
    file_options.add(export)
    _add_model_options(export, height=True, default=argparse.SUPPRESS)


def _add_report(commands: argparse._SubParsersAction[_Parser]) -> None:
    report = _command(commands, "report", "measure a recording or a video, on one page")
    report.description, report.epilog = texts.REPORT, texts.REPORT_EXAMPLES
    report.usage = f"{PROGRAM} report TAKE -o FILE.html [options]"
    report.add_argument("take", metavar="TAKE", help="a recording, as for 'export', or a video")
    report.add_argument("-o", "--output", metavar="FILE", required=True, help="the page, FILE.html")
    report.add_argument("-f", "--force", action="store_true", help="replace files that exist")
    processing_options.add_for_report(report)
    _add_model_options(report, height=True, default=argparse.SUPPRESS)
    _add_detector(report, f"{FOR_VIDEOS} for videos; a recording is as it was recorded")


def _add_bench(commands: argparse._SubParsersAction[_Parser]) -> None:
    bench = _command(commands, "bench", "measure how fast this machine is, stage by stage")
    bench.add_argument(
        "--source",
        metavar="VIDEO",
        default=argparse.SUPPRESS,
        help="the video file to measure on (default: one of the performer, filmed in 720p)",
    )
    bench.add_argument("--quick", action="store_true", help="under a minute instead of about three")
    _add_model_options(bench, height=False, default=argparse.SUPPRESS)
    _add_detector(bench, f"{FOR_VIDEOS} for whole clips, {FOR_LIVE} live")


def _add_evaluate(commands: argparse._SubParsersAction[_Parser]) -> None:
    evaluate = _command(commands, "evaluate", "measure how accurate the weights are")
    evaluate.description = EVALUATE_DESCRIPTION
    evaluate.usage = f"{PROGRAM} evaluate [options]"
    _add_device(evaluate, default=argparse.SUPPRESS)
    _add_detector(evaluate, FOR_VIDEOS)
    evaluate.add_argument(
        "--weights",
        metavar="NAME|PATH",
        nargs="+",
        default=argparse.SUPPRESS,
        help="weights to compare, by name (see 'devices') or file (default: what the program uses)",
    )
    for option, words in (
        ("--realeval", "real footage with known 3D (default: ../shared/realeval, if it is there)"),
        (
            "--upright",
            "people who stand straight, with the moments in upright.py (default: as above)",
        ),
        ("--h36m", "Human3.6M, as data_3d_h36m.npz and data_2d_h36m_*.npz of VideoPose3D"),
        ("--humaneva", "HumanEva, as data_3d_humaneva15.npz and data_2d_humaneva15_*.npz"),
        ("--3dhp", "MPI-INF-3DHP's test set, with TS1 to TS6"),
    ):
        name = {"--3dhp": "mpi_inf_3dhp"}.get(option, option.strip("-"))
        evaluate.add_argument(option, dest=name, metavar="FOLDER", type=Path, help=words)
    evaluate.add_argument(
        "--study",
        metavar="PATH",
        type=Path,
        help="what 'python -m app.lab.study' has written, a file or a folder of them",
    )
    evaluate.add_argument(
        "--turned",
        metavar="VIDEO",
        help="a clip that is turned in the picture, any way up (default: the performer)",
    )
    evaluate.add_argument(
        "--keypoints",
        metavar="NAME",
        default="gt",
        help="the 2D of Human3.6M and HumanEva: gt, cpn_ft_h36m_dbb, ... (default: gt)",
    )
    evaluate.add_argument(
        "--quick", action="store_true", help="under two minutes, on less of everything"
    )
    evaluate.add_argument(
        "-o", "--output", metavar="REPORT.md", type=Path, help="also write the report to a file"
    )
    evaluate.add_argument(
        "--plots", metavar="FOLDER", type=Path, help="draw delay.svg and hidden.svg there"
    )


def _command(commands: argparse._SubParsersAction[_Parser], name: str, help_text: str) -> _Parser:
    return commands.add_parser(
        name,
        help=help_text,
        description=help_text[0].upper() + help_text[1:] + ".",
        prog=f"{PROGRAM} {name}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _add_model_options(
    parser: argparse._ActionsContainer, *, height: bool, default: str | None = None
) -> None:
    """Options of the network.  Commands pass SUPPRESS, lest their defaults undo
    ``mixpose --device cpu lift ...``."""
    parser.add_argument(
        "--weights",
        metavar="NAME|PATH",
        default=default,
        help="weights of the network, by name (see 'devices') or file (default: the shipped ones)",
    )
    _add_device(parser, default)
    if height:
        parser.add_argument(
            "--height",
            metavar="METRES",
            type=_height,
            default=default,
            help="the person's height, which sets the scale (default: a person of average height)",
        )
        _add_camera(parser, default)


def _add_camera(parser: argparse._ActionsContainer, default: str | None) -> None:
    for option, limits, words in (
        ("--camera-pitch", PITCH_RANGE_DEG, "looks down; negative looks up"),
        ("--camera-roll", ROLL_RANGE_DEG, "is turned clockwise, as seen from behind"),
    ):
        parser.add_argument(
            option,
            metavar="DEG",
            type=partial(_angle, limits=limits),
            default=default,
            help=f"by how many degrees the camera {words} (default: found out)",
        )


def _add_device(parser: argparse._ActionsContainer, default: str | None) -> None:
    parser.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda", "mps"),
        default=default,
        help="where the network runs (default: auto, a CUDA graphics card when there is one)",
    )


def _add_detector(
    parser: argparse._ActionsContainer, usual: str, default: str | None = argparse.SUPPRESS
) -> None:
    """The size of MediaPipe's model; ``usual`` says which it is when nothing is said."""
    parser.add_argument(
        "--detector",
        choices=SIZES,
        default=default,
        help="the size of MediaPipe's model that finds the 2D joints: heavy is the most accurate "
        f"and takes three times as long as full, lite is the fastest (default: {usual})",
    )


def _heights(text: str) -> tuple[float, ...]:
    return tuple(map(_height, text.split(",")))


def _height(text: str) -> float:
    low, high = HEIGHT_RANGE_M
    value = number(text, "a height in metres, such as 1.75")
    if 100 * low <= value <= 100 * high:
        raise argparse.ArgumentTypeError(f"{text} looks like centimetres; write {value / 100:g}")
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"{text} is not between {low:g} and {high:g} metres")
    return value


def _angle(text: str, limits: tuple[float, float]) -> float:
    value = number(text, "an angle in degrees, such as 12")
    if not limits[0] <= value <= limits[1]:
        raise argparse.ArgumentTypeError(
            f"{text} is not between {limits[0]:g} and {limits[1]:g} degrees"
        )
    return value


def _delay(text: str) -> int:
    if not text.isdecimal() or len(text) > 4 or int(text) > LARGEST_DELAY:
        raise argparse.ArgumentTypeError(
            f"'{text}' is not a whole number of frames between 0 and {LARGEST_DELAY}"
        )
    return int(text)
