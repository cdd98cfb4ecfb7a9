"""People drawn into a picture: a box around each face and the age on a label at its edge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from age_pipeline.data import Box, Image, Person, require_image
from age_pipeline.label_layout import Label, LabelStyle, arrange_labels, picture_scale
from age_pipeline.labels import INTERVAL_LEVEL
from age_pipeline.lettering import write_line

Colour: TypeAlias = tuple[int, int, int]
"""Blue, green, red, each 0 to 255."""

GROUND: Colour = (0, 214, 255)
"""Of boxes and labels: brighter than skin and cloth, and seldom the colour of either."""

INK: Colour = (24, 16, 12)
"""Of the text, and of the hairline that sets boxes and labels off from a white wall."""


_INKED = np.rint(np.linspace(GROUND, INK, 256)).astype(np.uint8)
"""The colour of a label's pixel, by how much of it is ink, 0 to 255."""


def draw_people(
    image: Image,
    people: Sequence[Person],
    *,
    interval_level: float = INTERVAL_LEVEL,
    at_least: int | None = None,
    style: LabelStyle | None = None,
) -> Image:
    """Draw a box around each face and write the age at its edge.

    Lines and text grow with the picture and the face; `arrange_labels` says what is written and
    where. In a picture too small for any text there are boxes only.

    Args:
        image: Colour picture, uint8, shape (height, width, 3), blue-green-red. Not modified.
        people: Who was found in it.
        interval_level: The probability that the intervals on the labels hold.
        at_least: Also write P(age >= `at_least`) where there is room for whole labels.
        style: Of the labels of a video, which this is a frame of.

    Returns:
        A new picture of the same shape.
    """
    require_image(image)
    height, width = image.shape[:2]
    drawn = image.copy()
    for person in people:
        _draw_box(drawn, person.face.box)
    labels = arrange_labels(
        people,
        width=width,
        height=height,
        interval_level=interval_level,
        at_least=at_least,
        style=style,
    )
    for label_and_place in labels:
        if label_and_place is not None:
            _draw_label(drawn, *label_and_place)
    return drawn


def _draw_box(image: Image, box: Box) -> None:
    height, width = image.shape[:2]
    most = picture_scale(width, height) / 300
    thickness = max(1, round(min(most, box.width / 20, box.height / 20)))
    hairline = max(1, thickness // 3)
    _draw_edges(image, box, INK, thickness=hairline, outset=hairline)
    _draw_edges(image, box, GROUND, thickness=thickness)


def _draw_label(image: Image, label: Label, place: Box) -> None:
    mask = np.zeros((place.height, place.width), np.uint8)
    for line, baseline in zip(label.lines, label.baselines, strict=True):
        write_line(mask, line, label.text_size, middle=place.width / 2, baseline=baseline)
    image[place.top : place.bottom, place.left : place.right] = _INKED.take(mask, axis=0)
    _draw_edges(image, place, INK, thickness=max(1, label.text_size // 20))


def _draw_edges(image: Image, box: Box, colour: Colour, *, thickness: int, outset: int = 0) -> None:
    """Paint four lines just inside a box, or of a box larger by `outset` on each side."""
    left, top = box.left - outset, box.top - outset
    right, bottom = box.right + outset, box.bottom + outset
    pixel = np.array(colour, np.uint8)
    for line in (
        (left, top, right, top + thickness),
        (left, bottom - thickness, right, bottom),
        (left, top, left + thickness, bottom),
        (right - thickness, top, right, bottom),
    ):
        first_column, first_row, last_column, last_row = (max(edge, 0) for edge in line)
        image[first_row:last_row, first_column:last_column] = pixel
