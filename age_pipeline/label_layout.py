"""What each label in a picture says, how large, and where: as much as the picture has room for."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from age_pipeline.data import Box, Person
from age_pipeline.label_placement import LabelSize, place_labels
from age_pipeline.labels import INTERVAL_LEVEL, label_forms
from age_pipeline.lettering import digit_height, line_width

SMALLEST_TEXT = 10
"""Pixels; below that the digits run together."""

_ALIKE = 1.3
"""Faces up to this much taller than one whose label must say less count as being of its size."""


@dataclass(frozen=True, slots=True)
class Label:
    """Lines of text in one size.

    Attributes:
        lines: ASCII text, at least one line.
        text_size: Of the font, in pixels.
    """

    lines: tuple[str, ...]
    text_size: int

    @property
    def baselines(self) -> list[int]:
        """The height at which each line of digits stands, in pixels from the label's top."""
        first = self._padding + digit_height(self.text_size)
        return [first + number * self._line_height for number in range(len(self.lines))]

    @property
    def size(self) -> LabelSize:
        """A label of several lines wants room around it: it must be plain whose it is."""
        width = max(line_width(line, self.text_size) for line in self.lines)
        room = self.text_size if len(self.lines) > 1 else 0
        return LabelSize(width + 2 * self._padding, self.baselines[-1] + self._padding, room)

    @property
    def _padding(self) -> int:
        return round(self.text_size * 0.28)

    @property
    def _line_height(self) -> int:
        return round(self.text_size * 1.15)


class LabelStyle:
    """How the labels of a video look: no other way from one frame to the next.

    They are as brief as any frame of the last `HOLD_S` needed. How much there is room for is tried
    again every `TRY_S`. Text keeps its size while the face's changes by less than `SAME_SIZE`.

    Attributes:
        is_tried_again: Whether it is on this frame.
    """

    HOLD_S = 2.0
    TRY_S = 0.25
    SAME_SIZE = 0.15

    def __init__(self) -> None:
        self._needed: deque[tuple[float, int]] = deque()
        self._now_s = 0.0
        self._tried_s = -math.inf
        self._heights: dict[int, int] = {}
        self._next_heights: dict[int, int] = {}
        self.is_tried_again = True

    @property
    def brevity(self) -> int:
        """From which of the forms that a label may have on one is chosen; 0 has all to say."""
        return max((brevity for _, brevity in self._needed), default=0)

    def next_frame(self, time_s: float) -> None:
        """Begin the frame at this time, in seconds of the video."""
        self._now_s = time_s
        self._heights, self._next_heights = self._next_heights, {}
        while self._needed and not 0 <= time_s - self._needed[0][0] < self.HOLD_S:
            self._needed.popleft()
        self.is_tried_again = not 0 <= time_s - self._tried_s < self.TRY_S
        if self.is_tried_again:
            self._tried_s = time_s

    def height_of(self, person: Person) -> int:
        """The height of the face that the label is measured by, in pixels."""
        height = person.face.box.height
        if person.track is not None:
            held = self._heights.get(person.track, height)
            if abs(math.log(height / held)) < self.SAME_SIZE:
                height = held
            self._next_heights[person.track] = height
        return height

    def took(self, brevity: int) -> None:
        """Say how brief the briefest label of this frame had to be."""
        self._needed.append((self._now_s, brevity))


def arrange_labels(
    people: Sequence[Person],
    *,
    width: int,
    height: int,
    interval_level: float = INTERVAL_LEVEL,
    at_least: int | None = None,
    style: LabelStyle | None = None,
) -> list[tuple[Label, Box] | None]:
    """Choose a label and its place for each person.

    Each begins with all there is to say. Where that cannot be kept off the others, it says less
    or says it smaller, together with all labels on faces of that size or below: a crowd looks of
    a piece, and a face in front keeps its whole label.

    Args:
        people: Faces and ages.
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        interval_level: The probability that the intervals on the labels hold.
        at_least: Also say P(age >= `at_least`) on whole labels.
        style: How briefly the labels of a video speak: none says more. It is told what is needed.

    Returns:
        One per person, in their order; None where the picture is too small for any label.
    """
    faces = [person.face.box for person in people]
    heights = [(style or LabelStyle()).height_of(person) for person in people]
    choices = [
        _choices(
            label_forms(person.age, interval_level, at_least, person.track),
            face_height=face_height,
            scale=picture_scale(width, height),
        )
        for person, face_height in zip(people, heights, strict=True)
    ]

    def arranged(start: int) -> tuple[list[tuple[Label, Box] | None], int]:
        """From this choice on; and the last choice that had to be made."""
        chosen = [min(start, len(each) - 1) for each in choices]
        while True:
            labels = [choices[number][choice] for number, choice in enumerate(chosen)]
            sizes = [label.size for label in labels]
            placement = place_labels(faces, sizes, width=width, height=height)
            wordy = [n for n in placement.clashes if chosen[n] + 1 < len(choices[n])]
            if not wordy:
                break
            tallest = _ALIKE * max(heights[number] for number in wordy)
            for number, face_height in enumerate(heights):
                if face_height <= tallest:
                    chosen[number] = min(chosen[number] + 1, len(choices[number]) - 1)
        places = [
            None if place is None else (label, place)
            for label, place in zip(labels, placement.places, strict=True)
        ]
        return places, max(chosen, default=start)

    if style is None:
        return arranged(0)[0]
    if style.is_tried_again:
        style.took(arranged(0)[1])
    places, brevity = arranged(style.brevity)
    if brevity > style.brevity:
        style.took(brevity)
    return places


def picture_scale(width: int, height: int) -> float:
    """The length that lines and text grow with, in pixels: a picture is shown whole, and shrunk."""
    return math.sqrt(width * height)


def _choices(forms: tuple[tuple[str, ...], ...], *, face_height: int, scale: float) -> list[Label]:
    """The labels that one face may have, the most welcome first.

    All faces have as many, so that those of one number are of a piece. The last is measured by the
    face alone: right for somebody who looks closely at a crowd.
    """
    size = min(max(face_height * 0.16, scale / 72), scale / 28)
    whole, *short = forms
    wanted = [(whole, size), *((lines, size * share) for lines in short for share in (1, 0.8))]
    wanted.append((short[-1], min(size * 0.8, face_height * 0.3)))
    return [Label(lines, max(round(size), SMALLEST_TEXT)) for lines, size in wanted]
