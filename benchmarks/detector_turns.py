"""Face detectors that take turns, picture by picture, on one thread."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from time import process_time

import cv2
import numpy as np

import face_detector
from age_pipeline.data import FailedInput
from age_pipeline.errors import ModelMissing, PackageMissing
from age_pipeline.progress import with_progress
from age_pipeline.stages import FaceDetector
from benchmarks.face_boxes import Scene
from benchmarks.found_faces import Count
from face_detector import Looks

log = logging.getLogger("detect_age")


@dataclass(frozen=True, slots=True)
class Contender:
    """One of those that take turns.

    Attributes:
        name: The detector's, of `face_detector.NAMES`.
        looks: How it looks; see `face_detector.load`.
        faces: The detector.
    """

    name: str
    looks: Looks
    faces: FaceDetector


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of one picture.

    Attributes:
        case: See `Scene`.
        level: Likewise.
        counts: What each contender made of it, in their order.
    """

    case: str
    level: str
    counts: tuple[Count, ...]


def load_contenders(names: Sequence[str] | None, looks: Sequence[Looks]) -> list[Contender]:
    """Make detectors ready.

    Args:
        names: Of the detectors; None takes all that can be had here, with a warning for each that
            cannot.
        looks: In which ways each of them is to look.

    Raises:
        ModelMissing, PackageMissing: What a named detector needs is absent.
        ModelDamaged: A detector's file cannot be used.
    """
    contenders = []
    for name in face_detector.NAMES if names is None else dict.fromkeys(names):
        try:
            own = [Contender(name, each, face_detector.load(name, looks=each)) for each in looks]
        except (ModelMissing, PackageMissing) as error:
            if names is not None:
                raise
            log.warning("%s is left out: %s", name, error)
        else:
            contenders += own
    return contenders


def take_turns(
    scenes: Iterable[Scene | FailedInput], count: int, contenders: Sequence[Contender]
) -> tuple[list[Seen], list[FailedInput]]:
    """Show every picture to every contender, one after another.

    They take turns with each picture, so that what else runs on the machine slows all alike. Time
    is the processor's, of all threads together.

    Args:
        scenes: The pictures.
        count: How many there are.
        contenders: Who looks for faces.

    Returns:
        What came of each picture, and the pictures that could not be read, which are reported at
        once.
    """
    seen: list[Seen] = []
    unreadable: list[FailedInput] = []
    with _one_thread(), closing(with_progress(scenes, count)) as bar:
        # What is set up at the first look is no part of a detector's speed.
        blank = np.zeros((480, 640, 3), np.uint8)
        for contender in contenders:
            contender.faces.detect(blank)
        for scene in bar:
            if isinstance(scene, FailedInput):
                log.error("%s", scene.error)
                unreadable.append(scene)
            else:
                counts = tuple(_look(scene, contender.faces) for contender in contenders)
                seen.append(Seen(scene.case, scene.level, counts))
    return seen, unreadable


def _look(scene: Scene, detector: FaceDetector) -> Count:
    started = process_time()
    faces = detector.detect(scene.image)
    return Count.of(scene.boxes, faces, process_time() - started)


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)
