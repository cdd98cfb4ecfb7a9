"""Who is who from frame to frame.

People are expected where they were going to, and each face is assigned to the person that it most
likely is, as in SORT (Bewley et al. 2016, "Simple online and realtime tracking"). Likely is who
should be near there and looks like that: the Mahalanobis distance and the look beside it come from
DeepSORT (Wojke, Bewley and Paulus 2017). Unlike an overlap of boxes, they also tell how near a
small, fast face is to where it should be. That confident faces are assigned first, and doubtful
ones only carry on what is known, comes from ByteTrack (Zhang et al. 2022, "ByteTrack: multi-object
tracking by associating every detection box").

The likeliest pair is taken first, then the likeliest of the rest. The least sum of all, which the
Hungarian method finds, kept no more people apart where looks are part of the likelihood.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from age_pipeline.data import Box, Face, Image, require_confidence
from age_pipeline.face_look import Look, difference, look_at
from age_pipeline.face_motion import FaceMotion, Values, is_cut_off, measured

PATIENCE_S = 1.5
"""How long somebody may be out of sight and keep the number."""

_GHOST_PATIENCE_S = 0.5
_GHOST_HITS = 2
"""Whoever was seen no more often than that may have been nobody, and is soon forgotten: somebody
else would get the number."""

_UNLIKE = 0.8
"""Difference of looks beyond which a face is somebody else's, wherever it is: 0.6 is seldom between
two people, but a lamp that goes on changes one by as much."""

_LOOK_SPREAD = 0.2
"""Standard deviation of the difference between two looks at the same person."""

_UNKNOWN = 0.6
"""Difference that is supposed where one of two looks is not known: people may be that alike."""

_WORST = 20.0
"""Cost at which a face counts as a new person instead: as unlikely as a stranger of any size within
ten sizes of the face (13), who by chance looks like the person (7)."""

_PART = 0.7
"""A box with this much of its area inside a far larger face is a part of that face."""

_LOOK_MEMORY_S = 0.7
"""How long it takes to forget most of how somebody looked."""


@dataclass(frozen=True, slots=True)
class Track:
    """What is known of where one person was.

    Attributes:
        number: From 1.
        box: Around the face when last seen.
        first_s: When first seen, in seconds of the video.
        last_s: When last seen.
        hits: How often seen; ghosts seldom get beyond 2.
    """

    number: int
    box: Box
    first_s: float
    last_s: float
    hits: int


@dataclass(frozen=True, slots=True, eq=False)
class _Sight:
    """A face of the latest frame.

    Attributes:
        values: What `measured` gives for its box.
        look: None without a picture, and of a face that the picture's edge cuts off.
        is_doubtful: Whether it is too little to make a new person of: one of little confidence, or
            a part of another face.
    """

    box: Box
    values: Values
    look: Look | None
    is_doubtful: bool


class Tracker:
    """Numbers people from 1; no number is given twice.

    Args:
        min_confidence: A less confident face is never a new person, but it may be a known one.
            A face without a confidence counts as a confident one.

    Raises:
        ValueError: `min_confidence` is not from 0 to 1.
    """

    def __init__(self, min_confidence: float = 0.5) -> None:
        require_confidence(min_confidence)
        self._min_confidence = min_confidence
        self._known: list[_Known] = []
        self._last_number = 0
        self._now_s = -math.inf
        self._size: tuple[int, int] | None = None

    @property
    def tracks(self) -> Mapping[int, Track]:
        """By number, everybody who is in sight or may come back; who is not in it never will."""
        return {each.track.number: each.track for each in self._known}

    def update(
        self, faces: Sequence[Face], time_s: float, image: Image | None = None
    ) -> list[int | None]:
        """Say who each of the faces of a frame is.

        Args:
            faces: All that were found, in any order.
            time_s: Of the frame, in seconds. A time before the last one counts as the last one.
            image: The frame: who looks different is somebody else, and who crosses another is told
                apart. Not modified.

        Returns:
            The number of each face, in their order; None for a doubtful one that is nobody known.
        """
        self._pass_time(time_s)
        if image is not None:
            self._size = image.shape[1], image.shape[0]
        sights = self._sights(faces, image)
        numbers: dict[int, int] = {}
        for is_doubtful in (False, True):
            unseen = [each for each in self._known if each.track.number not in numbers.values()]
            wanted = [i for i, sight in enumerate(sights) if sight.is_doubtful == is_doubtful]
            for known, place in _assigned(unseen, [sights[index] for index in wanted]):
                known.see(sights[wanted[place]], self._now_s)
                numbers[wanted[place]] = known.track.number
        self._known = [
            each for each in self._known if self._now_s - each.track.last_s <= each.patience_s
        ]
        for index, sight in enumerate(sights):
            if index not in numbers and not sight.is_doubtful:
                self._last_number += 1
                self._known.append(_Known(self._last_number, sight, self._now_s))
                numbers[index] = self._last_number
        return [numbers.get(index) for index in range(len(faces))]

    def follow(self, boxes: Mapping[int, Box], time_s: float) -> None:
        """Take where people have gone to on a frame in which nobody looked for faces.

        That is no sight of anybody: who is only followed is forgotten as quickly.

        Args:
            boxes: By number. Those of people who are gone are passed over.
            time_s: Of the frame, in seconds, as in `update`.
        """
        self._pass_time(time_s)
        for each in self._known:
            box = boxes.get(each.track.number)
            if box is not None:
                values = measured(box, self._size)
                # A face that was cut off when last seen comes in; its box does not grow for that.
                was_cut_off = np.array_equal(values, measured(box))
                each.motion.see(values + each.hidden if was_cut_off else values)

    def _pass_time(self, time_s: float) -> None:
        if time_s > self._now_s:
            for each in self._known:
                each.motion.pass_time(time_s - self._now_s)
            self._now_s = time_s

    def _sights(self, faces: Sequence[Face], image: Image | None) -> list[_Sight]:
        sights = []
        for face in faces:
            look = None
            if image is not None and not is_cut_off(face.box, self._size):
                look = look_at(image, face.box)
            is_doubtful = _confidence(face) < self._min_confidence or any(
                _is_part(face, other) for other in faces
            )
            sights.append(_Sight(face.box, measured(face.box, self._size), look, is_doubtful))
        return sights


class _Known:
    """One person who is in sight or may come back."""

    def __init__(self, number: int, first: _Sight, time_s: float) -> None:
        self.track = Track(number, first.box, first_s=time_s, last_s=time_s, hits=1)
        self.motion = FaceMotion(first.values)
        self.hidden = first.values - measured(first.box)
        self.look = first.look

    @property
    def patience_s(self) -> float:
        return PATIENCE_S if self.track.hits > _GHOST_HITS else _GHOST_PATIENCE_S

    def see(self, sight: _Sight, time_s: float) -> None:
        self.motion.see(sight.values)
        self.hidden = sight.values - measured(sight.box)
        if self.look is None:
            self.look = sight.look
        elif sight.look is not None:
            kept = math.exp((self.track.last_s - time_s) / _LOOK_MEMORY_S)
            self.look = kept * self.look + (1 - kept) * sight.look
        self.track = replace(self.track, box=sight.box, last_s=time_s, hits=self.track.hits + 1)

    def difference(self, sight: _Sight) -> float:
        """How differently the two look; 0 where neither look is known."""
        if self.look is not None and sight.look is not None:
            return difference(self.look, sight.look)
        return 0.0 if self.look is sight.look else _UNKNOWN


def _confidence(face: Face) -> float:
    return 1.0 if face.confidence is None else face.confidence


def _is_part(face: Face, other: Face) -> bool:
    """Whether a face is nothing but a part of another one, as detectors sometimes see a mouth."""
    shared = face.box.intersection(other.box)
    return other.box.area > 2 * face.box.area and shared > _PART * face.box.area


def _assigned(known: Sequence[_Known], sights: Sequence[_Sight]) -> list[tuple[_Known, int]]:
    """Who is seen, and in the how manieth sight: the likeliest pair first."""
    if not known or not sights:
        return []
    costs = _costs(known, sights)
    pairs: list[tuple[_Known, int]] = []
    while costs.min() < _WORST:
        row, column = divmod(int(costs.argmin()), len(sights))
        pairs.append((known[row], column))
        costs[row] = costs[:, column] = np.inf
    return pairs


def _costs(known: Sequence[_Known], sights: Sequence[_Sight]) -> npt.NDArray[np.float64]:
    """Of each sight being of each person: minus the logarithm of how likely that is.

    A person who was long out of sight may be anywhere, and is therefore unlikely in any one place;
    without that part of the likelihood, those in sight would lose their faces to them.
    """
    expected = np.array([each.motion.expected for each in known])[:, None]
    spread = np.array([each.motion.spread for each in known])[:, None]
    vagueness = np.array([each.motion.vagueness for each in known])[:, None]
    seen = np.array([sight.values for sight in sights])[None]
    distances = np.square(seen - expected) / spread
    costs = np.asarray(distances.sum(axis=2) / 2 + vagueness, np.float64)
    for row, column in np.argwhere(costs < _WORST):
        unlike = known[row].difference(sights[column])
        costs[row, column] += np.inf if unlike > _UNLIKE else (unlike / _LOOK_SPREAD) ** 2 / 2
    return costs
