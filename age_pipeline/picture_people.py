"""The people in many pictures, looked for in several pictures at once."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import partial
from typing import TypeAlias

from age_pipeline.copies import Copies
from age_pipeline.data import FailedInput
from age_pipeline.errors import InputError
from age_pipeline.in_order import InOrder
from age_pipeline.picture_reading import BYTES_A_PIXEL, OpenedPicture, open_picture
from age_pipeline.sources import PictureInput
from age_pipeline.stages import AgeDetector, FaceDetector, find_people
from age_pipeline.writers import Ready, Sinks

Stages: TypeAlias = tuple[FaceDetector | None, AgeDetector]

_ROOM = 100_000_000 * BYTES_A_PIXEL
"""Beside the largest picture: as many pixels as eight photographs of a telephone have."""

_AHEAD = 100
"""How many pictures may be looked at before their turn, where a picture of many looks keeps the
others waiting; they wait as what is written of them, which is small."""

log = logging.getLogger("detect_age")


def look_at_pictures(
    inputs: Iterable[PictureInput], stages: Copies[Stages], sinks: Sinks, *, jobs: int
) -> InOrder[OpenedPicture, Ready]:
    """Read pictures, find the people in them, and prepare what is written of them.

    Args:
        inputs: The pictures.
        stages: Finds the people.
        sinks: Prepare the results; nothing is written before `Ready.write`.
        jobs: How many pictures are looked at at once.
    """
    look = partial(_look_at, stages, sinks)
    return InOrder(map(open_picture, inputs), look, jobs=jobs, room=_ROOM, ahead=max(jobs, _AHEAD))


def _look_at(stages: Copies[Stages], sinks: Sinks, opened: OpenedPicture) -> Ready:
    item = opened.decode()
    if isinstance(item, FailedInput):
        return Ready(partial(_fail, item, sinks))
    try:
        with stages.lent() as (faces, ages):
            people = find_people(item, faces, ages)
    except InputError as error:
        # A new one: the traceback of this one holds on to the pixels.
        failed = FailedInput(item.name, InputError(error.kind, str(error)))
        return Ready(partial(_fail, failed, sinks))
    ready = sinks.prepare(item, people)
    return ready if people else Ready(partial(_write_empty, item.name, ready), ready.weight)


def _fail(failed: FailedInput, sinks: Sinks) -> None:
    log.error("%s", failed.error)
    sinks.fail(failed)


def _write_empty(name: str, ready: Ready) -> None:
    log.info("%s: no face found", name)
    ready.write()
