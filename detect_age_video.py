#!/usr/bin/env python3
"""Tell the age of every face in a video: parse, build the two stages, find people, report."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

import age_detector
import face_detector
from age_pipeline import command_line, options

if TYPE_CHECKING:
    from age_pipeline.records import Reporting
    from age_pipeline.shown_video import ShownVideo
    from age_pipeline.sinks import Sink
    from age_pipeline.video_people import VideoPeople
    from age_pipeline.video_source import VideoSource

DESCRIPTION = """\
Finds the people in a camera's pictures, a video file or a stream and tells the age that each of
them shows: in a window where there is a screen, and as lines of text; or as an annotated video,
JSON, and a table with one row for each person. Nothing leaves this machine."""

EXAMPLES = """\
examples:
  detect_age_video.py
      the first camera; q, Esc or closing the window ends it, space pauses, s saves a picture
  detect_age_video.py --source film.mp4 --output annotated.mp4 --people people.csv
      a video file: a copy with boxes and ages and the same sound, and a row for each person
  detect_age_video.py --source rtsp://192.0.2.1/stream --reconnect --no-show --json - | jq .people
      a network camera, for ever, as a record for each frame
  detect_age_video.py --source frames --start 10 --duration 5 --every 2
      a folder of pictures as a video, and a part of it
"""

log = logging.getLogger("detect_age")

TITLE = "detect_age_video"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program on these arguments, or on the command line's; returns the exit code."""
    return command_line.run(lambda: _run(_parser().parse_args(argv)), "detect_age_video")


def _run(asked: argparse.Namespace) -> None:
    command_line.set_talk(verbose=asked.verbose, quiet=asked.quiet)

    # What is heavy comes only now: --help and wrong options are answered without it.
    from age_detector.smoothing import SteadyAge, readability
    from age_pipeline.progress import with_progress
    from age_pipeline.records import Reporting
    from age_pipeline.sinks import Sinks
    from age_pipeline.video_people import DOUBTFUL, VideoPeople
    from age_pipeline.video_source import Cut, open_video

    _check_outputs(asked)
    # The next frame is the second look.
    faces = face_detector.load(
        asked.detector,
        options.model_folder("--face", asked.face, options.FACE_FOLDER),
        min_confidence=min(asked.confidence, DOUBTFUL),
        looks="single",
        engine=asked.engine,
    )
    ages = age_detector.load(
        asked.age_model,
        options.model_folder("--age", asked.age, options.AGE_FOLDER),
        engine=asked.engine,
    )
    log.info("ages by %s", ages.model)
    reporting = Reporting(ages.model, faces.model, asked.interval, asked.at_least)
    cut = Cut(asked.start, asked.duration, asked.every)

    with ExitStack() as stack:
        source = stack.enter_context(open_video(asked.source, cut=cut, reconnect=asked.reconnect))
        people = VideoPeople(
            faces,
            ages,
            SteadyAge,
            readability,
            min_confidence=asked.confidence,
            detect_every=asked.detect_every,
            remembers=asked.people is not None,
            clock=time.monotonic if source.is_live else None,
        )
        sinks = stack.enter_context(Sinks(_open_sinks(asked, source, people, reporting, stack)))
        bar = stack.enter_context(closing(with_progress(source, source.frame_count or 0)))
        for frame in bar:
            sinks.write(frame, people.find(frame))
            if sinks.ended:
                break


def _check_outputs(asked: argparse.Namespace) -> None:
    """Raise what is wrong with the outputs before the models are loaded."""
    from age_pipeline.annotated_video import check_video_name
    from age_pipeline.best_faces import check_faces_folder
    from age_pipeline.people_tables import check_people_name
    from age_pipeline.video_source import local_name

    source = local_name(asked.source)
    inputs = [Path(source)]
    options.check_outputs(asked, inputs, ("output", "json", "people"))
    if asked.output is not None:
        check_video_name(asked.output, inputs)
    if asked.people is not None:
        check_people_name(asked.people)
    if asked.best_faces is not None:
        check_faces_folder(asked.best_faces, source)


def _open_sinks(
    asked: argparse.Namespace,
    source: VideoSource,
    people: VideoPeople,
    reporting: Reporting,
    stack: ExitStack,
) -> Iterator[Sink]:
    from age_pipeline.annotated_video import AnnotatedVideo
    from age_pipeline.best_faces import BestFaces
    from age_pipeline.destinations import STDOUT, StandardOutput, open_destination
    from age_pipeline.people_tables import PeopleTable
    from age_pipeline.video_outputs import (
        Drawings,
        ShownFrames,
        WrittenFaces,
        WrittenFrames,
        WrittenPeople,
    )
    from age_pipeline.video_records import VideoFacts, VideoLines, VideoRecords

    drawings = Drawings(reporting)
    if STDOUT not in (asked.json, asked.people) and sys.stdout is not None:
        yield VideoLines(StandardOutput(), reporting)
    if asked.json is not None:
        facts = VideoFacts(source.name, source.frame_rate, source.width, source.height)
        yield VideoRecords(open_destination(asked.json), reporting, facts)
    if asked.people is not None:
        yield WrittenPeople(PeopleTable(asked.people, source.name, reporting), people)
    if asked.best_faces is not None:
        yield WrittenFaces(BestFaces(Path(asked.best_faces)), people)
    if asked.output is not None:
        if source.has_lost_sound:
            log.info("%s: its sound is not copied; download the file first", source.name)
        until_s = None if asked.duration is None else asked.start + asked.duration
        video = AnnotatedVideo(
            Path(asked.output),
            frame_rate=source.frame_rate,
            pixel_aspect=source.pixel_aspect,
            sound_file=source.sound_file,
            sound_origin_s=source.origin_s,
            sound_from_s=asked.start,
            sound_until_s=until_s,
        )
        yield WrittenFrames(video, drawings)
    if window := _open_window(asked, source, stack):
        source.is_over = window.poll
        yield ShownFrames(window, drawings)


def _open_window(
    asked: argparse.Namespace, source: VideoSource, stack: ExitStack
) -> ShownVideo | None:
    from age_pipeline.errors import WindowError
    from age_pipeline.shown_video import ShownVideo
    from age_pipeline.window import Window

    wanted = asked.show
    if wanted is None:
        wanted = not any((asked.output, asked.json, asked.people, asked.best_faces))
    if not wanted:
        return None
    try:
        window = stack.enter_context(Window(TITLE, "there are the lines of text"))
    except WindowError as error:
        log.info("%s", error)
        return None
    return ShownVideo(window, TITLE, is_live=source.is_live)


def _parser() -> argparse.ArgumentParser:
    parser = options.Parser("detect_age_video", DESCRIPTION, EXAMPLES, likely="--source")
    video = parser.add_argument_group("video")
    video.add_argument(
        "--source",
        default="0",
        metavar="VIDEO",
        help="a camera's number, a video file, a stream's address, a folder of pictures, or a"
        " pattern such as frames/%%04d.png (default: %(default)s)",
    )
    video.add_argument(
        "--start",
        type=options.number("seconds, 0 to 1e9", float, lambda value: 0 <= value <= 1e9),
        metavar="SECONDS",
        default=0.0,
        help="leave out what is before (default: %(default)s)",
    )
    video.add_argument(
        "--duration",
        type=options.number("seconds, above 0 to 1e9", float, lambda value: 0 < value <= 1e9),
        metavar="SECONDS",
        help="end after so long (default: at the video's end)",
    )
    video.add_argument(
        "--every",
        type=options.number("a whole number from 1", int, lambda value: value >= 1),
        metavar="N",
        default=1,
        help="take one picture of so many (default: %(default)s)",
    )
    video.add_argument(
        "--reconnect",
        action="store_true",
        help="when a camera or stream fails, try again, and again",
    )
    video.add_argument(
        "--detect-every",
        type=_pace,
        metavar="N",
        default=None,
        help="look for faces in one picture of so many, or auto: five times a second, less often"
        " where that takes too long for a live source; in between they are followed, and when"
        " somebody is lost faces are looked for at once (default: auto)",
    )
    options.add_model_options(
        parser,
        face_detector.NAMES,
        age_detector.NAMES,
        confidence="faces of at least this confidence, 0 to 1, are somebody new; who is known may"
        " have less (default: %(default)s)",
    )
    options.add_report_options(parser)
    output = parser.add_argument_group("output")
    output.add_argument(
        "--output", metavar="FILE", help="an annotated copy with the same sound: .mp4, .mov or .mkv"
    )
    output.add_argument(
        "--json",
        metavar="FILE",
        help="a record for each picture, as JSON Lines; - is standard output, instead of the lines",
    )
    output.add_argument(
        "--people",
        metavar="FILE",
        help="a row for each person, at the end: .csv or .json; - is standard output, as CSV",
    )
    output.add_argument(
        "--best-faces", metavar="DIR", help="a picture of each person, at the best look"
    )
    output.add_argument(
        "--show",
        action=argparse.BooleanOptionalAction,
        help="show the video in a window, or never (default: where there is a screen, and no file"
        " is asked for)",
    )
    options.add_talk_options(parser)
    return parser


def _pace(text: str) -> int | None:
    if text == "auto":
        return None
    expected = "auto, or a whole number from 1"
    return int(options.number(expected, int, lambda value: value >= 1)(text))


if __name__ == "__main__":
    sys.exit(main())
