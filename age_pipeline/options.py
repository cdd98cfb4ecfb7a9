"""The options that both scripts share, and what is checked of them before any work is done.

Nothing heavy is imported here, so that `--help` and a wrong option are answered at once.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePath
from typing import NoReturn

from age_pipeline import __version__
from age_pipeline.errors import UsageError
from age_pipeline.network_engines import ENGINES

FACE_FOLDER = "face_detector"
AGE_FOLDER = "age_detector"

EXIT_CODES = """\
exit code:
  0   all inputs are done; a picture without a face is no error
  1   some input, model or output failed, and a line on stderr says which; the rest is done
  2   wrong options
  130 stopped by Ctrl-C; what was finished is kept, in whole files
  143 ended by SIGTERM; likewise
"""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, like all others, and whose options have one spelling.

    Args:
        prog: The program's name.
        description: What `--help` begins with.
        epilog: What it ends with, before the exit codes.
        likely: The option that was most likely meant where a word follows none.
    """

    def __init__(
        self, prog: str, description: str, epilog: str, *, likely: str | None = None
    ) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=f"{epilog}\n{EXIT_CODES}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self._likely = likely

    def error(self, message: str) -> NoReturn:
        bare = message.removeprefix("unrecognized arguments: ")
        if self._likely and bare != message and not bare.startswith("-"):
            message += f", did you mean {self._likely} {bare}?"
        raise UsageError(f"{message} (--help shows the options)")


def add_model_options(
    parser: argparse.ArgumentParser,
    detectors: Sequence[str],
    age_models: Sequence[str],
    confidence: str = "report faces of at least this confidence, 0 to 1 (default: %(default)s)",
) -> None:
    """Which models answer, and where their files lie.

    Args:
        parser: Gets the options.
        detectors: Names of the face detectors, the default first.
        age_models: Names of the age models.
        confidence: What `--help` says of `--confidence`.
    """
    group = parser.add_argument_group("models")
    group.add_argument(
        "-f",
        "--face",
        metavar="DIR",
        default=FACE_FOLDER,
        help="folder of the face detector's files (default: the program's own %(default)s)",
    )
    group.add_argument(
        "-a",
        "--age",
        metavar="DIR",
        default=AGE_FOLDER,
        help="folder of the age model's files (default: the program's own %(default)s)",
    )
    group.add_argument(
        "-c",
        "--confidence",
        type=number("a number from 0 to 1", float, lambda value: 0 <= value <= 1),
        metavar="C",
        default=0.5,
        help=confidence,
    )
    group.add_argument(
        "--detector",
        choices=detectors,
        default=detectors[0],
        help="what finds the faces (default: %(default)s; python -m face_detector tells what is"
        " installed and how to get the others)",
    )
    group.add_argument(
        "--age-model",
        choices=age_models,
        help="what estimates the ages (default: levi-hassner where its age_net.caffemodel lies in"
        " the folder of --age, else compact)",
    )
    group.add_argument(
        "--engine",
        choices=ENGINES,
        default=ENGINES[0],
        help="what runs the networks; all but %(default)s are packages of their own, and yunet,"
        " haar and hog run without (default: %(default)s)",
    )


def add_report_options(parser: argparse.ArgumentParser) -> None:
    """What is reported of each age."""
    group = parser.add_argument_group("report (these never filter)")
    group.add_argument(
        "--interval",
        type=number("a number above 0 and below 1", float, lambda value: 0 < value < 1),
        metavar="LEVEL",
        default=0.8,
        help="probability that the interval of an age holds (default: %(default)s)",
    )
    group.add_argument(
        "--at-least",
        type=number("a whole number of years from 0 to 100", int, lambda value: 0 <= value <= 100),
        metavar="T",
        help="report the probability of an age of T years or more",
    )


def add_output_options(
    parser: argparse.ArgumentParser, *, output: str, json: str, csv: str
) -> None:
    """Where results go. The arguments are the help texts of the options with these names."""
    group = parser.add_argument_group("output (- is standard output, instead of the lines of text)")
    group.add_argument("--output", metavar="PATH", help=output)
    group.add_argument("--json", metavar="FILE", help=json)
    group.add_argument("--csv", metavar="FILE", help=csv)
    group.add_argument(
        "--show",
        action=argparse.BooleanOptionalAction,
        help="show the result in a window, or never",
    )


def add_talk_options(parser: argparse.ArgumentParser) -> None:
    """How much is said on stderr."""
    group = parser.add_argument_group("talk (on stderr)")
    either = group.add_mutually_exclusive_group()
    either.add_argument("--verbose", action="store_true", help="say more of what is done")
    either.add_argument("--quiet", action="store_true", help="say nothing but errors")
    group.add_argument("--version", action="version", version=f"%(prog)s {__version__}")


def model_folder(option: str, given: str, own: str) -> Path | None:
    """The folder of model files that an option names; None is the program's own.

    Args:
        option: The option, for the error.
        given: What the user gave for it.
        own: The default, which means the program's own folder wherever the program is started.

    Raises:
        UsageError: There is no such folder.
    """
    if PurePath(given) == PurePath(own):
        return None
    if not Path(given).is_dir():
        raise UsageError(f"{option} {given}: no such folder; without {option} the own one is used")
    return Path(given)


def check_outputs(
    options: argparse.Namespace,
    inputs: Iterable[Path],
    outputs: Sequence[str] = ("output", "json", "csv"),
) -> None:
    """Refuse outputs that would overwrite each other or a picture.

    Args:
        options: What was asked for.
        inputs: The files that are read. `--output` may name one: it has its own rule for that.
        outputs: The options, without their dashes, that name a file to write.

    Raises:
        UsageError: Two outputs go to standard output or to one file, or records to an input, or to
            what is named like a picture.
    """
    taken: dict[str, str] = {}
    for each in outputs:
        name: str | None = vars(options)[each]
        option = f"--{each}"
        if name is not None:
            place = name if name == "-" else os.path.realpath(name)
            if place in taken:
                shown = "standard output" if name == "-" else name
                raise UsageError(f"{taken[place]} and {option} cannot both go to {shown}")
            taken[place] = option
    if not taken:
        return
    for path in inputs:
        option = taken.get(os.path.realpath(path), "--output")
        if option != "--output":
            raise UsageError(f"{option} {path} would overwrite an input: name another file")
    # Only now: it imports what reads pictures.
    from age_pipeline.picture_formats import SUFFIXES

    for place, option in taken.items():
        if option != "--output" and Path(place).suffix.lower() in SUFFIXES:
            raise UsageError(f"{option} {place} is named like a picture: name another file")


def number(
    expected: str, kind: Callable[[str], float], fits: Callable[[float], bool]
) -> Callable[[str], float]:
    """What argparse makes a number of a text with: `expected` says in words what `fits` checks."""

    def parse(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = float("nan")
        if not fits(value):
            raise argparse.ArgumentTypeError(f"expected {expected}, not {text!r}")
        return value

    return parse
