#!/usr/bin/env python3
"""Tell the age of every face in a video: parse, build the two stages, find people, show."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

import age_detector
import face_detector
from age_pipeline import command_line, options

if TYPE_CHECKING:
    from age_pipeline.data import Frame, Person
    from age_pipeline.window import Window

DESCRIPTION = """\
Finds the faces in a camera's pictures, a video file or a stream and tells the age that each of
them shows: in a window where there is a screen, and as a line of text for each face and frame.
Nothing leaves this machine."""

EXAMPLES = """\
examples:
  detect_age_video.py
      the first camera; q, Esc or closing the window ends it
  detect_age_video.py --source film.mp4 --no-show
      a video file, as lines of text alone
  detect_age_video.py --source rtsp://192.0.2.1/stream
      a network camera
"""

log = logging.getLogger("detect_age")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program on these arguments, or on the command line's; returns the exit code."""
    return command_line.run(lambda: _run(_parser().parse_args(argv)), "detect_age_video")


def _run(asked: argparse.Namespace) -> None:
    command_line.set_talk(verbose=asked.verbose, quiet=asked.quiet)

    # What is heavy comes only now: --help and wrong options are answered without it.
    from age_pipeline.destinations import StandardOutput
    from age_pipeline.labels import age_line
    from age_pipeline.stages import find_people
    from age_pipeline.video_source import open_video

    # The next frame is the second look.
    faces = face_detector.load(
        asked.detector,
        options.model_folder("--face", asked.face, options.FACE_FOLDER),
        min_confidence=asked.confidence,
        looks="single",
    )
    ages = age_detector.load(
        asked.age_model, options.model_folder("--age", asked.age, options.AGE_FOLDER)
    )
    log.info("ages by %s", ages.model)

    with ExitStack() as stack:
        frames = stack.enter_context(open_video(asked.source))
        window = _open_window(asked, stack)
        for frame in frames:
            people = find_people(frame, faces, ages)
            if people and sys.stdout is not None:
                ages_text = [age_line(each.age, asked.interval, asked.at_least) for each in people]
                text = "".join(f"{frame.time_s:.3f} s: {line}\n" for line in ages_text)
                StandardOutput().write(text.encode())
            if window is not None and not _show(window, frame, people, asked):
                break


def _open_window(asked: argparse.Namespace, stack: ExitStack) -> Window | None:
    from age_pipeline.errors import WindowError
    from age_pipeline.window import Window

    if asked.show is False:
        return None
    try:
        return stack.enter_context(Window("detect_age_video", "there are the lines of text"))
    except WindowError as error:
        log.info("%s", error)
        return None


def _show(
    window: Window, frame: Frame, people: Sequence[Person], asked: argparse.Namespace
) -> bool:
    from age_pipeline.drawing import draw_people

    drawn = draw_people(frame.image, people, interval_level=asked.interval, at_least=asked.at_least)
    window.show(drawn, wait_s=0)
    return not window.ended


def _parser() -> argparse.ArgumentParser:
    parser = options.Parser("detect_age_video", DESCRIPTION, EXAMPLES)
    video = parser.add_argument_group("video")
    video.add_argument(
        "--source",
        default="0",
        metavar="VIDEO",
        help="a camera's number, a video file, or a stream's address (default: %(default)s)",
    )
    video.add_argument(
        "--show",
        action=argparse.BooleanOptionalAction,
        help="show the video in a window, or never (default: where there is a screen)",
    )
    options.add_model_options(parser, face_detector.NAMES, age_detector.NAMES)
    options.add_report_options(parser)
    options.add_talk_options(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
