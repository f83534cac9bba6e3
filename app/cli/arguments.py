"""The command line's options, their checks and help texts."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final, NoReturn, TypeVar

from app import __version__
from app.cli import (
    batch_options,
    file_options,
    live_options,
    model_options,
    person_options,
    processing_options,
    texts,
)
from app.cli.exits import UsageError
from app.cli.numbers import RATE_RANGE, between, seconds
from app.cli.program import PROGRAM
from app.detection.models import FOR_LIVE, FOR_VIDEOS
from app.export.registry import FORMATS
from app.stream_out.registry import OUTPUTS
from models import LARGEST_DELAY

ADD_TO_MENU: Final = "--add-to-menu"
REMOVE_FROM_MENU: Final = "--remove-from-menu"
PERFORMER_SECONDS: Final = 10.0
"""Seconds of the endless performer that are lifted by default."""
_MATERIAL: Final = (
    ("--realeval", "real footage with known 3D (default: ../shared/realeval, if it is there)"),
    (
        "--upright",
        "people who stand straight, with the moments in upright.py (default: as above)",
    ),
    ("--motion", "motion capture to look for people who walk in, as training takes it"),
    ("--h36m", "Human3.6M, as data_3d_h36m.npz and data_2d_h36m_*.npz of VideoPose3D"),
    ("--humaneva", "HumanEva, as data_3d_humaneva15.npz and data_2d_humaneva15_*.npz"),
    ("--3dhp", "MPI-INF-3DHP's test set, with TS1 to TS6"),
)
"""Options of ``evaluate`` that name a folder, and its content."""


class _Parser(argparse.ArgumentParser):
    """Reports an error in one line instead of repeating the whole usage."""

    commands: Collection[str] = ()

    def opens(self, argv: list[str]) -> bool:
        """Whether a file or an address is given in place of a command; the window opens it."""
        first = argv[0] if argv else ""
        a_file = bool(first) and Path(first).exists()
        return first not in self.commands and (a_file or "://" in first)

    def error(self, message: str) -> NoReturn:
        unknown = re.match(r"argument COMMAND: invalid choice: '(.*?)' \(", message)
        if unknown:
            name = unknown.group(1)
            message = (
                f"There is no command and no file '{name}'. A video opens in the window by "
                f"{PROGRAM} dance.mp4, and becomes a table by {PROGRAM} lift dance.mp4 -o dance.csv"
            )
        self.exit(2, f"mixpose: {message} (see --help)\n")


def parse(argv: list[str]) -> argparse.Namespace:
    """Read the command line (without the program's name); ``.command`` is None for the window.

    Raises:
        SystemExit: after ``--help`` and ``--version`` (0), or with a line on stderr (2).
    """
    parser = _whole_parser()
    options = parser.parse_args(["--source", *argv] if parser.opens(argv) else argv)
    _check(options, parser)
    return options


def _whole_parser() -> _Parser:
    parser = _Parser(
        prog=PROGRAM,
        usage=f"{PROGRAM} [FILE] [options]\n       {PROGRAM} COMMAND ... [options]",
        description=texts.WINDOW,
        epilog=texts.WINDOW_EXAMPLES,
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
    parser.commands = commands.choices
    return parser


def _add_window(parser: argparse.ArgumentParser) -> None:
    window = parser.add_argument_group("options of the window")
    usual = " (default: the first camera, or the performer when there is none)"
    _add_source(window, usual, default=None)
    model_options.add_to(window, height=True, default=None)
    model_options.add_detector(window, "the most accurate that is fast enough", default=None)
    live_options.add(window, default=None)
    _add_delay(window, "show", default=None)
    menu = parser.add_argument_group("the desktop's menu (Linux)").add_mutually_exclusive_group()
    for option, words in (
        (ADD_TO_MENU, "put the program into it, for this user"),
        (REMOVE_FROM_MENU, "take it out again"),
    ):
        menu.add_argument(option, dest="menu", action="store_const", const=option, help=words)


def _check(options: argparse.Namespace, parser: _Parser) -> None:
    """Exit with a line on stderr if options contradict each other; normalise values."""
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
        _or_refuse(live_options.check, options, parser)
    if options.command == "lift":
        _or_refuse(person_options.check_everybody, options, parser)
    if options.command in ("lift", "export"):
        file_options.apply_preset(options)
        options.processing = _or_refuse(processing_options.wanted, options, parser)
        options.file = file_options.wanted(options)
    if options.command in ("lift", "record"):
        options.choices = _or_refuse(person_options.choices, options, parser)
    if options.command == "export":
        options.selection = _or_refuse(processing_options.selection, options, parser)


_NOT_WITH: Final = {
    "source": ("lift", "export", "report", "devices", "evaluate"),
    "delay": ("lift", "record", "export", "report", "devices", "evaluate"),
} | {
    "detector": ("export", "devices"),
    **dict.fromkeys(OUTPUTS, ("lift", "export", "report", "devices", "bench", "evaluate")),
}
"""Options of the window that do not apply to these commands."""


_Wanted = TypeVar("_Wanted")


def _or_refuse(
    wanted: Callable[[argparse.Namespace], _Wanted], options: argparse.Namespace, parser: _Parser
) -> _Wanted:
    """Return what ``wanted`` reads from the options; report a contradiction as a wrong argument."""
    try:
        return wanted(options)
    except UsageError as error:
        parser.error(str(error))


def _add_lift(commands: argparse._SubParsersAction[_Parser]) -> None:
    lift = _command(
        commands,
        "lift",
        "turn videos into tables of 3D joints, without a window",
        usage="SOURCE... -o OUT [options]",
        description=texts.LIFT,
        examples=texts.LIFT_EXAMPLES,
    )
    lift.add_argument(
        "sources",
        metavar="SOURCE",
        nargs="+",
        help="a video file, a folder of them, an http or rtsp URL, a camera's name or number, or "
        "'performer'",
    )
    _add_output(lift, "OUT", "the file to write, such as OUT.csv; with several sources a folder")
    _add_format(lift, f": {', '.join(FORMATS)} (default: by the extension of OUT, csv in a folder)")
    _add_force(lift, "replace files that exist already")
    _add_clip(lift)
    person_options.add(lift)
    person_options.add_everybody(lift)
    processing_options.add(lift)
    file_options.add(lift)
    batch_options.add(lift)
    model_options.add_to(lift, height=False)
    lift.add_argument(
        "--height",
        metavar="METRES[,...]",
        type=_heights,
        default=argparse.SUPPRESS,
        help="the person's height, which sets the scale (default: a person of average height); "
        "with --people all of persons 1, 2, ..., such as 1.82,1.60, as far as they are given",
    )
    model_options.add_camera(lift, argparse.SUPPRESS)
    model_options.add_detector(lift, FOR_VIDEOS)


def _add_clip(lift: argparse.ArgumentParser) -> None:
    """Add the options of the part of a video to lift, and of its properties."""
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
        type=between(RATE_RANGE, "a number of frames a second, such as 240"),
        help="the capture rate of a video in slow motion in frames per second, such as 240; times "
        "and speeds are computed from it (default: the rate stated in the file)",
    )
    lift.add_argument(
        "--corrections",
        action="store_true",
        help="apply the corrections made to each video in the window: joints, sides, deleted poses "
        "(default: only report that there are some)",
    )


def _add_record(commands: argparse._SubParsersAction[_Parser]) -> None:
    record = _command(
        commands,
        "record",
        "record without a window",
        usage="--source SOURCE [-o NAME] [options]",
        description=texts.RECORD,
        examples=texts.RECORD_EXAMPLES,
    )
    _add_source(record)
    record.add_argument(
        "-o",
        "--output",
        metavar="NAME",
        help="the recording to make, NAME.mixpose, or a folder for it (default: named by date and "
        "time, in the folder of the window's recordings)",
    )
    record.add_argument("--seconds", metavar="S", type=seconds, help="end after S seconds")
    record.add_argument("--video", action="store_true", help="record the pictures too")
    record.add_argument(
        "--no-lift",
        dest="lift",
        action="store_false",
        help="do not compute the 3D poses at the end; 'export' does that when they are needed",
    )
    person_options.add(record)
    live_options.add(record)
    model_options.add_to(record, height=True)
    model_options.add_detector(record, FOR_LIVE)


def _add_stream(commands: argparse._SubParsersAction[_Parser]) -> None:
    ways = " ".join(f"[--{name}]" for name in OUTPUTS)
    stream = _command(
        commands,
        "stream",
        "send poses to other programs live, without a window",
        usage=f"--source SOURCE {ways} [options]",
        description=texts.STREAM,
        examples=texts.STREAM_EXAMPLES,
    )
    _add_source(stream)
    live_options.add(stream)
    stream.add_argument(
        "--seconds", metavar="S", type=seconds, help="end S seconds after the first pose"
    )
    stream.add_argument(
        "--no-smoothing",
        dest="smooth",
        action="store_false",
        help="send the network's poses without the smoothing of the window's live view",
    )
    _add_delay(stream, "send")
    model_options.add_to(stream, height=True)
    model_options.add_detector(stream, "the most accurate that is fast enough")


def _add_export(commands: argparse._SubParsersAction[_Parser]) -> None:
    export = _command(
        commands,
        "export",
        "write a recording's 3D poses to a file",
        usage="NAME -o FILE [--to KIND] [options]",
        description=texts.EXPORT,
        examples=texts.EXPORT_EXAMPLES,
    )
    export.add_argument(
        "recording",
        metavar="NAME",
        help="a recording's folder NAME.mixpose, or its name, in this folder or the window's",
    )
    named = ", one that 'lift --help' lists (default: by the extension of FILE, csv in a folder)"
    _add_format(export, named)
    named = "the file to write, or a folder for a file named after the recording"
    _add_output(export, "FILE", named)
    _add_force(export, "replace files that exist")
    processing_options.add_selection(export)
    processing_options.add(export)
    file_options.add(export)
    model_options.add_to(export, height=True)


def _add_report(commands: argparse._SubParsersAction[_Parser]) -> None:
    report = _command(
        commands,
        "report",
        "measure a recording or a video, on one page",
        usage="TAKE -o FILE.html [options]",
        description=texts.REPORT,
        examples=texts.REPORT_EXAMPLES,
    )
    report.add_argument("take", metavar="TAKE", help="a recording, as for 'export', or a video")
    _add_output(report, "FILE", "the page, FILE.html")
    _add_force(report, "replace files that exist")
    processing_options.add_for_report(report)
    model_options.add_to(report, height=True)
    model_options.add_detector(
        report, f"{FOR_VIDEOS} for videos; a recording is as it was recorded"
    )


def _add_bench(commands: argparse._SubParsersAction[_Parser]) -> None:
    bench = _command(commands, "bench", "measure how fast this machine is, stage by stage")
    bench.add_argument(
        "--source",
        metavar="VIDEO",
        default=argparse.SUPPRESS,
        help="the video file to measure on (default: the performer, rendered in 720p)",
    )
    bench.add_argument("--quick", action="store_true", help="under a minute instead of about three")
    model_options.add_to(bench, height=False)
    model_options.add_detector(bench, f"{FOR_VIDEOS} for whole clips, {FOR_LIVE} live")


def _add_evaluate(commands: argparse._SubParsersAction[_Parser]) -> None:
    evaluate = _command(
        commands,
        "evaluate",
        "measure how accurate the weights are",
        usage="[options]",
        description=texts.EVALUATE,
    )
    model_options.add_device(evaluate, default=argparse.SUPPRESS)
    model_options.add_detector(evaluate, FOR_VIDEOS)
    evaluate.add_argument(
        "--weights",
        metavar="NAME|PATH",
        nargs="+",
        default=argparse.SUPPRESS,
        help="weights to compare, by name (see 'devices') or file (default: what the program uses)",
    )
    for option, words in _MATERIAL:
        name = {"--3dhp": "mpi_inf_3dhp"}.get(option, option.strip("-"))
        evaluate.add_argument(option, dest=name, metavar="FOLDER", type=Path, help=words)
    evaluate.add_argument(
        "--study",
        metavar="PATH",
        type=Path,
        help="output of 'python -m app.lab.study', a file or a folder of them",
    )
    evaluate.add_argument(
        "--turned",
        metavar="VIDEO",
        help="a clip to be rotated in the picture (default: the performer)",
    )
    evaluate.add_argument(
        "--keypoints",
        metavar="NAME",
        default="gt",
        help="the 2D of Human3.6M and HumanEva: gt, cpn_ft_h36m_dbb, ... (default: gt)",
    )
    evaluate.add_argument("--quick", action="store_true", help="under two minutes, with less data")
    evaluate.add_argument(
        "-o", "--output", metavar="REPORT.md", type=Path, help="also write the report to a file"
    )
    evaluate.add_argument(
        "--plots", metavar="FOLDER", type=Path, help="draw delay.svg and hidden.svg there"
    )


def _command(
    commands: argparse._SubParsersAction[_Parser],
    name: str,
    summary: str,
    usage: str = "",
    description: str = "",
    examples: str = "",
) -> _Parser:
    """Add a command's parser; without ``usage`` argparse generates one."""
    return commands.add_parser(
        name,
        help=summary,
        description=description or summary[0].upper() + summary[1:] + ".",
        epilog=examples,
        prog=f"{PROGRAM} {name}",
        usage=f"{PROGRAM} {name} {usage}" if usage else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _add_source(
    parser: argparse._ActionsContainer, usual: str = "", default: str | None = argparse.SUPPRESS
) -> None:
    parser.add_argument(
        "--source",
        metavar="SOURCE",
        default=default,
        help="a camera's name or number (see 'devices'), a video file, an http or rtsp URL, or "
        f"'performer'{usual}",
    )


def _add_output(parser: argparse.ArgumentParser, metavar: str, words: str) -> None:
    parser.add_argument("-o", "--output", metavar=metavar, required=True, help=words)


def _add_format(parser: argparse.ArgumentParser, which: str) -> None:
    parser.add_argument("--to", metavar="KIND", help=f"the format{which}")


def _add_force(parser: argparse.ArgumentParser, words: str) -> None:
    parser.add_argument("-f", "--force", action="store_true", help=words)


def _add_delay(
    parser: argparse._ActionsContainer, what: str, default: str | None = argparse.SUPPRESS
) -> None:
    parser.add_argument(
        "--delay",
        metavar="K",
        type=_delay,
        default=default,
        help=f"{what} the pose of K frames ago: 0 is fastest, more is steadier (default: 2)",
    )


def _heights(text: str) -> tuple[float, ...]:
    return tuple(map(model_options.body_height, text.split(",")))


def _delay(text: str) -> int:
    if not text.isdecimal() or len(text) > 4 or int(text) > LARGEST_DELAY:
        raise argparse.ArgumentTypeError(
            f"'{text}' is not a whole number of frames between 0 and {LARGEST_DELAY}"
        )
    return int(text)
