"""Pictures with one face that is hard to find in a known way, and pictures without any.

Each hardship is shown by each portrait in images/ before two backgrounds. A portrait stands in the
same place every time, as far as its size lets it, so that only the hardship differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product

import cv2
import numpy as np

from age_pipeline.data import Box
from benchmarks.composed_clips import (
    FACES,
    Background,
    Clip,
    ComposedFrame,
    Pose,
    compose,
    gradient,
    textured,
)
from benchmarks.face_boxes import NOBODY, Scene
from benchmarks.faceless_pictures import FACELESS

WIDTH, HEIGHT = 640, 480

USUAL_HEIGHT = 110
"""Of a face whose size is not the hardship, in pixels: every detector finds it."""

_SEED = 6

_Part = tuple[float, float, float, float]
"""Left, top, right and bottom, as parts of a face's width and height."""

_COVERS: dict[str, _Part] = {
    "mouth": (0, 0.62, 1, 1.02),
    "eyes": (0, 0.2, 1, 0.5),
    "one half": (0, 0, 0.5, 1),
}


@dataclass(frozen=True, slots=True)
class _Hardship:
    """What makes a face hard to find.

    Attributes:
        case: See `Scene`.
        level: Likewise.
        height: Of the face, in pixels.
        fills: Whether the picture ends where the face does.
        roll: See `Pose`.
        squeeze: Likewise.
        blur: Standard deviation of what each pixel is spread by, in heights of the face.
        light: By what the brightness is multiplied.
        cover: What a bar hides.
    """

    case: str
    level: str
    height: float = USUAL_HEIGHT
    fills: bool = False
    roll: float = 0.0
    squeeze: float = 1.0
    blur: float = 0.0
    light: float = 1.0
    cover: _Part | None = None


_HARDSHIPS = (
    *(
        _Hardship("height in pixels", f"{height}", height=height)
        for height in (20, 30, 45, 70, 110, 170, 260)
    ),
    _Hardship("height in pixels", "fills the picture", height=HEIGHT, fills=True),
    *(_Hardship("roll in degrees", f"{roll}", roll=roll) for roll in (10, 20, 30, 45, 60, 90, 180)),
    *(
        _Hardship("width narrowed to", f"{squeeze}", squeeze=squeeze)
        for squeeze in (0.85, 0.7, 0.55, 0.4)
    ),
    *(
        _Hardship("blur in heights of the face", f"{blur}", blur=blur)
        for blur in (0.02, 0.04, 0.06, 0.08)
    ),
    *(_Hardship("brightness times", f"{light}", light=light) for light in (0.3, 0.15, 0.08, 0.04)),
    *(_Hardship("hidden", part, cover=cover) for part, cover in _COVERS.items()),
)


@dataclass(frozen=True, slots=True)
class _Plan:
    """One scene before it is made.

    Attributes:
        hardship: What it shows.
        portrait: Whose face.
        background: Behind it.
        place: Of the face, across and down: -1 and 1 are as near the edges as its size allows.
    """

    hardship: _Hardship
    portrait: str
    background: Callable[[int, int], Background]
    place: tuple[float, float]


class ComposedScenes:
    """All of them, made one by one while they are iterated; the same ones every time."""

    def __init__(self) -> None:
        sights = list(product(FACES, (gradient, textured)))
        places = np.random.default_rng(_SEED).uniform(-1, 1, (len(sights), 2)).tolist()
        self._plans = [
            _Plan(hardship, portrait, background, (across, down))
            for hardship in _HARDSHIPS
            for (portrait, background), (across, down) in zip(sights, places, strict=True)
            # What fills the picture has nothing behind it.
            if not (hardship.fills and background is textured)
        ]

    def __len__(self) -> int:
        return len(self._plans) + len(FACELESS)

    def __iter__(self) -> Iterator[Scene]:
        yield from map(_scene, self._plans)
        for name, draw in FACELESS.items():
            yield Scene(NOBODY, name, draw(WIDTH, HEIGHT), ())


def _scene(plan: _Plan) -> Scene:
    hardship = plan.hardship
    # From the middle of any face to any edge there are 0.6 heights at most, however it is turned.
    x, y = (
        side / 2 + max(side / 2 - 0.6 * hardship.height, 0) * part
        for side, part in zip((WIDTH, HEIGHT), plan.place, strict=True)
    )
    pose = Pose(x, y, hardship.height, hardship.roll, hardship.squeeze)
    clip = Clip(
        plan.background(WIDTH, HEIGHT),
        {plan.portrait: lambda _: pose},
        duration_s=1,
        light=lambda _: hardship.light,
        portrait_height=hardship.height,
    )
    frame = _still(clip)
    box = frame.boxes[plan.portrait]
    if hardship.cover is not None:
        frame = _still(replace(clip, bars=[_part(box, hardship.cover)]))
    image = frame.image
    if hardship.blur:
        sigma = hardship.blur * hardship.height
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)
    if hardship.fills:
        image = np.ascontiguousarray(image[box.top : box.bottom, box.left : box.right])
        box = Box(0, 0, box.width, box.height)
    return Scene(hardship.case, hardship.level, image, (box,))


def _still(clip: Clip) -> ComposedFrame:
    return next(compose(clip, frame_rate=1))


def _part(box: Box, part: _Part) -> Box:
    left, top, right, bottom = part
    return Box(
        round(box.left + left * box.width),
        round(box.top + top * box.height),
        round(box.left + right * box.width),
        round(box.top + bottom * box.height),
    )
