"""How often the label of somebody changes in a video, and how often their number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from age_pipeline.data import Box, Person
from benchmarks.composed_clips import ComposedFrame
from benchmarks.video_loops import Loop, frame_of

FOUND = 0.4
"""Overlap (IoU) of a box with a face's true one from which it is that face's."""

PLAIN = 0.9
"""Part of a face that must be seen for its label to count."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one loop said of a clip.

    Attributes:
        changes: How often the bracket on a person's label changed from one frame to the next.
        switches: How often a person's number did.
        labels: How many labels there were to change: one for each person in each frame.
    """

    changes: int = 0
    switches: int = 0
    labels: int = 0

    def __add__(self, other: Said) -> Said:
        return Said(
            self.changes + other.changes,
            self.switches + other.switches,
            self.labels + other.labels,
        )

    def changes_a_minute(self, rate: float) -> float:
        """For each person and minute, at so many frames a second."""
        return 60 * rate * self.changes / self.labels if self.labels else 0.0


def said_of(loop: Loop, frames: Sequence[ComposedFrame]) -> Said:
    """How steadily a loop speaks of the people of a clip."""
    brackets: dict[str, str] = {}
    numbers: dict[str, int | None] = {}
    changes = switches = labels = 0
    for index, each in enumerate(frames):
        people = loop.find(frame_of(each, index))
        for name, truth in each.boxes.items():
            person = _nearest(people, truth)
            if person is None or each.seen[name] < PLAIN:
                continue
            labels += 1
            changes += brackets.get(name, person.age.bracket) != person.age.bracket
            switches += numbers.get(name, person.track) != person.track
            brackets[name], numbers[name] = person.age.bracket, person.track
    return Said(changes, switches, labels)


def _nearest(people: Sequence[Person], truth: Box) -> Person | None:
    best = max(people, key=lambda person: person.face.box.iou(truth), default=None)
    return best if best is not None and best.face.box.iou(truth) >= FOUND else None
