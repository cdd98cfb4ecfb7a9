"""One row for each person of a video, as CSV or JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from age_pipeline import __version__
from age_pipeline.data import AgeEstimate, Box
from age_pipeline.destinations import STDOUT, open_destination
from age_pipeline.errors import UsageError
from age_pipeline.escaping import readable
from age_pipeline.records import (
    SCHEMA,
    Record,
    Reporting,
    age_record,
    box_record,
    models_record,
)
from age_pipeline.video_records import seconds
from age_pipeline.writers import csv_lines, json_line

PEOPLE_COLUMNS = (
    "track",
    "first_s",
    "last_s",
    "frames",
    "looks",
    "years",
    "bracket",
    "bracket_confidence",
    "interval_low",
    "interval_high",
    "best_s",
    "left",
    "top",
    "right",
    "bottom",
    "at_least",
)

_SUFFIXES = (".csv", ".json")


@dataclass(frozen=True, slots=True)
class PersonSummary:
    """What a whole video says of one person.

    Attributes:
        track: The person's number, from 1.
        first_s: When the person was first seen, in seconds since the video's first picture.
        last_s: When last.
        frames: In how many frames the person was.
        looks: In how many of them an age was estimated.
        age: What all looks together say.
        best_s: When the best look was.
        best_box: Where the face was then.
    """

    track: int
    first_s: float
    last_s: float
    frames: int
    looks: int
    age: AgeEstimate
    best_s: float
    best_box: Box


def check_people_name(name: str) -> None:
    """Refuse a `--people` that is of neither format, before any work is done.

    Raises:
        UsageError: `name` is neither a .csv, nor a .json, nor `-`.
    """
    if name != STDOUT and Path(name).suffix.lower() not in _SUFFIXES:
        raise UsageError(
            f"--people {readable(name)} is of a format that is not written: use .csv or .json"
        )


class PeopleTable:
    """What `--people` names: opened before the run, written whole after it.

    Args:
        name: A .csv, a .json, or `-` for CSV on standard output.
        source: The video, for the JSON.
        reporting: What is reported of each age.

    Raises:
        UsageError: It is of neither format.
        OutputError: It cannot be opened.
    """

    def __init__(self, name: str, source: str, reporting: Reporting) -> None:
        check_people_name(name)
        self._source = source
        self._reporting = reporting
        self._is_json = Path(name).suffix.lower() == ".json"
        self._destination = open_destination(name)

    def write(self, people: Sequence[PersonSummary]) -> None:
        """Write everybody, in the order given, and close.

        Raises:
            OutputError: That cannot be written; an earlier file stays.
        """
        if self._is_json:
            data = json_line(people_record(people, self._source, self._reporting))
        else:
            rows = [person_row(person, self._reporting) for person in people]
            data = csv_lines(rows, PEOPLE_COLUMNS, header=True)
        self._destination.write(data)
        self._destination.close()

    def discard(self) -> None:
        """Write nothing; an earlier file stays."""
        self._destination.discard()


def people_record(people: Sequence[PersonSummary], source: str, reporting: Reporting) -> Record:
    """Everybody as one JSON object."""
    return {
        "schema": SCHEMA,
        "source": readable(source),
        "models": models_record(reporting),
        "people": [_summary_record(person, reporting) for person in people],
        "program": __version__,
    }


def person_row(person: PersonSummary, reporting: Reporting) -> Record:
    """One person flat, with the keys `PEOPLE_COLUMNS`; None is an empty cell."""
    record = _summary_record(person, reporting)
    box, age = record.pop("box"), record.pop("age")
    return {
        **record,
        "years": age["years"],
        "bracket": age["bracket"],
        "bracket_confidence": age["bracket_confidence"],
        "interval_low": age["interval"][0],
        "interval_high": age["interval"][1],
        **dict(zip(("left", "top", "right", "bottom"), box, strict=True)),
        "at_least": age["at_least"]["probability"] if "at_least" in age else None,
    }


def _summary_record(person: PersonSummary, reporting: Reporting) -> Record:
    return {
        "track": person.track,
        "first_s": seconds(person.first_s),
        "last_s": seconds(person.last_s),
        "frames": person.frames,
        "looks": person.looks,
        "age": age_record(person.age, reporting),
        "best_s": seconds(person.best_s),
        "box": box_record(person.best_box),
    }
