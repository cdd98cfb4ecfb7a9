"""How fast pictures are done, beside the original program's loop and beside what nobody can save.

    python -m benchmarks.speed
    python -m benchmarks.speed pace --faces 1 4 --sizes 640x480 --pictures 20 --repeat 2

pace    pictures per second without the start, with an annotated copy of each being written
start   from starting the program until the first age of one picture is told
memory  the most memory that is held, when few pictures are done and when many are

Every figure is that of whole programs, each in a process of its own; they take turns. The original
is benchmarks.original_pictures, its age_net with random weights: how long it takes does not depend
on them. The floor is benchmarks.floor_pictures: on every core OpenCV reads pictures and looks once
for faces. Ours is detect_age.py with its own age model and one look, as the original looks; then
with the further options that change its speed, and the engines that are installed; then without
writing copies, which is what compares with the floor.

The pictures are JPEG files composed from images/. "found" is how many faces were told of for each;
"times" compares the best turn of either side, as whatever else a machine does only adds to a time;
then comes what the ratios of single turns lie between. The pace comes from the time for many
pictures less that for few: where the start varied by more, there is a dash.
Annotated copies lie in the folder for temporary files (TMPDIR names another one) while a program
runs: of a thousand pictures of 4000x3000 pixels, about 5 GB.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from age_pipeline import __version__, command_line, options
from age_pipeline.cores import usable_cores
from age_pipeline.destinations import STDOUT, open_destination
from benchmarks import running
from benchmarks.program_runs import run_program
from benchmarks.speed_scenes import Scene, picture_size

if TYPE_CHECKING:
    from benchmarks.speed_runs import Bench

FACES = (1, 2, 4, 8, 29)
SIZES = ((640, 480), (4000, 3000))
"""Of a video call's picture, and of a telephone's."""

MEMORY_AFTER = (100, 1000)


def main(argv: Sequence[str] | None = None) -> int:
    """Run on these arguments, or on the command line's; returns the exit code."""
    return running.run(lambda: _run(_parser().parse_args(argv)), "speed")


def _run(asked: argparse.Namespace) -> None:
    command_line.set_talk(verbose=asked.verbose, quiet=asked.quiet)

    from benchmarks.speed_programs import find_programs
    from benchmarks.speed_runs import Bench, warm_up

    with ExitStack() as opened:
        file = None
        if asked.json is not None:
            file = open_destination(asked.json)
            opened.callback(file.discard)
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="speed-")))
        inputs = folder / "inputs"
        _write_inputs(inputs, asked)
        bench = Bench(folder, inputs, find_programs(inputs))
        machine = _machine()
        if asked.json != STDOUT:
            print(_machine_text(machine, asked))
        warm_up(bench, _scenes(asked, asked.faces)[0])
        record: dict[str, Any] = {"program": __version__, **machine}
        for part in asked.part or _MEASURES:
            measured, text = _MEASURES[part](bench, asked)
            record[part] = [asdict(each) for each in measured]
            if asked.json != STDOUT:
                print(f"\n{text}", end="", flush=True)
        if file is not None:
            file.write(json.dumps(record, allow_nan=False, indent=1).encode() + b"\n")
            file.close()


def _pace(bench: Bench, asked: argparse.Namespace) -> tuple[Sequence[Any], str]:
    from benchmarks.speed_runs import time_pictures
    from benchmarks.speed_tables import pace_text

    measured = time_pictures(bench, _scenes(asked, asked.faces), asked.pictures, asked.repeat)
    return measured, pace_text(measured, bench.programs)


def _start(bench: Bench, asked: argparse.Namespace) -> tuple[Sequence[Any], str]:
    from benchmarks.speed_runs import time_starts
    from benchmarks.speed_tables import start_text

    measured = time_starts(bench, _scenes(asked, asked.faces[:1]), asked.repeat)
    return measured, start_text(measured, bench.programs)


def _memory(bench: Bench, asked: argparse.Namespace) -> tuple[Sequence[Any], str]:
    from benchmarks.speed_runs import read_memory
    from benchmarks.speed_tables import memory_text

    measured = read_memory(bench, _scenes(asked, asked.faces[:1]), asked.memory_after)
    return measured, memory_text(measured, bench.programs)


_MEASURES: dict[str, Callable[[Bench, argparse.Namespace], tuple[Sequence[Any], str]]] = {
    "pace": _pace,
    "start": _start,
    "memory": _memory,
}


def _scenes(asked: argparse.Namespace, faces: Sequence[int]) -> list[Scene]:
    each = product(asked.sizes, faces)
    return [Scene(width, height, count) for (width, height), count in each]


def _write_inputs(folder: Path, asked: argparse.Namespace) -> None:
    sizes = [f"{width}x{height}" for width, height in asked.sizes]
    faces = map(str, asked.faces)
    module = (sys.executable, "-m", "benchmarks.speed_inputs", str(folder))
    run_program([*module, "--sizes", *sizes, "--faces", *faces])


def _machine() -> dict[str, Any]:
    import cv2

    return {
        "opencv": cv2.__version__,
        "python": platform.python_version(),
        "cores": usable_cores(),
    }


def _machine_text(machine: dict[str, Any], asked: argparse.Namespace) -> str:
    from benchmarks.original_pictures import HAS_CAFFE

    text = (
        f"OpenCV {machine['opencv']}, Python {machine['python']}, {machine['cores']} cores;"
        f" pictures: {asked.pictures}, turns: {asked.repeat}"
    )
    if not HAS_CAFFE:
        text += (
            f"\nOpenCV {machine['opencv']} reads no Caffe networks: the original's loop runs them"
            " as this program does"
        )
    return text


def _parser() -> argparse.ArgumentParser:
    description, _, rest = (__doc__ or "").partition("\n\n")
    parser = options.Parser("python -m benchmarks.speed", description, rest)
    count = options.number("a whole number from 1", int, lambda value: value >= 1)
    parser.add_argument(
        "part",
        nargs="*",
        type=_part,
        help=f"{', '.join(_MEASURES)} (default: all, in this order)",
    )
    parser.add_argument(
        "--sizes",
        nargs="+",
        type=_size,
        default=SIZES,
        metavar="WxH",
        help="of the pictures (default: 640x480 4000x3000)",
    )
    parser.add_argument(
        "--faces",
        nargs="+",
        type=count,
        default=FACES,
        metavar="N",
        help="in each picture (default: 1 2 4 8 29); start and memory take the first of these",
    )
    parser.add_argument(
        "--pictures",
        type=count,
        default=40,
        metavar="N",
        help="how many the pace is measured over (default: %(default)s)",
    )
    parser.add_argument(
        "--memory-after",
        nargs="+",
        type=count,
        default=MEMORY_AFTER,
        metavar="N",
        help="pictures after which memory is read (default: 100 1000)",
    )
    parser.add_argument(
        "--repeat",
        type=count,
        default=3,
        metavar="R",
        help="how often the programs take turns (default: %(default)s), five times as often from"
        " cold starts",
    )
    parser.add_argument("--json", metavar="FILE", help="the same as JSON; - for standard output")
    options.add_talk_options(parser)
    return parser


def _part(text: str) -> str:
    if text not in _MEASURES:
        raise argparse.ArgumentTypeError(f"expected one of {', '.join(_MEASURES)}")
    return text


def _size(text: str) -> tuple[int, int]:
    try:
        return picture_size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"expected a size such as 640x480, not {text!r}"
        ) from error


if __name__ == "__main__":
    sys.exit(main())
