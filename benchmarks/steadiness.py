"""How much an age moves when it should not, and whether doubt grows when it should."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from pathlib import Path

import age_detector
import face_detector
from age_pipeline import __version__, command_line, options
from age_pipeline.data import FailedInput
from age_pipeline.destinations import STDOUT, open_destination
from age_pipeline.errors import InputError, UsageError
from age_pipeline.escaping import one_line, readable
from age_pipeline.labels import INTERVAL_LEVEL
from age_pipeline.stages import AgeDetector, FaceDetector
from benchmarks import running
from benchmarks.face_changes import BOX_MOVES, COPIES, LOSSES
from benchmarks.sample_pictures import IMAGES
from benchmarks.seen_faces import seen_faces
from benchmarks.steadiness_figures import ReadFace, doubts_of, movements_of, read_face

DESCRIPTION = f"""\
Changes pictures of faces, or the boxes around the faces, and prints what that does to the ages:

  how far `years` moves where the face stays as it is: {len(BOX_MOVES)} moves of the box, and
  {len(COPIES)} ways that pictures are handed on;

  how wide the 80% interval becomes, its first and last year counted, where {len(LOSSES)} losses
  leave little of the face to be seen; where the age is known to the year, also how
  often the interval holds it, and the mean error of `years`.

A face is looked for once, in the untouched picture, and its box goes with every change, so that
only the age model is measured. A moved box that reaches outside the picture is cut off there, as a
detector's is. The face's size is the root of its box's area. A change that cannot be made, such as
to shrink a face that is smaller already, is left out; "untouched" is of the same faces.

Pictures are a folder, subfolders too, or a .tar archive, labelled as for benchmarks.accuracy or
not at all. Nothing of them is kept or leaves this machine."""

EXAMPLES = """\
examples:
  python -m benchmarks.steadiness
      the sample pictures
  python -m benchmarks.steadiness utkface-dev.tar --only utkface-val.txt --json steadiness.json
      the pictures of an archive that a list names; all figures as JSON too
  python -m benchmarks.steadiness faces.tar photos --limit 500
      at most 500 faces of an archive, and of a folder
"""

log = logging.getLogger("detect_age")


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of one set of pictures.

    Attributes:
        name: Of the folder or archive, as it was given.
        faces: Those that were found.
        not_found: How many were not.
        unreadable: How many pictures could not be read.
    """

    name: str
    faces: tuple[ReadFace, ...]
    not_found: int
    unreadable: int


def measure(
    path: Path,
    faces: FaceDetector,
    ages: AgeDetector,
    limit: int | None = None,
    only: Path | None = None,
) -> Measured:
    """Read the age of each face in these pictures, untouched and after every change.

    Args:
        path: A folder or archive; see `seen_faces`.
        faces: What finds them.
        ages: What estimates their ages.
        limit: See `seen_faces`.
        only: Likewise.

    Raises:
        UsageError: There are no pictures, or their labels cannot be used.
        InputError: No face was found in any.
    """
    read, not_found, unreadable = [], 0, 0
    with closing(seen_faces(path, faces, limit, only)) as seen:
        for each in seen:
            if isinstance(each, FailedInput):
                log.error("%s", each.error)
                unreadable += 1
            elif each.face is None:
                not_found += 1
            else:
                read.append(read_face(each.image, each.face, each.age, ages))
    if not read:
        raise InputError("no_input", f"{path}: no face was found in its pictures")
    return Measured(str(path), tuple(read), not_found, unreadable)


def as_text(measured: Measured) -> str:
    """Tables in Markdown; the last line ends in a line feed."""
    lines = [
        f"{one_line(measured.name)}: {len(measured.faces)} faces, {measured.not_found} not found;"
        f" {measured.unreadable} pictures could not be read",
        "",
        "| what happened | faces | mean change, years | 95th percentile |",
        "|---|---|---|---|",
    ]
    for move in movements_of(measured.faces):
        cells = [move.change, str(move.faces), _cell(move.mean), _cell(move.percentile_95)]
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "| what happened | faces | interval, years | untouched | of known age | held | untouched"
        " | mean error, years | untouched |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for doubt in doubts_of(measured.faces):
        after, before = doubt.after, doubt.before
        cells = [doubt.change, str(doubt.faces)]
        cells += [_cell(after.width, ".1f"), _cell(before.width, ".1f"), str(doubt.known)]
        cells += [_cell(after.held, ".1%"), _cell(before.held, ".1%")]
        cells += [_cell(after.error), _cell(before.error)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def as_record(measured: Measured) -> dict[str, object]:
    """The same as JSON has it."""
    return {
        "pictures": readable(measured.name),
        "faces": len(measured.faces),
        "not_found": measured.not_found,
        "unreadable": measured.unreadable,
        "movements": [asdict(move) for move in movements_of(measured.faces)],
        "doubts": [asdict(doubt) for doubt in doubts_of(measured.faces)],
    }


def _cell(value: float | None, form: str = ".2f") -> str:
    return "" if value is None else f"{value:{form}}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run on these arguments, or on the command line's; returns the exit code."""
    return running.run(lambda: _run(_parser().parse_args(argv)), "steadiness")


def _run(asked: argparse.Namespace) -> None:
    command_line.set_talk(verbose=asked.verbose, quiet=asked.quiet)
    if asked.limit is not None and asked.limit < 1:
        raise UsageError(f"--limit {asked.limit} leaves nothing to measure: give 1 or more")
    folder = options.model_folder("--age", asked.age, options.AGE_FOLDER)
    faces, ages = face_detector.load(asked.detector), age_detector.load(asked.age_model, folder)
    with ExitStack() as opened:
        if asked.json is not None:
            file = open_destination(asked.json)
            opened.callback(file.discard)
        sets = [
            measure(path, faces, ages, asked.limit, asked.only)
            for path in asked.pictures or [IMAGES]
        ]
        models = {"face": faces.model, "age": ages.model}
        if asked.json != STDOUT:
            for model in models.values():
                print(f"{model.name}: {model.file}, sha256 {model.sha256}")
            print()
            print("\n".join(map(as_text, sets)), end="")
        if asked.json is not None:
            record = {
                "program": __version__,
                "interval_level": INTERVAL_LEVEL,
                "models": {stage: asdict(model) for stage, model in models.items()},
                "limit": asked.limit,
                "only": None if asked.only is None else readable(str(asked.only)),
                "sets": [as_record(each) for each in sets],
            }
            file.write(json.dumps(record, allow_nan=False, indent=1).encode() + b"\n")
            file.close()


def _parser() -> argparse.ArgumentParser:
    parser = options.Parser("python -m benchmarks.steadiness", DESCRIPTION, EXAMPLES)
    parser.add_argument(
        "pictures",
        nargs="*",
        type=Path,
        metavar="FOLDER",
        help="pictures of faces, subfolders too; or a .tar archive (default: the sample pictures)",
    )
    parser.add_argument(
        "--only",
        type=Path,
        metavar="FILE",
        help="take the labelled pictures that this text file names, one a line, with or without"
        " suffix",
    )
    parser.add_argument(
        "--limit",
        type=int,
        metavar="N",
        help="of each take at most N labelled faces, or pictures without labels, evenly spread",
    )
    parser.add_argument(
        "--detector",
        choices=face_detector.NAMES,
        default=face_detector.NAMES[0],
        help="what finds the faces (default: %(default)s)",
    )
    parser.add_argument(
        "--age-model",
        choices=age_detector.NAMES,
        help="what estimates the ages (default: what detect_age.py takes)",
    )
    parser.add_argument(
        "-a",
        "--age",
        metavar="DIR",
        default=options.AGE_FOLDER,
        help="folder of the age model's file (default: the program's own %(default)s)",
    )
    parser.add_argument("--json", metavar="FILE", help="the same as JSON; - for standard output")
    options.add_talk_options(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
