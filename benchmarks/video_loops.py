"""Two ways through a video: every frame on its own, as the original program goes, and this one's.

The original's loop is written anew: find the faces of each frame, estimate the age of each face in
a call of its own, draw a rectangle and a line of text. Unlike the original's, its frames keep their
size, so that both loops see the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from age_detector.smoothing import SteadyAge, readability
from age_pipeline.annotated_video import AnnotatedVideo
from age_pipeline.data import Frame, Image, Person
from age_pipeline.records import Reporting
from age_pipeline.stages import AgeDetector, FaceDetector
from age_pipeline.video_outputs import Drawings
from age_pipeline.video_people import VideoPeople
from benchmarks.composed_clips import ComposedFrame

_RED = (0, 0, 255)


@dataclass(frozen=True, slots=True)
class Loop:
    """One way through a video.

    Attributes:
        find: Tells who is in the next frame.
        draw: Gives a new picture of that frame, with these people drawn in.
    """

    find: Callable[[Frame], Sequence[Person]]
    draw: Callable[[Frame, Sequence[Person]], Image]


def as_original(faces: FaceDetector, ages: AgeDetector) -> Loop:
    """Every frame on its own, and every face."""

    def find(frame: Frame) -> list[Person]:
        return [
            Person(face, ages.estimate([ages.crop(frame.image, face)])[0])
            for face in faces.detect(frame.image)
        ]

    return Loop(find, _drawn_as_original)


def as_program(faces: FaceDetector, ages: AgeDetector, *, is_live: bool = False) -> Loop:
    """What detect_age_video.py does."""
    clock = time.monotonic if is_live else None
    people = VideoPeople(faces, ages, SteadyAge, readability, clock=clock)
    return Loop(people.find, Drawings(Reporting(ages.model, faces.model)).of)


def frame_rate(
    loop: Loop, frames: Sequence[ComposedFrame], rate: float, output: Path | None = None
) -> float:
    """How many frames a second a loop gets through.

    Args:
        loop: A new one.
        frames: Of a clip.
        rate: Frames a second of the clip.
        output: A video that is written; None writes nothing, and draws nothing.
    """
    begun_s = time.perf_counter()
    with ExitStack() as stack:
        video = None
        if output is not None:
            exact = Fraction(rate).limit_denominator(1001)
            video = stack.enter_context(AnnotatedVideo(output, frame_rate=exact))
        for index, each in enumerate(frames):
            frame = frame_of(each, index)
            people = loop.find(frame)
            if video is not None:
                video.write(loop.draw(frame, people), each.time_s)
    return len(frames) / (time.perf_counter() - begun_s)


def frame_of(composed: ComposedFrame, index: int) -> Frame:
    """A composed frame as a source would give it."""
    return Frame(composed.image, "clip", index=index, time_s=composed.time_s)


def _drawn_as_original(frame: Frame, people: Sequence[Person]) -> Image:
    canvas = frame.image.copy()
    for person in people:
        box = person.face.box
        text = f"{person.age.bracket}: {max(person.age.brackets.values()):.2%}"
        at = box.left, box.top - 10 if box.top > 20 else box.top + 10
        cv2.rectangle(canvas, (box.left, box.top), (box.right, box.bottom), _RED, 2)
        cv2.putText(canvas, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.45, _RED, 2)
    return np.asarray(canvas, np.uint8)
