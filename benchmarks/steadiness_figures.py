"""How far ages move, and how far intervals widen, over many faces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from age_pipeline.data import AgeEstimate, Face, Image
from age_pipeline.labels import INTERVAL_LEVEL
from age_pipeline.stages import AgeDetector
from benchmarks.face_changes import BOX_MOVES, COPIES, LOSSES, surroundings


@dataclass(frozen=True, slots=True)
class Reading:
    """What is kept of an estimate: `years`, and the ends of the 80% interval."""

    years: float
    low: int
    high: int

    @classmethod
    def of(cls, age: AgeEstimate) -> Reading:
        """Read it off the estimate."""
        return cls(age.years, *age.interval(INTERVAL_LEVEL))


@dataclass(frozen=True, slots=True)
class ReadFace:
    """What a face was read as.

    Attributes:
        age: Its age where that is known to the year.
        untouched: As it is.
        changed: After each change that could be made, by its name.
    """

    age: int | None
    untouched: Reading
    changed: Mapping[str, Reading]


@dataclass(frozen=True, slots=True)
class Movement:
    """How far `years` moves, in years; None where no face was changed so.

    Attributes:
        change: What was done to the faces.
        faces: How many of them, each counted once for each change.
        mean: Of the distances.
        percentile_95: 95% of the distances are no larger.
    """

    change: str
    faces: int
    mean: float | None
    percentile_95: float | None


@dataclass(frozen=True, slots=True)
class Certainty:
    """What the 80% intervals are worth; None where there is no face to tell it of.

    Attributes:
        width: Mean number of years in the interval.
        held: In which part of the faces of known age the interval holds it.
        error: How far `years` is from the known age, on average.
    """

    width: float | None
    held: float | None
    error: float | None

    @classmethod
    def of(cls, readings: Sequence[tuple[Reading, int | None]]) -> Certainty:
        """From readings and the ages where they are known."""
        known = [(each, age) for each, age in readings if age is not None]
        return cls(
            _mean([each.high - each.low + 1 for each, _ in readings]),
            _mean([each.low <= age <= each.high for each, age in known]),
            _mean([abs(each.years - age) for each, age in known]),
        )


@dataclass(frozen=True, slots=True)
class Doubt:
    """What a change does to how sure the ages are.

    Attributes:
        change: What was done to the faces.
        faces: How many of them.
        known: How many of those are of known age.
        before: Of the same faces, untouched.
        after: Of the changed ones.
    """

    change: str
    faces: int
    known: int
    before: Certainty
    after: Certainty


def read_face(image: Image, face: Face, age: int | None, ages: AgeDetector) -> ReadFace:
    """Estimate the age of one face untouched and after every change.

    Args:
        image: The whole picture, uint8, shape (height, width, 3), blue-green-red. Not modified.
        face: In the picture.
        age: Its age where that is known.
        ages: What estimates.
    """
    near = surroundings(image, face)
    changes = {**BOX_MOVES, **COPIES, **LOSSES}
    made = {name: change(*near) for name, change in changes.items()}
    changed = {name: view for name, view in made.items() if view is not None}
    estimates = ages.estimate([ages.crop(*view) for view in (near, *changed.values())])
    untouched, *readings = map(Reading.of, estimates)
    return ReadFace(age, untouched, dict(zip(changed, readings, strict=True)))


def movements_of(faces: Sequence[ReadFace]) -> list[Movement]:
    """How far `years` moves by each change that leaves the face as it is.

    All moves of the box together come behind them.
    """
    return [
        *(_movement(name, [name], faces) for name in BOX_MOVES),
        _movement("box shifted or scaled, all of these", BOX_MOVES, faces),
        *(_movement(name, [name], faces) for name in COPIES),
    ]


def doubts_of(faces: Sequence[ReadFace]) -> list[Doubt]:
    """What the intervals become by each change that leaves little of the face to be seen."""
    return [_doubt(name, faces) for name in LOSSES]


def _movement(name: str, changes: Iterable[str], faces: Sequence[ReadFace]) -> Movement:
    distances = [
        abs(face.changed[change].years - face.untouched.years)
        for change in changes
        for face in faces
        if change in face.changed
    ]
    percentile = float(np.percentile(distances, 95)) if distances else None
    return Movement(name, len(distances), _mean(distances), percentile)


def _doubt(change: str, faces: Sequence[ReadFace]) -> Doubt:
    faces = [face for face in faces if change in face.changed]
    return Doubt(
        change,
        len(faces),
        sum(face.age is not None for face in faces),
        Certainty.of([(face.untouched, face.age) for face in faces]),
        Certainty.of([(face.changed[change], face.age) for face in faces]),
    )


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None
