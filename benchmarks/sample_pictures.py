"""What is known of the people in images/: see images/SOURCES.md."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from age_pipeline.data import Box, Image
from age_pipeline.pictures import decode

IMAGES = Path(__file__).resolve().parent.parent / "images"

KNOWN_AGES = {"1.png": 42, "2.jpg": 77, "einstein_1947.jpg": 68}
"""Age in years of the only person in each portrait."""

NASA_PEOPLE = 23
"""How many faces nasa_group15.jpg shows."""


def read_sample(name: str) -> Image:
    """One of the sample pictures."""
    return decode((IMAGES / name).read_bytes(), name)


@dataclass(frozen=True, slots=True)
class SolvayPerson:
    """One of the 29 people in solvay_1927.jpg; the centre of the face is in pixels."""

    name: str
    age: int
    x: int
    y: int

    def inside(self, box: Box) -> bool:
        """Whether the centre of this person's face lies in the box."""
        return box.left <= self.x < box.right and box.top <= self.y < box.bottom


def solvay_people() -> list[SolvayPerson]:
    """The people of images/solvay_1927.csv."""
    with (IMAGES / "solvay_1927.csv").open(newline="", encoding="utf-8") as file:
        return [
            SolvayPerson(row["name"], int(row["age"]), int(row["x"]), int(row["y"]))
            for row in csv.DictReader(file)
        ]
