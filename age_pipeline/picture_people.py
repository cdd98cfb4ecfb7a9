"""The people in many pictures, looked for in several pictures at once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from age_pipeline.data import FailedInput
from age_pipeline.errors import InputError
from age_pipeline.in_order import InOrder
from age_pipeline.picture_reading import OpenedPicture, open_picture
from age_pipeline.sinks import Sinks
from age_pipeline.sources import PictureInput
from age_pipeline.stages import AgeDetector, FaceDetector, find_people

_ROOM = 1_600_000_000
"""In bytes, beside the largest picture: eight photographs of a telephone."""

_AHEAD = 100
"""How many pictures may be looked at before their turn, where a picture of many looks keeps the
others waiting; they wait as what is written of them, which is small."""

Write: TypeAlias = Callable[[], None]
"""Writes the result of one picture."""

log = logging.getLogger("detect_age")


@dataclass(frozen=True, slots=True)
class Desk:
    """What pictures are looked at with.

    Attributes:
        faces: Finds the faces; None where each picture is one.
        ages: Tells their ages.
        sinks: Prepare what is written of them.
    """

    faces: FaceDetector | None
    ages: AgeDetector
    sinks: Sinks


def look_at_pictures(
    inputs: Iterable[PictureInput], desk: Future[Desk], *, jobs: int
) -> InOrder[OpenedPicture, Write]:
    """Read pictures, find the people in them, and prepare what is written of them.

    Args:
        inputs: The pictures.
        desk: The first pictures are decoded while it is made. Once it is cancelled, nobody waits
            for it.
        jobs: How many pictures are looked at at once.

    Returns:
        What writes the result of each picture. Ages are known before annotated copies are made,
        and so they are told before.
    """
    look = partial(_look_at, desk)
    return InOrder(map(open_picture, inputs), look, jobs=jobs, room=_ROOM, ahead=max(jobs, _AHEAD))


def _look_at(wanted: Future[Desk], opened: OpenedPicture, give: Callable[[Write], None]) -> int:
    item = opened.decode()
    desk = wanted.result()
    if isinstance(item, FailedInput):
        give(partial(_fail, item, desk.sinks))
        return 0
    try:
        people = find_people(item, desk.faces, desk.ages)
    except InputError as error:
        # A new one: the traceback of this one holds on to the pixels.
        failed = FailedInput(item.name, InputError(error.kind, str(error)))
        give(partial(_fail, failed, desk.sinks))
        return 0
    begun = desk.sinks.begin()
    give(begun.write if people else partial(_write_empty, item.name, begun.write))
    return begun.prepare(item, people)


def _fail(failed: FailedInput, sinks: Sinks) -> None:
    log.error("%s", failed.error)
    sinks.fail(failed)


def _write_empty(name: str, write: Write) -> None:
    log.info("%s: no face found", name)
    write()
