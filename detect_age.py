#!/usr/bin/env python3
"""Tell the age of every face in pictures: parse, build the two stages, find people, report."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

import age_detector
import face_detector
from age_pipeline import command_line, options
from age_pipeline.errors import UsageError

if TYPE_CHECKING:
    from age_pipeline.records import Reporting
    from age_pipeline.sinks import Sink
    from age_pipeline.stages import AgeDetector, FaceDetector

DESCRIPTION = """\
Finds the faces in pictures and tells the age that each of them shows: a line of text for each
face, a window for a single picture; or annotated pictures, JSON and CSV. Nothing leaves this
machine."""

EXAMPLES = """\
examples:
  detect_age.py -i photo.jpg
      the ages on one photograph, and a window with the faces marked
  detect_age.py -i holiday --recursive --output annotated --csv ages.csv
      a folder and all below it: annotated copies, and a table
  detect_age.py -i '*.jpg' --json - | jq .faces[].age.years
      one JSON record for each picture
  detect_age.py -i crops --whole
      pictures that are faces already
  curl -s URL | detect_age.py -i - --output - > annotated.png
      a picture from standard input, annotated on standard output
"""

log = logging.getLogger("detect_age")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program on these arguments, or on the command line's; returns the exit code."""
    return command_line.run(lambda: _run(_parser().parse_args(argv)), "detect_age")


def _run(asked: argparse.Namespace) -> None:
    command_line.set_talk(verbose=asked.verbose, quiet=asked.quiet)

    # What is heavy comes only now: --help and wrong options are answered without it.
    from concurrent.futures import Future

    from age_pipeline.cores import usable_cores
    from age_pipeline.destinations import STDOUT
    from age_pipeline.opencv_threads import opencv_threads
    from age_pipeline.output_names import is_one_file
    from age_pipeline.picture_people import Desk, look_at_pictures
    from age_pipeline.progress import with_progress
    from age_pipeline.records import Reporting
    from age_pipeline.sinks import Sinks
    from age_pipeline.sources import list_pictures

    names = _names(asked)
    output = None if asked.output == STDOUT else asked.output
    inputs = list_pictures(names, recursive=asked.recursive, output=output)
    files = [each.path for each in inputs if each.path is not None]
    if asked.files_from not in (None, "-"):
        files.append(Path(asked.files_from))
    is_one_picture = len(names) == 1 and [each.name for each in inputs] == names
    options.check_outputs(asked, files)
    if asked.output is not None:
        # Raises what is wrong with it now, before the models are loaded.
        is_one_file(asked.output, one_picture=is_one_picture)
    cores = usable_cores()
    jobs = max(min(asked.jobs or cores, len(inputs)), 1)

    with ExitStack() as stack:
        # Several pictures at once, each on one core, are done sooner than one after another on all.
        stack.enter_context(opencv_threads(cores // jobs))
        desk: Future[Desk] = Future()
        looked = stack.enter_context(look_at_pictures(inputs, desk, jobs=jobs))
        # Where the models cannot be loaded, nobody must wait for them any longer.
        stack.callback(desk.cancel)
        faces = None if asked.whole else _face_detector(asked)
        ages = _age_detector(asked)
        log.info("ages by %s", ages.model)
        face_model = None if faces is None else faces.model
        reporting = Reporting(ages.model, face_model, asked.interval, asked.at_least)
        sinks = stack.enter_context(Sinks(_open_sinks(asked, files, reporting, is_one_picture)))
        desk.set_result(Desk(faces, ages, sinks))
        bar = stack.enter_context(closing(with_progress(inputs, len(inputs))))
        done = 0
        try:
            for done, _ in enumerate(bar):
                # A result that this loop held would stay in memory while it waits for the next.
                next(looked)()
                if sinks.ended:
                    if done + 1 < len(inputs) and not sinks.is_unread:
                        log.info("ended after %d of %d pictures", done + 1, len(inputs))
                    break
        except (KeyboardInterrupt, SystemExit):
            if len(inputs) > 1:
                log.info("%d of %d pictures were done", done, len(inputs))
            raise


def _names(asked: argparse.Namespace) -> list[str]:
    from age_pipeline.sources import read_names

    if not asked.image and asked.files_from is None:
        raise UsageError("no picture is named: use -i PICTURE, or --files-from LIST")
    if "-" in asked.image and asked.files_from == "-":
        raise UsageError("-i and --files-from cannot both read standard input")
    listed = [] if asked.files_from is None else read_names(asked.files_from)
    if "-" in listed and asked.files_from == "-":
        raise UsageError("the names come from standard input, so - among them can be no picture")
    if not asked.image and not listed:
        log.warning("--files-from %s names no picture", asked.files_from)
    return [*asked.image, *listed]


def _face_detector(asked: argparse.Namespace) -> FaceDetector:
    return face_detector.load(
        asked.detector,
        options.model_folder("--face", asked.face, options.FACE_FOLDER),
        min_confidence=asked.confidence,
        looks=asked.looks,
        engine=asked.engine,
    )


def _age_detector(asked: argparse.Namespace) -> AgeDetector:
    folder = options.model_folder("--age", asked.age, options.AGE_FOLDER)
    return age_detector.load(asked.age_model, folder, engine=asked.engine)


def _open_sinks(
    asked: argparse.Namespace, inputs: Sequence[Path], reporting: Reporting, is_one_picture: bool
) -> Iterator[Sink]:
    from age_pipeline.destinations import STDOUT, StandardOutput, open_destination
    from age_pipeline.writers import CsvTable, JsonLines, TextLines

    if STDOUT not in (asked.output, asked.json, asked.csv) and sys.stdout is not None:
        yield TextLines(StandardOutput(), reporting, named=not is_one_picture)
    # A record comes after the copy: where the program is stopped, who has one has the other.
    if asked.output is not None:
        from age_pipeline.annotated_pictures import open_annotated

        yield open_annotated(asked.output, inputs, reporting, one_picture=is_one_picture)
    for name, kind in ((asked.json, JsonLines), (asked.csv, CsvTable)):
        if name is not None:
            yield kind(open_destination(name), reporting)
    if _wants_window(asked, is_one_picture):
        from age_pipeline.shown_pictures import ShownPictures

        yield ShownPictures(reporting)


def _wants_window(asked: argparse.Namespace, is_one_picture: bool) -> bool:
    if asked.show is not None:
        return bool(asked.show)
    return is_one_picture and not any((asked.output, asked.json, asked.csv))


def _parser() -> argparse.ArgumentParser:
    parser = options.Parser("detect_age", DESCRIPTION, EXAMPLES, likely="--image")
    inputs = parser.add_argument_group("pictures")
    inputs.add_argument(
        "-i",
        "--image",
        nargs="+",
        action="extend",
        default=[],
        metavar="PICTURE",
        help="a picture, a folder of pictures, a pattern such as '*.jpg', or - for the bytes of"
        " one picture on standard input",
    )
    inputs.add_argument(
        "--files-from", metavar="LIST", help="read names from this file (or -), one on each line"
    )
    inputs.add_argument(
        "--recursive", action="store_true", help="take the pictures of subfolders too"
    )
    inputs.add_argument(
        "--jobs",
        type=options.number("a whole number from 1 to 1000", int, lambda value: 1 <= value <= 1000),
        metavar="N",
        help="look at so many pictures at once (default: one for each core that may be used)",
    )
    options.add_model_options(parser, face_detector.NAMES, age_detector.NAMES)
    looks = parser.add_argument_group("how to look for faces").add_mutually_exclusive_group()
    looks.add_argument(
        "--thorough",
        dest="looks",
        action="store_const",
        const="thorough",
        default="again",
        help="look everywhere for small and turned faces (by default only where one may be missed)",
    )
    looks.add_argument(
        "--single-look",
        dest="looks",
        action="store_const",
        const="single",
        help="look once, as the original program did",
    )
    looks.add_argument(
        "--whole", action="store_true", help="each picture is one face: look for none"
    )
    options.add_report_options(parser)
    options.add_output_options(
        parser,
        output="annotated copies: a folder, or for one picture a file; never over an input",
        json="a record for each picture, as JSON Lines",
        csv="a row for each face, or one for a picture without",
    )
    options.add_talk_options(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
