"""Which of the faces that are there a detector finds, and which of those it finds are none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from age_pipeline.data import Box, Face

SAME_FACE = 0.4
"""The intersection over union from which on a detector's box and the true one are of one face."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What a detector made of some pictures.

    Attributes:
        pictures: How many there were.
        faces: How many faces are in them.
        found: How many of these it found.
        false: How often it reported a face where none is, or one for the second time.
        seconds: What it took for all of the pictures.
    """

    pictures: int = 0
    faces: int = 0
    found: int = 0
    false: int = 0
    seconds: float = 0.0

    @property
    def missed(self) -> int:
        return self.faces - self.found

    @property
    def milliseconds(self) -> float:
        """What it took for a picture, on average."""
        return 1000 * self.seconds / self.pictures

    @classmethod
    def of(cls, boxes: Sequence[Box], faces: Sequence[Face], seconds: float) -> Self:
        """From one picture.

        Args:
            boxes: Around each face that is there.
            faces: What the detector reports.
            seconds: What it took.
        """
        found = matches(boxes, [face.box for face in faces])
        false = len(faces) - found
        return cls(pictures=1, faces=len(boxes), found=found, false=false, seconds=seconds)

    @classmethod
    def total(cls, counts: Iterable[Count]) -> Self:
        """Of all of them together."""
        each = list(counts)
        return cls(
            pictures=sum(count.pictures for count in each),
            faces=sum(count.faces for count in each),
            found=sum(count.found for count in each),
            false=sum(count.false for count in each),
            seconds=sum(count.seconds for count in each),
        )


def matches(true: Sequence[Box], reported: Sequence[Box]) -> int:
    """How many pairs of one true and one reported box there are.

    Of all pairs that overlap by `SAME_FACE`, the one that overlaps most is taken first; no box is
    in two pairs.
    """
    overlaps = (
        (box.iou(other), row, column)
        for row, box in enumerate(true)
        for column, other in enumerate(reported)
    )
    rows, columns = set(range(len(true))), set(range(len(reported)))
    for overlap, row, column in sorted(overlaps, reverse=True):
        if overlap >= SAME_FACE and row in rows and column in columns:
            rows.remove(row)
            columns.remove(column)
    return len(true) - len(rows)
