"""How fast people in a video are told, and how steadily, beside the original program's loop.

    python -m benchmarks.video
    python -m benchmarks.video --rate 15 --repeat 3

The clips are composed from images/, so that who is where in each frame is known. On both sides the
same face detector answers, and nothing is shown or written. The original's loop is written anew:
detect in every frame, and run the network of Levi and Hassner on each face. Its weights are random
here: how long it takes does not depend on them. How often labels change is told for the same loop
with the program's own age model, so that only the loop differs.

Frames per second depend on the machine; the two sides take turns, and the ratio is what counts.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2

import age_detector
import face_detector
from age_detector.levi_hassner import WEIGHTS as AGE_NET
from age_detector.smoothing import SteadyAge, readability
from age_pipeline import command_line, options
from age_pipeline.data import Box, Frame, Person
from age_pipeline.stages import AgeDetector, FaceDetector, find_people
from age_pipeline.video_people import DOUBTFUL, VideoPeople
from benchmarks.age_speed import load_models
from benchmarks.composed_clips import Clip, ComposedFrame, Pose, compose, line, textured
from benchmarks.sample_clips import sample_clips

FOUND = 0.4
"""Overlap (IoU) of a box with a face's true one from which it is that face's."""

PLAIN = 0.9
"""Part of a face that must be seen for its label to count."""

Loop = Callable[[Frame], Sequence[Person]]


@dataclass(frozen=True, slots=True)
class Said:
    """What one loop said of a clip.

    Attributes:
        changes: How often the bracket on a person's label changed from one frame to the next.
        switches: How often a person's number did.
    """

    changes: int
    switches: int


def two_faces() -> Clip:
    """640x480, 4 seconds: two people who move a little."""
    paths = {
        "1.png": line(Pose(120, 200, 110), Pose(300, 220, 110), 0, 4),
        "2.jpg": line(Pose(520, 240, 120), Pose(420, 240, 120), 0, 4),
    }
    return Clip(textured(640, 480), paths, 4)


def as_original(faces: FaceDetector, ages: AgeDetector) -> Loop:
    """Every frame on its own."""
    return lambda frame: find_people(frame, faces, ages)


def as_program(faces: FaceDetector, ages: AgeDetector) -> Loop:
    """What detect_age_video.py does."""
    return VideoPeople(faces, ages, SteadyAge, readability).find


def frame_rate(loop: Loop, frames: Sequence[ComposedFrame]) -> float:
    """Frames a second."""
    begun_s = time.perf_counter()
    for index, each in enumerate(frames):
        loop(Frame(each.image, "clip", index=index, time_s=each.time_s))
    return len(frames) / (time.perf_counter() - begun_s)


def said_of(loop: Loop, frames: Sequence[ComposedFrame]) -> Said:
    """How steadily a loop speaks of the people of a clip."""
    brackets: dict[str, str] = {}
    numbers: dict[str, int | None] = {}
    changes = switches = 0
    for index, each in enumerate(frames):
        people = loop(Frame(each.image, "clip", index=index, time_s=each.time_s))
        for name, truth in each.boxes.items():
            person = _nearest(people, truth)
            if person is None or each.seen[name] < PLAIN:
                continue
            changes += brackets.get(name, person.age.bracket) != person.age.bracket
            switches += numbers.get(name, person.track) != person.track
            brackets[name], numbers[name] = person.age.bracket, person.track
    return Said(changes, switches)


def _nearest(people: Sequence[Person], truth: Box) -> Person | None:
    best = max(people, key=lambda person: person.face.box.iou(truth), default=None)
    return best if best is not None and best.face.box.iou(truth) >= FOUND else None


def main(argv: Sequence[str] | None = None) -> int:
    """Run on these arguments, or on the command line's; returns the exit code."""
    return command_line.run(lambda: _run(_parser().parse_args(argv)), "video")


def _run(asked: argparse.Namespace) -> None:
    once = face_detector.load(looks="single")
    doubtful = face_detector.load(looks="single", min_confidence=DOUBTFUL)
    models = load_models([age_detector.DEFAULT], None)
    own, old = models[age_detector.DEFAULT], models[AGE_NET.name]
    frames = list(compose(two_faces(), asked.rate))
    print(f"OpenCV {cv2.__version__}, {cv2.getNumThreads()} threads")
    print("| two faces, 640x480 | original, frames per second | program | times faster |")
    print("|---|---|---|---|")
    for turn in range(asked.repeat):
        slow = frame_rate(as_original(once, old), frames)
        fast = frame_rate(as_program(doubtful, own), frames)
        print(f"| turn {turn + 1} | {slow:.1f} | {fast:.1f} | {fast / slow:.1f} |", flush=True)
    print("\n| clip | frames | labels change, every frame on its own | program | switches |")
    print("|---|---|---|---|---|")
    for name, clip in {"two faces": two_faces(), **sample_clips()}.items():
        shown = list(compose(clip, asked.rate))
        before = said_of(as_original(once, own), shown)
        after = said_of(as_program(doubtful, own), shown)
        cells = (name, len(shown), before.changes, after.changes, after.switches)
        print(f"| {' | '.join(map(str, cells))} |", flush=True)


def _parser() -> argparse.ArgumentParser:
    description, _, rest = (__doc__ or "").partition("\n\n")
    parser = options.Parser("python -m benchmarks.video", description, rest)
    parser.add_argument(
        "--rate",
        type=options.number("a number above 0", float, lambda value: value > 0),
        default=30.0,
        metavar="R",
        help="frames a second of the clips (default: %(default)s)",
    )
    parser.add_argument(
        "--repeat",
        type=options.number("a whole number from 1", int, lambda value: value >= 1),
        default=3,
        metavar="N",
        help="how often both sides take turns (default: %(default)s)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
