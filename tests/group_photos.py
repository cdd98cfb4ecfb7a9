"""Where the people of the two group photographs in images/ are, for tests of drawing."""

from __future__ import annotations

import csv
from pathlib import Path

from age_pipeline.data import Box

IMAGES = Path(__file__).parent.parent / "images"

SOLVAY_SIZE = (1600, 1158)
NASA_SIZE = (640, 280)

NASA_FACES = [
    Box(560, 81, 590, 121),
    Box(253, 165, 286, 211),
    Box(54, 168, 86, 208),
    Box(394, 50, 423, 90),
    Box(98, 104, 128, 144),
    Box(260, 49, 290, 89),
    Box(455, 150, 488, 194),
    Box(476, 93, 507, 134),
    Box(342, 153, 377, 198),
    Box(23, 115, 52, 152),
    Box(563, 154, 597, 201),
    Box(177, 87, 208, 129),
    Box(319, 51, 348, 93),
    Box(353, 94, 384, 138),
    Box(154, 162, 187, 209),
    Box(462, 49, 491, 89),
    Box(124, 65, 152, 106),
    Box(523, 51, 552, 90),
    Box(234, 112, 261, 149),
    Box(296, 111, 323, 149),
    Box(416, 107, 444, 144),
    Box(199, 44, 226, 83),
    Box(42, 62, 70, 97),
]


def solvay_centres() -> list[tuple[int, int]]:
    """The middle of each face of solvay_1927.jpg, in pixels."""
    with (IMAGES / "labels.csv").open(newline="", encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if row["file"] == "solvay_1927.jpg"]
    return [(int(row["x"]), int(row["y"])) for row in rows]


def solvay_faces() -> list[Box]:
    """A box around each face of solvay_1927.jpg, of the size the faces have."""
    return [Box(x - 23, y - 32, x + 23, y + 32) for x, y in solvay_centres()]
