"""What is known of the age of a face: read from a CSV file, or from the name of a picture."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from age_pipeline.data import OLDEST
from age_pipeline.errors import UsageError
from benchmarks.csv_tables import read_table

FAIRFACE_GROUPS: dict[str, tuple[int, int]] = {
    "0-2": (0, 2),
    "3-9": (3, 9),
    "10-19": (10, 19),
    "20-29": (20, 29),
    "30-39": (30, 39),
    "40-49": (40, 49),
    "50-59": (50, 59),
    "60-69": (60, 69),
    "70+": (70, OLDEST),
}
"""First and last year of FairFace's nine age groups."""

# Zhang, Song and Qi 2017: age, sex, race and date, as in 25_0_3_20170104160912835.jpg.chip.jpg.
_UTKFACE = re.compile(r"(?P<age>\d{1,3})_(?P<sex>[01])_(?P<race>[0-4])_\d{8}.*")
_UTKFACE_SEXES = ("male", "female")
_UTKFACE_RACES = ("White", "Black", "Asian", "Indian", "Other")

# Cheng et al. 2019: serial number and age, as in 00013A02.jpg.
_ALL_AGE_FACES = re.compile(r"(?P<serial>\d{5})A(?P<age>\d{2,3})\.\w+")
_ALL_AGE_FACES_LAST_FEMALE = 7380

# "42"; "3-9", and as Adience has it "(4, 6)"; "70+", and as FairFace has it "more than 70".
_YEAR = re.compile(r"\d{1,3}")
_GROUP = re.compile(r"\(?(\d{1,3})\s*[-,]\s*(\d{1,3})\)?")
_OPEN_GROUP = re.compile(r"(?:more than )?(\d{1,3})\+?")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeLabel:
    """How old one face is.

    Attributes:
        name: Of the picture file, below its folder or archive.
        first: The youngest year of age that the label allows, 0 to 100.
        last: The oldest; a label that is one year has the same twice. 100 is "100 and older".
        groups: What else is known, to report by: the value by its column, say "sex" or "race".
        centre: The middle of the face in pixels, x and y, where a picture shows several people;
            None where the large face in the middle is meant.
    """

    name: str
    first: int
    last: int
    groups: Mapping[str, str] = field(default_factory=dict)
    centre: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.first <= self.last <= OLDEST:
            raise ValueError(f"expected 0 <= first <= last <= {OLDEST}, got {self}")


def label_from_name(name: str) -> AgeLabel | None:
    """The label that a picture's name tells, as UTKFace and All-Age-Faces name theirs, else None.

    UTKFace: AGE_GENDER_RACE_DATE, gives the columns sex and race. All-Age-Faces: SERIALAyy, gives
    the column sex.
    """
    file = PurePosixPath(name).name
    if found := _UTKFACE.fullmatch(file):
        groups = {
            "sex": _UTKFACE_SEXES[int(found["sex"])],
            "race": _UTKFACE_RACES[int(found["race"])],
        }
    elif found := _ALL_AGE_FACES.fullmatch(file):
        is_female = int(found["serial"]) <= _ALL_AGE_FACES_LAST_FEMALE
        groups = {"sex": "female" if is_female else "male"}
    else:
        return None
    age = min(int(found["age"]), OLDEST)
    return AgeLabel(name=name, first=age, last=age, groups=groups)


def labels_from_csv(data: bytes, source: str) -> list[AgeLabel]:
    """Read labels from a CSV file with a header.

    Its columns are `file` and `age` or `age_group`, each of which may hold a year ("42") or a group
    ("3-9", "70+"); where both are there, `age` counts. Optional: `x` and `y`, the middle of the
    face in pixels. Every other column is one to report by; empty cells in those are left out.

    Args:
        data: The content, in UTF-8.
        source: What error messages call the file.

    Raises:
        UsageError: It is no such table; the message names the line.
    """
    columns, rows = read_table(data, source)
    age_column = _age_column(columns, source)
    labels = [_label(cells, age_column, line) for line, cells in rows]
    if not labels:
        raise UsageError(f"{source} labels no face: it has a header and nothing below")
    _require_distinct(labels, source)
    return labels


def _age_column(columns: list[str], source: str) -> str:
    for column in ("age", "age_group"):
        if "file" in columns and column in columns:
            return column
    raise UsageError(
        f"{source} needs the columns file and age or age_group, separated by commas;"
        f" it has: {', '.join(columns) or 'none'}"
    )


def _label(cells: dict[str, str], age_column: str, line: str) -> AgeLabel:
    name = cells.pop("file")
    if not name:
        raise UsageError(f"{line}: the column file is empty")
    first, last = _years(cells.pop(age_column), f"{line}: {age_column}")
    centre = _centre(cells.pop("x", ""), cells.pop("y", ""), line)
    return AgeLabel(
        name=str(PurePosixPath(name)),
        first=first,
        last=last,
        groups={column: cell for column, cell in cells.items() if cell},
        centre=centre,
    )


def _years(text: str, what: str) -> tuple[int, int]:
    if _YEAR.fullmatch(text):
        first = last = min(int(text), OLDEST)
    elif found := _GROUP.fullmatch(text):
        first, last = (min(int(year), OLDEST) for year in found.groups())
    elif found := _OPEN_GROUP.fullmatch(text):
        first, last = min(int(found[1]), OLDEST), OLDEST
    else:
        first, last = 1, 0
    if first > last:
        raise UsageError(f"{what} is {text!r}; expected a year (42) or a group (3-9 or 70+)")
    return first, last


def _centre(x: str, y: str, line: str) -> tuple[float, float] | None:
    if not x and not y:
        return None
    try:
        centre = float(x), float(y)
    except ValueError:
        centre = math.nan, math.nan
    if not all(map(math.isfinite, centre)):
        expected = "expected two numbers of pixels, or neither"
        raise UsageError(f"{line}: x is {x!r} and y is {y!r}; {expected}")
    return centre


def _require_distinct(labels: Iterable[AgeLabel], source: str) -> None:
    seen: dict[str, set[tuple[float, float] | None]] = {}
    for label in labels:
        centres = seen.setdefault(label.name, set())
        if centres and (label.centre is None or {label.centre, None} & centres):
            raise UsageError(
                f"{source} names {label.name} more than once: x and y must say which face is meant"
            )
        centres.add(label.centre)
