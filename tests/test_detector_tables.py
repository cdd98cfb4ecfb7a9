"""What is said of what the detectors found."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest
from fakes import FakeFaces

from age_pipeline.data import FailedInput
from age_pipeline.errors import InputError
from benchmarks.detector_tables import MOST_LEVELS, record, tables_text
from benchmarks.detector_turns import Contender, Seen
from benchmarks.found_faces import Count

BOTH = [Contender("ssd", "single", FakeFaces()), Contender("haar", "single", FakeFaces())]


def count(faces: int, found: int, false: int = 0, seconds: float = 0.01) -> Count:
    return Count(pictures=1, faces=faces, found=found, false=false, seconds=seconds)


SEEN = [
    Seen("roll", "10", (count(2, 2), count(2, 1, 3, 0.03))),
    Seen("roll", "20", (count(1, 0), count(1, 1, 0, 0.03))),
    Seen("nobody", "a room", (count(0, 0, 1), count(0, 0, 0, 0.015))),
    Seen("roll", "20", (count(1, 0), count(1, 0, 0, 0.03))),
]


def rows_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("|")]


def test_a_table_has_a_row_for_each_case() -> None:
    text = tables_text(BOTH, SEEN, by_level=False)
    assert text == (
        f"OpenCV {cv2.__version__}, one thread\n"
        "fake-faces (faces.bin)\n"
        "\n"
        "| looks: single | pictures | ssd | haar |\n"
        "|---|---|---|---|\n"
        "| roll: 10, 20 | 3 | 2 of 4 (0) | 2 of 4 (3) |\n"
        "| nobody: a room | 1 | 0 of 0 (1) | 0 of 0 (0) |\n"
        "| all | 4 | 2 of 4 (1) | 2 of 4 (3) |\n"
        "| milliseconds a picture |  | 10 | 26 |\n"
        "| times the ssd's time |  | 1.00 | 2.62 |\n"
    )


def test_or_one_for_each_level() -> None:
    rows = rows_of(tables_text(BOTH, SEEN, by_level=True))
    assert rows[2:5] == [
        "| roll: 10 | 1 | 2 of 2 (0) | 1 of 2 (3) |",
        "| roll: 20 | 2 | 0 of 2 (0) | 1 of 2 (0) |",
        "| nobody: a room | 1 | 0 of 0 (1) | 0 of 0 (0) |",
    ]


def test_each_way_of_looking_has_a_table() -> None:
    contenders = [
        Contender("haar", "single", FakeFaces()),
        Contender("haar", "again", FakeFaces()),
    ]
    rows = rows_of(tables_text(contenders, SEEN, by_level=False))
    assert [row for row in rows if "looks" in row] == [
        "| looks: single | pictures | haar |",
        "| looks: again | pictures | haar |",
    ]
    assert [row for row in rows if "all" in row] == [
        "| all | 4 | 2 of 4 (1) |",
        "| all | 4 | 2 of 4 (3) |",
    ]
    # There is no SSD to compare with.
    assert not any("times" in row for row in rows)


@pytest.mark.parametrize("more", [0, 1])
def test_many_levels_are_not_named(more: int) -> None:
    seen = [Seen("nobody", f"{each}", (count(0, 0),)) for each in range(MOST_LEVELS + more)]
    row = rows_of(tables_text(BOTH[:1], seen, by_level=False))[2]
    assert row.startswith("| nobody | " if more else "| nobody: 0, 1, 2, 3, 4, 5, 6, 7 | ")


def test_a_name_cannot_break_a_table() -> None:
    seen = [Seen("one face", "a|b\n.png", (count(1, 1),))]
    assert rows_of(tables_text(BOTH[:1], seen, by_level=False))[2] == (
        r"| one face: a\|b\n.png | 1 | 1 of 1 (0) |"
    )


def test_the_record_has_every_figure() -> None:
    unreadable = [FailedInput("b\udcff.png", InputError("missing", "b\udcff.png is gone"))]
    known = record(BOTH, SEEN, unreadable, {"folder": Path("f\udcff"), "boxes": None})
    assert json.loads(json.dumps(known, allow_nan=False).encode()) == known
    assert known["asked"] == {"folder": "f\\xff", "boxes": None}
    assert known["unreadable"] == [{"file": "b\\xff.png", "message": "b\\xff.png is gone"}]
    assert (known["same_face"], known["threads"]) == (0.4, 1)
    ssd, haar = known["detectors"]
    assert (ssd["name"], ssd["looks"], ssd["model"]["file"]) == ("ssd", "single", "faces.bin")
    figures = {"pictures": 4, "faces": 4, "found": 2, "missed": 2, "false": 3}
    assert {name: haar[name] for name in figures} == figures
    assert haar["milliseconds"] == pytest.approx(26.25)
    assert haar["cases"][1] == {
        "case": "roll",
        "level": "20",
        "pictures": 2,
        "faces": 2,
        "found": 1,
        "missed": 1,
        "false": 0,
        "milliseconds": 30,
    }
    assert [(each["case"], each["level"]) for each in ssd["cases"]] == [
        ("roll", "10"),
        ("roll", "20"),
        ("nobody", "a room"),
    ]
