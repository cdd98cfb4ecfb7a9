"""Where labels go in a picture so that they cover neither a face nor one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from age_pipeline.data import Box

_Rectangles: TypeAlias = npt.NDArray[np.float64]
"""Rectangles as rows of left, top, right, bottom in pixels."""

_COVERING = 100.0
"""Cost of covering the whole of another face or label."""

_HIDING_OWN = 10.0
"""Cost of covering the whole of the face that the label belongs to."""

_TOUCHING = 4.0
"""Cost of coming so near to another face that the label might be thought to be of that face."""

_BESIDE = slice(6, 12)
"""Which candidates lie beside the face. They must keep farther from the next face than the others:
between two faces it would be anybody's label."""

_MOST_OF_OWN = 0.3
"""The share of its own face that a label may cover, as it must where a face fills the picture."""

_GOOD = 1.0
"""A place that costs less covers nobody and has no other face beside it."""


@dataclass(frozen=True, slots=True)
class LabelSize:
    """How large a label is, in pixels.

    Attributes:
        width, height: Of the label itself.
        room: How far other faces and labels should keep away from it.
    """

    width: int
    height: int
    room: int = 0


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the labels of one picture go.

    Attributes:
        places: One per face, inside the picture; None where the label is larger than the picture.
        clashes: Numbers of the labels that have no place, have another face or label in their
            room, or hide much of their own face.
    """

    places: tuple[Box | None, ...]
    clashes: tuple[int, ...]


def place_labels(
    faces: Sequence[Box], labels: Sequence[LabelSize], *, width: int, height: int
) -> Placement:
    """Put each label at an edge of its face: below, above, beside, or inside as the last resort.

    Args:
        faces: The boxes that the labels belong to.
        labels: How large each label is.
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
    """
    edges = [(face.left, face.top, face.right, face.bottom) for face in faces]
    boxes = np.array(edges, dtype=np.float64).reshape(-1, 4)
    fitting = [
        number
        for number, label in enumerate(labels)
        if label.width <= width and label.height <= height
    ]
    candidates = {
        number: _candidates(boxes[number], labels[number], width, height) for number in fitting
    }
    fixed = {
        number: _fixed_costs(candidates[number], boxes, number, labels[number])
        for number in fitting
    }
    chosen = np.zeros_like(boxes)
    # Whoever has the fewest good places chooses first: the others can make way.
    for number in sorted(fitting, key=lambda number: int((fixed[number] < _GOOD).sum())):
        covered = _covered(candidates[number], chosen).sum(axis=1)
        chosen[number] = candidates[number][np.argmin(fixed[number] + _COVERING * covered)]
    places: list[Box | None] = [None] * len(faces)
    for number in fitting:
        places[number] = Box(*(int(edge) for edge in chosen[number]))
    clashes = [
        number
        for number, place in enumerate(places)
        if place is None or _clashes(chosen, boxes, number, labels[number].room)
    ]
    return Placement(tuple(places), tuple(clashes))


def _candidates(
    box: npt.NDArray[np.float64], label: LabelSize, width: int, height: int
) -> _Rectangles:
    """The places that a label may have, the most welcome first, pushed into the picture."""
    left, top, right, bottom = box
    above, before, last = top - label.height, left - label.width, right - label.width
    middle, halfway = (left + last) // 2, (top + bottom - label.height) // 2
    corners = np.array(
        [
            (middle, bottom),
            (middle, above),
            (left, bottom),
            (last, bottom),
            (left, above),
            (last, above),
            (right, bottom - label.height),
            (before, bottom - label.height),
            (right, top),
            (before, top),
            (right, halfway),
            (before, halfway),
            (middle, bottom - label.height),
            (middle, top),
        ]
    )
    corners = np.clip(corners, 0, (width - label.width, height - label.height))
    return np.hstack([corners, corners + np.array((label.width, label.height))])


def _fixed_costs(
    candidates: _Rectangles, boxes: _Rectangles, own: int, label: LabelSize
) -> npt.NDArray[np.float64]:
    """What each place of one label costs wherever the other labels are."""
    covered = _covered(candidates, boxes)
    reach = np.ones((len(candidates), 1))
    reach[_BESIDE] = label.height / 3
    touching = _common(_grown(candidates, np.maximum(reach, label.room)), boxes) > 0
    covered[:, own] = touching[:, own] = 0
    hiding_own = _common(candidates, boxes[own, None])[:, 0] / _areas(boxes)[own]
    preference = np.arange(len(candidates)) / 1000
    return np.asarray(
        _COVERING * covered.sum(axis=1)
        + _HIDING_OWN * hiding_own
        + _TOUCHING * touching.sum(axis=1)
        + preference
    )


def _clashes(chosen: _Rectangles, boxes: _Rectangles, own: int, room: int) -> bool:
    place = chosen[own, None]
    on_faces, on_labels = (_common(_grown(place, room), others)[0] for others in (boxes, chosen))
    on_faces[own] = on_labels[own] = 0
    hidden = _common(place, boxes[own, None])[0, 0] / _areas(boxes)[own]
    return bool(on_faces.any() or on_labels.any() or hidden > _MOST_OF_OWN)


def _grown(rectangles: _Rectangles, by: float | npt.NDArray[np.float64]) -> _Rectangles:
    return np.asarray(rectangles + by * np.array((-1, -1, 1, 1)))


def _common(some: _Rectangles, others: _Rectangles) -> npt.NDArray[np.float64]:
    """How many pixels each of `some` shares with each of `others`, shape (some, others)."""
    across = np.minimum(some[:, None, 2], others[:, 2]) - np.maximum(some[:, None, 0], others[:, 0])
    down = np.minimum(some[:, None, 3], others[:, 3]) - np.maximum(some[:, None, 1], others[:, 1])
    return np.asarray(np.maximum(across, 0) * np.maximum(down, 0))


def _covered(some: _Rectangles, others: _Rectangles) -> npt.NDArray[np.float64]:
    """How much of the smaller of each two is covered by the other, 0 to 1."""
    smaller = np.minimum(_areas(some)[:, None], _areas(others))
    return _common(some, others) / np.maximum(smaller, 1)


def _areas(rectangles: _Rectangles) -> npt.NDArray[np.float64]:
    return np.asarray((rectangles[:, 2] - rectangles[:, 0]) * (rectangles[:, 3] - rectangles[:, 1]))
