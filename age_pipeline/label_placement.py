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

_Sizes: TypeAlias = npt.NDArray[np.float64]
"""Labels as rows of width, height and room in pixels."""

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

_AT_ONCE = 16
"""How many labels are weighed at once: for a whole crowd that would take more than the processor's
cache, and in the end more than the memory."""

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
    sizes = np.array([(each.width, each.height, each.room) for each in labels], dtype=np.float64)
    sizes = sizes.reshape(-1, 3)
    fitting = np.flatnonzero((sizes[:, 0] <= width) & (sizes[:, 1] <= height))
    candidates = _candidates(boxes[fitting], sizes[fitting], width, height)
    fixed = np.concatenate(
        [
            _fixed_costs(candidates[part], boxes, fitting[part], sizes[fitting[part]])
            for part in _parts(len(fitting))
        ]
    )
    chosen = np.zeros_like(boxes)
    # Whoever has the fewest good places chooses first: the others can make way.
    for place in np.argsort((fixed < _GOOD).sum(axis=1), kind="stable"):
        covered = _covered(candidates[place], chosen).sum(axis=1)
        best = np.argmin(fixed[place] + _COVERING * covered)
        chosen[fitting[place]] = candidates[place, best]
    places: list[Box | None] = [None] * len(faces)
    for number in fitting.tolist():
        places[number] = Box(*(int(edge) for edge in chosen[number]))
    is_clash = np.concatenate(
        [_are_clashes(chosen, boxes, part, sizes[part, 2]) for part in _parts(len(faces))]
    )
    is_clash[[place is None for place in places]] = True
    return Placement(tuple(places), tuple(np.flatnonzero(is_clash).tolist()))


def _candidates(boxes: _Rectangles, sizes: _Sizes, width: int, height: int) -> _Rectangles:
    """The places that each label may have, the most welcome first, pushed into the picture.

    Returns:
        Shape (labels, places, 4).
    """
    left, top, right, bottom = boxes.T
    wide, high, _ = sizes.T
    above, before, last, under = top - high, left - wide, right - wide, bottom - high
    middle, halfway = (left + last) // 2, (top + under) // 2
    corners = np.array(
        [
            (middle, bottom),
            (middle, above),
            (left, bottom),
            (last, bottom),
            (left, above),
            (last, above),
            (right, under),
            (before, under),
            (right, top),
            (before, top),
            (right, halfway),
            (before, halfway),
            (middle, under),
            (middle, top),
        ]
    ).transpose(2, 0, 1)
    extents = sizes[:, None, :2]
    corners = np.clip(corners, 0, np.array((width, height)) - extents)
    return np.concatenate([corners, corners + extents], axis=2)


def _fixed_costs(
    candidates: _Rectangles, boxes: _Rectangles, own: npt.NDArray[np.intp], sizes: _Sizes
) -> npt.NDArray[np.float64]:
    """What each place of each label costs wherever the other labels are.

    Args:
        candidates: The places, shape (labels, places, 4).
        boxes: Of all faces.
        own: The number of each label's own face.
        sizes: Of the labels.

    Returns:
        Shape (labels, places).
    """
    covered = _covered(candidates, boxes)
    reach = np.ones(candidates.shape[:2])
    reach[:, _BESIDE] = sizes[:, 1, None] / 3
    touching = _common(_grown(candidates, np.maximum(reach, sizes[:, 2, None])), boxes) > 0
    labels = np.arange(len(own))
    covered[labels, :, own] = touching[labels, :, own] = 0
    hiding_own = _common(candidates, boxes[own, None])[..., 0] / _areas(boxes[own])[:, None]
    preference = np.arange(candidates.shape[1]) / 1000
    return np.asarray(
        _COVERING * covered.sum(axis=2)
        + _HIDING_OWN * hiding_own
        + _TOUCHING * touching.sum(axis=2)
        + preference
    )


def _are_clashes(
    chosen: _Rectangles, boxes: _Rectangles, part: slice, rooms: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Which of some labels have another face or label in their room, or hide much of their face.

    Args:
        chosen: The places of all labels.
        boxes: Of all faces.
        part: Which labels are asked about.
        rooms: How much room each of these wants.
    """
    reached = _grown(chosen[part], rooms)
    is_near = (_common(reached, boxes) > 0) | (_common(reached, chosen) > 0)
    labels = np.arange(len(rooms))
    is_near[labels, labels + part.start] = False
    hidden = _common(chosen[part, None], boxes[part, None])[:, 0, 0] / _areas(boxes[part])
    return np.asarray(is_near.any(axis=1) | (hidden > _MOST_OF_OWN))


def _parts(count: int) -> list[slice]:
    """Which of so many labels are weighed together: an empty part where there are none."""
    return [slice(first, first + _AT_ONCE) for first in range(0, max(count, 1), _AT_ONCE)]


def _grown(rectangles: _Rectangles, by: npt.NDArray[np.float64]) -> _Rectangles:
    return np.asarray(rectangles + by[..., None] * np.array((-1, -1, 1, 1)))


def _common(some: _Rectangles, others: _Rectangles) -> npt.NDArray[np.float64]:
    """How many pixels each of `some` shares with each of `others`.

    Args:
        some: Shape (..., some, 4).
        others: Shape (others, 4), or with what stands before the last two sides of `some`.

    Returns:
        Shape (..., some, others).
    """
    left, top, right, bottom = (some[..., edge, None] for edge in range(4))
    lefts, tops, rights, bottoms = (others[..., None, :, edge] for edge in range(4))
    across = np.minimum(right, rights) - np.maximum(left, lefts)
    down = np.minimum(bottom, bottoms) - np.maximum(top, tops)
    return np.asarray(np.maximum(across, 0) * np.maximum(down, 0))


def _covered(some: _Rectangles, others: _Rectangles) -> npt.NDArray[np.float64]:
    """How much of the smaller of each two is covered by the other, 0 to 1."""
    smaller = np.minimum(_areas(some)[..., None], _areas(others))
    return _common(some, others) / np.maximum(smaller, 1)


def _areas(rectangles: _Rectangles) -> npt.NDArray[np.float64]:
    left, top, right, bottom = (rectangles[..., edge] for edge in range(4))
    return np.asarray((right - left) * (bottom - top))
