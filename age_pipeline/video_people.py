"""Everybody in a video: found now and then, followed in between, and one age for each."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from age_pipeline.data import Box, Face, Frame, Image, Person
from age_pipeline.face_motion import is_cut_off, visible_part
from age_pipeline.following import Followed, Follower
from age_pipeline.people_tables import PersonSummary
from age_pipeline.stages import AgeDetector, FaceDetector, SteadyAge, enough_memory
from age_pipeline.tracking import ONE_MISS, Tracker

DOUBTFUL = 0.3
"""The confidence from which a face should be found: it carries on who is known, whatever somebody
new needs."""

DETECT_EVERY_S = 0.2
"""How often faces are looked for unless the user says otherwise, in seconds of the video: nobody
enters a room faster, and boxes are followed in between for a tenth of the time."""

MISSED_S = 0.25
"""How long somebody is followed whom the detector does not find, in seconds of the video: once
missed is no reason for a box to blink, twice is most likely somebody who is hidden. Where faces are
looked for less often, it lasts `tracking.ONE_MISS` pauses."""

_HIDDEN = 0.3
"""The part of a face that another one covers from which it is hidden where it is not found."""

_SURE = 0.7
"""Certainty of following below which it is time to look for faces again."""

_ROUNDING_S = 0.001
"""Containers round times to milliseconds."""


@dataclass(frozen=True, slots=True)
class BestLook:
    """Where and when somebody's face could be read better than ever before.

    Attributes:
        track: The person's number.
        face: Where it is.
        quality: How much can be read from it; compares looks at one person.
        time_s: When, in seconds of the video.
    """

    track: int
    face: Face
    quality: float
    time_s: float


@dataclass(slots=True)
class _Known:
    """What is remembered of one person."""

    steady: SteadyAge
    first_s: float
    best: BestLook
    last_s: float = 0.0
    frames: int = 0
    found: int = 0

    def summary(self) -> PersonSummary:
        return PersonSummary(
            track=self.best.track,
            first_s=self.first_s,
            last_s=self.last_s,
            frames=self.frames,
            looks=self.steady.looks,
            age=self.steady.overall,
            best_s=self.best.time_s,
            best_box=self.best.face.box,
        )


@dataclass(frozen=True, slots=True)
class _Sighting:
    """One face of the latest frame.

    Attributes:
        track: Whose it is.
        face: Where it is.
        found_s: When it was last found, not followed.
        place: Where it stands in what the follower tells.
    """

    track: int
    face: Face
    found_s: float
    place: int = 0


class VideoPeople:
    """Finds the people in each frame of one video, with one steady age for each.

    Faces are looked for every few frames, earlier where following them fails. Whoever a detector
    misses is followed a little longer. Ages are estimated only where the detector itself says
    where the face is, and only while a look adds something.

    Args:
        faces: Finds faces.
        ages: Estimates their ages.
        steady: Makes what keeps one person's age.
        readability: How much can be told from a crop of `ages` and the face it shows, 0 to 1.
        min_confidence: A face of less is never a new person, but it may be a known one.
        detect_every: Look for faces in one frame of so many; None every `DETECT_EVERY_S` seconds.
        remembers: Whether `everybody` will be asked for: else who has left is forgotten.
        clock: Seconds from any beginning, for a live source: where looking for faces takes long,
            at least half of the time is left for following them. None for a file: what is found
            in it does not depend on the machine.

    Attributes:
        best_looks: Of the latest frame, those that were better than all before of that person.
        left: The numbers of those who are known since that frame to have left for good, and
            whether each was somebody: see `everybody`.
    """

    def __init__(
        self,
        faces: FaceDetector,
        ages: AgeDetector,
        steady: Callable[[], SteadyAge],
        readability: Callable[[Image, Face], float],
        *,
        min_confidence: float = 0.5,
        detect_every: int | None = None,
        remembers: bool = False,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.best_looks: list[BestLook] = []
        self.left: dict[int, bool] = {}
        self._faces = faces
        self._ages = ages
        self._steady = steady
        self._readability = readability
        self._detect_every = detect_every
        self._remembers = remembers
        self._clock = clock or (lambda: 0.0)
        self._tracker = Tracker(min_confidence)
        self._follower = Follower()
        self._known: dict[int, _Known] = {}
        self._summaries: list[PersonSummary] = []
        self._sightings: list[_Sighting] = []
        self._detections = 0
        self._now_s = 0.0
        self._detected_s = -math.inf
        self._took_s = 0.0
        self._frames_since = 0

    def find(self, frame: Frame) -> list[Person]:
        """Who is in the next frame, and how old: stage 1, then stage 2, as far as needed.

        Args:
            frame: The next one, with its `time_s`.

        Raises:
            InputError: A stage needs more memory than there is (too_large).
        """
        image = frame.image
        # Should a source step back, time stands still.
        time_s = self._now_s = max(self._now_s, frame.time_s or 0.0)
        self.best_looks, self.left = [], {}
        with enough_memory(frame):
            told = self._follower.follow(image)
            moves = [told[each.place] for each in self._sightings]
            is_lost = self._is_anybody_lost(moves, frame)
            self._move(moves, time_s)
            if is_lost or self._is_detection_due(time_s):
                begun_s = self._clock()
                self._detect(image, time_s, is_cut=bool(moves) and not any(moves))
                self._took_s = self._clock() - begun_s
        self._frames_since += 1
        for each in self._sightings:
            known = self._known[each.track]
            known.frames += 1
            known.last_s = time_s
        return [
            Person(each.face, self._known[each.track].steady.age, each.track)
            for each in self._sightings
        ]

    def everybody(self) -> list[PersonSummary]:
        """Everybody who was in the video until now, by number.

        Whoever was found only once, among several times, was most likely nobody.
        """
        present = [each.summary() for each in self._known.values() if self._is_somebody(each)]
        return sorted(self._summaries + present, key=lambda person: person.track)

    def nobodies(self) -> list[int]:
        """The numbers of those who have not left, and whom `everybody` leaves out."""
        return [track for track, each in self._known.items() if not self._is_somebody(each)]

    def _is_somebody(self, known: _Known) -> bool:
        was_followed = known.last_s - known.first_s > 2 * MISSED_S
        return known.found > 1 or was_followed or self._detections == 1

    def _is_detection_due(self, time_s: float) -> bool:
        if self._detect_every is not None:
            return self._frames_since % self._detect_every == 0
        pause_s = max(DETECT_EVERY_S, 2 * self._took_s)
        return time_s - self._detected_s >= pause_s - _ROUNDING_S

    def _is_anybody_lost(self, moves: Sequence[Followed | None], frame: Frame) -> bool:
        """Whether it is time to look for faces; not for somebody who is leaving the picture."""
        return any(
            (move is None or move.certainty < _SURE)
            and not is_cut_off(each.face.box, (frame.width, frame.height))
            for each, move in zip(self._sightings, moves, strict=True)
        )

    def _move(self, moves: Sequence[Followed | None], time_s: float) -> None:
        """Move everybody's box along; who cannot be followed is out of sight."""
        followed = [
            (
                replace(each, face=replace(each.face, box=move.box, landmarks=None)),
                move.certainty >= _SURE,
            )
            for each, move in zip(self._sightings, moves, strict=True)
            if move is not None
        ]
        self._sightings = [each for each, _ in followed]
        # Somebody whom the detector has missed may be hidden, and their box follow who hides them.
        sure = [each for each, is_sure in followed if is_sure and each.found_s == self._detected_s]
        self._tracker.follow({each.track: each.face.box for each in sure}, time_s)

    def _detect(self, image: Image, time_s: float, *, is_cut: bool) -> None:
        faces = self._faces.detect(image)
        tracks = self._tracker.update(faces, time_s, image, is_cut=is_cut)
        found = [
            _Sighting(track, face, time_s)
            for track, face in zip(tracks, faces, strict=True)
            if track is not None
        ]
        self._look(image, found, time_s)
        seen = [*found, *self._missed(found, time_s)]
        self._sightings = [replace(each, place=place) for place, each in enumerate(seen)]
        self._follower.start(image, [each.face.box for each in self._sightings])
        self._detected_s = time_s
        self._frames_since = 0
        self._detections += 1
        for track in sorted(self._known.keys() - self._tracker.numbers):
            left = self._known.pop(track)
            self.left[track] = self._is_somebody(left)
            if self._remembers and self.left[track]:
                self._summaries.append(left.summary())

    def _missed(self, found: Sequence[_Sighting], time_s: float) -> list[_Sighting]:
        """Who is followed still, although the detector has not seen them this time."""
        tracks = {each.track for each in found}
        patience_s = max(MISSED_S, ONE_MISS * (time_s - self._detected_s))
        return [
            each
            for each in self._sightings
            if each.track not in tracks
            and each.track in self._tracker.numbers
            and time_s - each.found_s <= patience_s
            and not any(_is_hidden(each.face.box, other.face.box) for other in found)
        ]

    def _look(self, image: Image, found: Sequence[_Sighting], time_s: float) -> None:
        """Estimate the ages of those of whom one more look says something new."""
        wanted = []
        for each in found:
            crop = self._ages.crop(image, each.face)
            visible = visible_part(each.face.box, (image.shape[1], image.shape[0]))
            readable = visible * self._readability(crop, each.face)
            quality = readable * math.sqrt(each.face.box.area)
            look = BestLook(each.track, each.face, quality, time_s)
            known = self._known.get(each.track)
            if known is None:
                known = self._known[each.track] = _Known(self._steady(), time_s, look)
                self.best_looks.append(look)
            elif quality > known.best.quality:
                known.best = look
                self.best_looks.append(look)
            known.found += 1
            if known.steady.wants(readable, time_s):
                wanted.append((known.steady, crop, readable))
        ages = self._ages.estimate([crop for _, crop, _ in wanted])
        for (steady, _, readable), age in zip(wanted, ages, strict=True):
            steady.add(age, readable, time_s)


def _is_hidden(face: Box, other: Box) -> bool:
    return face.intersection(other) > _HIDDEN * face.area
