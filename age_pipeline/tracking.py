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
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from age_pipeline.data import Box, Face, Image, require_confidence
from age_pipeline.face_appearance import Appearance, appearance, difference
from age_pipeline.face_motion import FaceMotion, Values, is_cut_off, measured

PATIENCE_S = 1.5
"""How long somebody may be out of sight and keep the number."""

_GHOST_PATIENCE_S = 0.5
_GHOST_HITS = 2
"""Whoever was seen no more often than that may have been nobody, and is soon forgotten."""

LONGEST_GAP_S = 5.0
"""After so long without any frame, nobody is expected anywhere: everybody in sight is new."""

ONE_MISS = 1.25
"""Pauses between two looks for faces that nobody is forgotten for: once missed is not gone."""

_UNLIKE = 0.8
"""Difference of looks beyond which a face is somebody else's, wherever it is: a lamp that goes on
may change one person by 0.6, as much as two people in one room often differ by."""

_UNLIKE_AFTER_CUT = 0.45
"""The same where everything has changed since the frame before: another person may sit in the same
place. One whose head is turned or nearer differs by 0.3 at most."""

_LOOK_SPREAD = 0.2
"""Standard deviation of the difference between two looks at the same person."""

_UNKNOWN = 0.6
"""Difference that is supposed where a look is not known: people may be that alike."""

_WORST = 20.0
"""Cost at which a face counts as a new person instead: as unlikely as a stranger of any size within
ten sizes of the face (13), who by chance looks like the person (7)."""

_PART = 0.25
"""A box with this much of its area inside a far larger face is a part of that face, or of its hair:
neighbours in group photographs share a hundredth."""

_SAME_FACE = 0.3
"""Intersection over union above which the less confident of two boxes is no new person."""

_LOOK_MEMORY_S = 0.7
"""How long it takes to forget most of how somebody looked."""


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
    look: Appearance | None
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
        self._known: list[_Track] = []
        self._last_number = 0
        self._now_s = self._updated_s = -math.inf
        self._size: tuple[int, int] | None = None

    @property
    def numbers(self) -> set[int]:
        """Of everybody who is in sight or may come back; who is not among them never will."""
        return {each.number for each in self._known}

    def update(
        self,
        faces: Sequence[Face],
        time_s: float,
        image: Image | None = None,
        *,
        is_cut: bool = False,
    ) -> list[int | None]:
        """Say who each of the faces of a frame is.

        Args:
            faces: All that were found, in any order.
            time_s: Of the frame, in seconds. A time before the last one counts as the last one.
            image: The frame: who looks different is somebody else, and who crosses another is told
                apart. Not modified.
            is_cut: Whether none of the faces could be followed into it from the frame before: only
                who looks the same is the same then.

        Returns:
            The number of each face, in their order; None for a doubtful one that is nobody known.
        """
        self._pass_time(time_s)
        pause_s = self._now_s - self._updated_s
        self._updated_s = self._now_s
        if image is not None:
            self._size = image.shape[1], image.shape[0]
        sights = self._sights(faces, image)
        most_unlike = _UNLIKE_AFTER_CUT if is_cut else _UNLIKE
        numbers: dict[int, int] = {}
        for is_doubtful in (False, True):
            unseen = [each for each in self._known if each.number not in numbers.values()]
            wanted = [i for i, sight in enumerate(sights) if sight.is_doubtful == is_doubtful]
            seen = _assigned(unseen, [sights[index] for index in wanted], most_unlike)
            for known, place in seen:
                known.see(sights[wanted[place]], self._now_s)
                numbers[wanted[place]] = known.number
        self._known = [each for each in self._known if self._may_come_back(each, pause_s)]
        for index, sight in enumerate(sights):
            if index not in numbers and not sight.is_doubtful:
                self._last_number += 1
                self._known.append(_Track(self._last_number, sight, self._now_s))
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
            box = boxes.get(each.number)
            each.is_followed = box is not None
            if box is not None:
                values = measured(box, self._size)
                # A face that was cut off when last seen comes in; its box does not grow for that.
                is_inside = np.array_equal(values, measured(box))
                each.motion.update(values + each.hidden if is_inside else values)

    def _may_come_back(self, known: _Track, pause_s: float) -> bool:
        """Whether to go on waiting for somebody; who is in sight is waited for.

        Whoever has walked out of the picture is gone, and whoever most likely was nobody soon is:
        somebody else would get the number.
        """
        patience_s = _GHOST_PATIENCE_S if known.hits <= _GHOST_HITS else PATIENCE_S
        across, down = known.motion.expected[:2]
        width, height = self._size or (math.inf, math.inf)
        if not (0 <= across < width and 0 <= down < height):
            patience_s = 0.0
        return self._now_s - known.last_s <= max(patience_s, ONE_MISS * pause_s)

    def _pass_time(self, time_s: float) -> None:
        if time_s > self._now_s + LONGEST_GAP_S:
            self._known = []
        if time_s > self._now_s:
            for each in self._known:
                each.motion.predict(time_s - self._now_s)
            self._now_s = time_s

    def _sights(self, faces: Sequence[Face], image: Image | None) -> list[_Sight]:
        sights = []
        are_parts = _are_parts(faces)
        for face, is_part in zip(faces, are_parts, strict=True):
            look = None
            if image is not None and not is_cut_off(face.box, self._size):
                look = appearance(image, face.box)
            is_doubtful = is_part or _confidence(face) < self._min_confidence
            sights.append(_Sight(face.box, measured(face.box, self._size), look, is_doubtful))
        return sights


class _Track:
    """One person who is in sight or may come back."""

    def __init__(self, number: int, first: _Sight, time_s: float) -> None:
        self.number = number
        self.last_s = time_s
        self.hits = 1
        self.motion = FaceMotion(first.values)
        self.hidden = first.values - measured(first.box)
        self.look = first.look
        self.is_followed = False

    def see(self, sight: _Sight, time_s: float) -> None:
        self.motion.update(sight.values)
        self.hidden = sight.values - measured(sight.box)
        if self.look is None:
            self.look = sight.look
        elif sight.look is not None:
            kept = math.exp((self.last_s - time_s) / _LOOK_MEMORY_S)
            self.look = kept * self.look + (1 - kept) * sight.look
        self.is_followed = False
        self.last_s = time_s
        self.hits += 1

    def difference(self, sight: _Sight, most: float) -> float:
        """How differently the two look; infinite beyond `most`, for then they are two people."""
        if self.look is None or sight.look is None:
            return _UNKNOWN
        unlike = difference(self.look, sight.look)
        if self.is_followed:
            # The picture itself says where the person is: the light may have another colour now.
            return min(unlike, most)
        return unlike if unlike <= most else math.inf


def _confidence(face: Face) -> float:
    return 1.0 if face.confidence is None else face.confidence


def _are_parts(faces: Sequence[Face]) -> list[bool]:
    """Whether each face is nothing but a part of another one, or seen twice.

    Detectors sometimes see a face in somebody's mouth or hair.
    """
    if not faces:
        return []
    start = np.array([(face.box.left, face.box.top) for face in faces])
    end = np.array([(face.box.right, face.box.bottom) for face in faces])
    area = (end - start).prod(axis=1)
    sure = np.array([_confidence(face) for face in faces])
    overlap = np.minimum(end[:, None], end) - np.maximum(start[:, None], start)
    shared = np.maximum(overlap, 0).prod(axis=2)
    is_part = (area > 2 * area[:, None]) & (shared > _PART * area[:, None])
    is_second = (sure > sure[:, None]) & (shared > _SAME_FACE * (area + area[:, None] - shared))
    doubtful: list[bool] = (is_part | is_second).any(axis=1).tolist()
    return doubtful


def _assigned(
    known: Sequence[_Track], sights: Sequence[_Sight], most_unlike: float
) -> list[tuple[_Track, int]]:
    """Who is seen, and the index of the sight: the likeliest pair first."""
    if not known or not sights:
        return []
    costs = _costs(known, sights, most_unlike)
    pairs: list[tuple[_Track, int]] = []
    while costs.min() < _WORST:
        row, column = divmod(int(costs.argmin()), len(sights))
        pairs.append((known[row], column))
        costs[row] = costs[:, column] = np.inf
    return pairs


def _costs(
    known: Sequence[_Track], sights: Sequence[_Sight], most_unlike: float
) -> npt.NDArray[np.float64]:
    """Of each sight being of each person: minus the logarithm of how likely that is.

    A person who was long out of sight may be anywhere, and is therefore unlikely in any one place;
    without that part of the likelihood, those in sight would lose their faces to them.
    """
    expected = np.array([each.motion.expected for each in known])[:, None]
    variance = np.array([each.motion.variance for each in known])[:, None]
    vagueness = np.array([each.motion.vagueness for each in known])[:, None]
    seen = np.array([sight.values for sight in sights])[None]
    distances = np.square(seen - expected) / variance
    costs = np.asarray(distances.sum(axis=2) / 2 + vagueness, np.float64)
    for row, column in np.argwhere(costs < _WORST):
        unlike = known[row].difference(sights[column], most_unlike)
        costs[row, column] += (unlike / _LOOK_SPREAD) ** 2 / 2
    return costs
