"""What each face detector finds, misses and wrongly reports, and how long that takes."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import face_detector
from age_pipeline import command_line, options
from age_pipeline.errors import InputError, PackageMissing, UsageError
from benchmarks import running

if TYPE_CHECKING:
    from age_pipeline.data import FailedInput
    from benchmarks.face_boxes import Scene

DESCRIPTION = """\
Counts what each face detector finds, misses and wrongly reports, and how long it takes.

Without FOLDER the pictures are the portraits and group photographs of images/, and 640x480 scenes
composed from the portraits, in which one thing at a time makes a face hard to find: its size, a
roll, a width like that of a face seen from the side, blur, darkness, or that a part is hidden; and
pictures of nobody.

With FOLDER they are yours. Where the faces are says --boxes, else a boxes.csv in the folder: a CSV
file with the columns file, left, top, right and bottom, one row for each face, in pixels of the
picture as it is shown, from the hairline to the chin and from cheek to cheek. A row with nothing
but a file is of a picture that shows nobody. Pictures without a row are not looked at.

A face is found where a reported box and the true one share at least 0.4 of what they cover
together; each box counts once. A cell reads: faces found, of how many, and in parentheses how often
something else was reported. Time is the processor's, on one thread, on average over the pictures
of the table; the detectors take turns with each picture."""

EXAMPLES = """\
examples:
  python -m benchmarks.detectors
      every detector that is installed, on the sample pictures and the composed scenes
  python -m benchmarks.detectors --levels --looks single --json detectors.json
      one look each, a row for each size, roll and so on; all figures as JSON too
  python -m benchmarks.detectors holiday --detector ssd yunet
      two detectors on your own pictures, whose faces holiday/boxes.csv tells
  python -m benchmarks.detectors street.tar --boxes street.csv
      pictures of an archive, which is not unpacked; a table from elsewhere
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run on these arguments, or on the command line's; returns the exit code."""
    return running.run(lambda: _run(_parser().parse_args(argv)), "detectors")


def _run(asked: argparse.Namespace) -> None:
    command_line.set_talk(verbose=asked.verbose, quiet=asked.quiet)
    if asked.boxes is not None and asked.folder is None:
        raise UsageError("--boxes tells where the faces of FOLDER are: name the folder too")

    # What is heavy comes only now: --help and wrong options are answered without it.
    from age_pipeline.destinations import STDOUT, open_destination
    from benchmarks.detector_tables import record, tables_text
    from benchmarks.detector_turns import load_contenders, take_turns

    scenes, count = _scenes(asked)
    with ExitStack() as opened:
        file = None
        if asked.json is not None:
            file = open_destination(asked.json)
            opened.callback(file.discard)
        contenders = load_contenders(asked.detector, list(dict.fromkeys(asked.looks)))
        if not contenders:
            raise PackageMissing("no face detector can be used here; the lines above say why")
        seen, unreadable = take_turns(scenes, count, contenders)
        if not seen:
            raise InputError("no_input", f"{asked.folder}: none of its pictures could be read")
        if asked.json != STDOUT:
            text = tables_text(contenders, seen, by_level=asked.levels)
            with open_destination(STDOUT) as out:
                out.write(text.encode())
        if file is not None:
            what = {"folder": asked.folder, "boxes": asked.boxes}
            data = record(contenders, seen, unreadable, what)
            file.write(json.dumps(data, allow_nan=False, indent=1).encode() + b"\n")
            file.close()


def _scenes(asked: argparse.Namespace) -> tuple[Iterable[Scene | FailedInput], int]:
    """The pictures, and how many they are."""
    from benchmarks.composed_scenes import ComposedScenes
    from benchmarks.face_boxes import BOXES, open_boxed
    from benchmarks.sample_pictures import IMAGES

    folder = asked.folder or IMAGES
    options.check_outputs(asked, [folder, asked.boxes or folder / BOXES], ("json",))
    boxed = open_boxed(folder, asked.boxes)
    if asked.folder is not None:
        return boxed, len(boxed)
    composed = ComposedScenes()
    return chain(map(_as_sample, boxed), composed), len(boxed) + len(composed)


def _as_sample(scene: Scene | FailedInput) -> Scene | FailedInput:
    """A group photograph of images/ gets a row of its own."""
    from benchmarks.face_boxes import Scene

    if not isinstance(scene, Scene):
        return scene
    number = len(scene.boxes)
    return replace(scene, case="portrait" if number == 1 else f"group of {number}")


def _parser() -> argparse.ArgumentParser:
    parser = options.Parser("python -m benchmarks.detectors", DESCRIPTION, EXAMPLES)
    parser.usage = "python -m benchmarks.detectors [FOLDER] [options]"
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        metavar="FOLDER",
        help="your pictures, subfolders too; or a .tar archive, which is not unpacked",
    )
    parser.add_argument(
        "--boxes", type=Path, metavar="CSV", help="where the faces of FOLDER are; see above"
    )
    parser.add_argument(
        "--detector",
        nargs="+",
        action="extend",
        choices=face_detector.NAMES,
        help="which take part (default: all that are installed)",
    )
    parser.add_argument(
        "--looks",
        nargs="+",
        choices=get_args(face_detector.Looks),
        default=["single", "again"],
        help="look once; again where the first look may have been blind, as detect_age.py does;"
        " or everywhere, which takes long (default: single again)",
    )
    parser.add_argument(
        "--levels", action="store_true", help="a row for each level of a case, or for each picture"
    )
    parser.add_argument("--json", metavar="FILE", help="all figures as JSON; - for stdout")
    options.add_talk_options(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
