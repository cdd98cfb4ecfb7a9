"""How often the label of somebody changes in a video, and how often their number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from age_pipeline.data import Box, Person
from age_pipeline.tracking import PATIENCE_S
from benchmarks.composed_clips import ComposedFrame
from benchmarks.video_loops import Loop, frame_of

FOUND = 0.4
"""Overlap (IoU) of a box with a face's true one from which it is that face's."""

PLAIN = 0.9
"""Part of a face that must be seen for its label to count."""


GONE_S = PATIENCE_S
"""Who was out of sight for longer than this counts as somebody new, and so does who left."""


class Mistakes:
    """Counts how often a number means another person than before, or a person has another one."""

    def __init__(self) -> None:
        self.count = 0
        self._numbers: dict[str, int] = {}
        self._names: dict[int, str] = {}

    def add(self, names: Iterable[str], numbers: Iterable[int | None]) -> None:
        """Take who is who in the next frame; a face without a number is passed over."""
        for name, number in zip(names, numbers, strict=True):
            if number is None:
                continue
            is_known = self._numbers.setdefault(name, number) == number
            is_own = self._names.setdefault(number, name) == name
            self.count += not (is_known and is_own)
            self._numbers[name], self._names[number] = number, name

    def has_gone(self, name: str) -> None:
        """Whoever comes by that name next may have another number."""
        self._numbers.pop(name, None)


@dataclass(frozen=True, slots=True)
class Said:
    """What one loop said of a clip.

    Attributes:
        changes: How often the bracket on a person's label changed from one frame to the next.
        switches: How often a person's number did, or a number's person.
        labels: How many labels there were: one for each person that was told in each frame.
        faces: How many there should have been.
    """

    changes: int = 0
    switches: int = 0
    labels: int = 0
    faces: int = 0

    def __add__(self, other: Said) -> Said:
        return Said(
            self.changes + other.changes,
            self.switches + other.switches,
            self.labels + other.labels,
            self.faces + other.faces,
        )

    def changes_a_minute(self, rate: float) -> float:
        """For each person and minute, at so many frames a second."""
        return 60 * rate * self.changes / self.labels if self.labels else 0.0


def said_of(loop: Loop, frames: Sequence[ComposedFrame]) -> Said:
    """How steadily a loop speaks of the people of a clip."""
    brackets: dict[str, str] = {}
    last_s: dict[str, float] = {}
    mistakes = Mistakes()
    changes = labels = faces = 0
    for index, each in enumerate(frames):
        people = loop.find(frame_of(each, index))
        for name in last_s.keys() - each.boxes.keys():
            mistakes.has_gone(name)
        for name, truth in each.boxes.items():
            if each.seen[name] < PLAIN:
                continue
            faces += 1
            person = _nearest(people, truth)
            if person is None:
                continue
            if each.time_s - last_s.get(name, each.time_s) > GONE_S:
                mistakes.has_gone(name)
            labels += 1
            changes += brackets.get(name, person.age.bracket) != person.age.bracket
            mistakes.add([name], [person.track])
            brackets[name], last_s[name] = person.age.bracket, each.time_s
    return Said(changes, mistakes.count, labels, faces)


def _nearest(people: Sequence[Person], truth: Box) -> Person | None:
    best = max(people, key=lambda person: person.face.box.iou(truth), default=None)
    return best if best is not None and best.face.box.iou(truth) >= FOUND else None
