"""What one picture or one person becomes as data: the JSON record, and its flat view for CSV.

The keys, their order and their meaning are a promise to users; `SCHEMA` is raised when it changes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from age_pipeline import __version__
from age_pipeline.data import AgeEstimate, Box, FailedInput, Frame, Person
from age_pipeline.escaping import one_line, readable
from age_pipeline.labels import INTERVAL_LEVEL
from age_pipeline.stages import ModelUse

SCHEMA = 1

Record: TypeAlias = dict[str, Any]

CSV_COLUMNS = (
    "image",
    "status",
    "error_kind",
    "error",
    "face",
    "left",
    "top",
    "right",
    "bottom",
    "confidence",
    "years",
    "bracket",
    "bracket_confidence",
    "interval_low",
    "interval_high",
    "at_least",
    "width",
    "height",
    "face_model",
    "age_model",
)

_FORMULA = re.compile(r"[=+@]|-.")


@dataclass(frozen=True, slots=True)
class Reporting:
    """What is reported of every age, and who answered; it never changes which faces are reported.

    Attributes:
        age_model: The model that estimated the ages.
        face_model: The model that found the faces; None where none was asked.
        interval_level: The probability that an age's interval holds.
        at_least: The whole year of age T to report P(age >= T) for.
    """

    age_model: ModelUse
    face_model: ModelUse | None = None
    interval_level: float = INTERVAL_LEVEL
    at_least: int | None = None


def picture_record(frame: Frame, people: Sequence[Person], reporting: Reporting) -> Record:
    """The record of one picture that was looked at, with its faces in the order given."""
    faces = [person_record(person, reporting) for person in people]
    return _input_record(frame.name, reporting, None, frame.width, frame.height, faces)


def failed_record(failed: FailedInput, reporting: Reporting) -> Record:
    """The record of one input that gave no picture."""
    error = {"kind": failed.error.kind, "message": readable(str(failed.error))}
    return _input_record(failed.name, reporting, error, None, None, [])


def _input_record(
    name: str,
    reporting: Reporting,
    error: Record | None,
    width: int | None,
    height: int | None,
    faces: list[Record],
) -> Record:
    return {
        "schema": SCHEMA,
        "image": readable(name),
        "status": "error" if error else "ok",
        "error": error,
        "width": width,
        "height": height,
        "faces": faces,
        "models": models_record(reporting),
        "program": __version__,
    }


def person_record(person: Person, reporting: Reporting) -> Record:
    """Where one face is and how old it looks: `box`, `confidence`, `age`."""
    confidence = person.face.confidence
    return {
        "box": box_record(person.face.box),
        "confidence": None if confidence is None else _probability(confidence),
        "age": age_record(person.age, reporting),
    }


def box_record(box: Box) -> list[int]:
    """Left, top, right, bottom in whole pixels; right and bottom are one past the last inside."""
    return [int(edge) for edge in (box.left, box.top, box.right, box.bottom)]


def age_record(age: AgeEstimate, reporting: Reporting) -> Record:
    """All that is reported of one age."""
    record: Record = {
        "years": round(float(age.years), 1),
        "bracket": age.bracket,
        "bracket_confidence": _probability(age.bracket_confidence),
        "brackets": {name: _probability(held) for name, held in age.brackets.items()},
        "interval": list(age.interval(reporting.interval_level)),
        "interval_level": reporting.interval_level,
    }
    if reporting.at_least is not None:
        probability = _probability(age.at_least(reporting.at_least))
        record["at_least"] = {"age": reporting.at_least, "probability": probability}
    return record


def models_record(reporting: Reporting) -> Record:
    """Which models answered, by name, file and hash; `face` is None where none was asked.

    A model that is part of a package has the package's version besides.
    """
    return {"face": _model(reporting.face_model), "age": _model(reporting.age_model)}


def csv_rows(record: Record) -> list[Record]:
    """Flatten the record of one input: a row per face, or one row where there is none.

    Args:
        record: From `picture_record` or `failed_record`.

    Returns:
        Rows with the keys `CSV_COLUMNS`; None is an empty cell. A line feed in a name becomes
        `\\n`, so that a row is a line; and a name that a spreadsheet would run as a formula is
        given as a path from here, `./=name.jpg`: still the same file.
    """
    error = record["error"] or {"kind": None, "message": None}
    models = record["models"]
    row = {
        **dict.fromkeys(CSV_COLUMNS),
        "image": _cell(record["image"]),
        "status": record["status"],
        "error_kind": error["kind"],
        "error": error["message"] and _cell(error["message"]),
        "width": record["width"],
        "height": record["height"],
        "face_model": models["face"] and models["face"]["name"],
        "age_model": models["age"]["name"],
    }
    faces = [
        {**row, "face": number, **_face_cells(face)}
        for number, face in enumerate(record["faces"], start=1)
    ]
    return faces or [row]


def _face_cells(face: Mapping[str, Any]) -> Record:
    age = face["age"]
    return {
        **dict(zip(("left", "top", "right", "bottom"), face["box"], strict=True)),
        "confidence": face["confidence"],
        "years": age["years"],
        "bracket": age["bracket"],
        "bracket_confidence": age["bracket_confidence"],
        "interval_low": age["interval"][0],
        "interval_high": age["interval"][1],
        "at_least": age["at_least"]["probability"] if "at_least" in age else None,
    }


def _cell(text: str) -> str:
    line = one_line(text)
    return f"./{line}" if _FORMULA.match(line) else line


def _model(use: ModelUse | None) -> Record | None:
    if use is None:
        return None
    record: Record = {"name": use.name, "file": use.file, "sha256": use.sha256}
    return record if use.version is None else {**record, "version": use.version}


def _probability(value: float) -> float:
    """Four digits; as Python's own float, since JSON does not take numpy's."""
    return round(float(value), 4)
