import csv
import io
import json
from pathlib import Path

import pytest
from fakes import FakeAges, FakeFaces, bell
from full_disk import files_limited_to

from age_pipeline import __version__
from age_pipeline.data import Box
from age_pipeline.errors import OutputError, UsageError
from age_pipeline.people_tables import (
    PEOPLE_COLUMNS,
    PeopleTable,
    PersonSummary,
    check_people_name,
)
from age_pipeline.records import Reporting, age_record, models_record

REPORTING = Reporting(FakeAges().model, FakeFaces().model, at_least=18)
ANNA = PersonSummary(1, 0.0, 10 / 3, 100, 12, bell(30), 1.5, Box(4, 6, 24, 30))
BERT = PersonSummary(3, 2.04, 2.08, 2, 1, bell(60), 2.04, Box(0, 0, 9, 9))


def write(name: str, *people: PersonSummary, reporting: Reporting = REPORTING) -> None:
    PeopleTable(name, "caf\udce9.mp4", reporting).write(people)


def test_a_csv_has_a_row_for_each_person(tmp_path: Path) -> None:
    path = tmp_path / "people.CSV"

    write(str(path), ANNA, BERT)

    text = path.read_text()
    first, second = csv.DictReader(io.StringIO(text))
    assert text.splitlines()[0] == ",".join(PEOPLE_COLUMNS)
    assert second["track"] == "3"
    age = age_record(bell(30), REPORTING)
    assert first == {
        "track": "1",
        "first_s": "0.0",
        "last_s": "3.333333",
        "frames": "100",
        "looks": "12",
        "years": "30.0",
        "bracket": "25-32",
        "bracket_confidence": str(age["bracket_confidence"]),
        "interval_low": str(age["interval"][0]),
        "interval_high": str(age["interval"][1]),
        "best_s": "1.5",
        "left": "4",
        "top": "6",
        "right": "24",
        "bottom": "30",
        "at_least": str(age["at_least"]["probability"]),
    }


def test_without_at_least_its_cell_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"

    write(str(path), ANNA, reporting=Reporting(FakeAges().model))

    assert next(csv.DictReader(io.StringIO(path.read_text())))["at_least"] == ""


def test_a_json_is_one_object(tmp_path: Path) -> None:
    path = tmp_path / "people.json"

    write(str(path), ANNA, BERT)

    record = json.loads(path.read_text())
    assert {**record, "people": len(record["people"])} == {
        "schema": 1,
        "source": "caf\\xe9.mp4",
        "models": models_record(REPORTING),
        "people": 2,
        "program": __version__,
    }
    assert record["people"][0] == {
        "track": 1,
        "first_s": 0.0,
        "last_s": 3.333333,
        "frames": 100,
        "looks": 12,
        "age": age_record(bell(30), REPORTING),
        "best_s": 1.5,
        "box": [4, 6, 24, 30],
    }


def test_with_nobody_there_is_a_header_or_an_empty_list(tmp_path: Path) -> None:
    write(str(tmp_path / "people.csv"))
    write(str(tmp_path / "people.json"))

    assert (tmp_path / "people.csv").read_text() == ",".join(PEOPLE_COLUMNS) + "\n"
    assert json.loads((tmp_path / "people.json").read_text())["people"] == []


def test_standard_output_gets_csv(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    write("-", BERT)

    header, row = capfdbinary.readouterr().out.decode().splitlines()
    assert header == ",".join(PEOPLE_COLUMNS)
    assert row.startswith("3,2.04,2.08,2,1,60.0,60-100,")


@pytest.mark.parametrize("name", ["people.txt", "people", "csv", "caf\udce9.xls"])
def test_other_formats_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"not written: use \.csv or \.json"):
        check_people_name(name)
    with pytest.raises(UsageError):
        PeopleTable(name, "film.mp4", REPORTING)


def test_a_place_that_cannot_be_written_is_told_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="its folder does not exist"):
        PeopleTable(str(tmp_path / "missing" / "people.csv"), "film.mp4", REPORTING)


@pytest.mark.parametrize("name", ["people.csv", "people.json"])
def test_the_table_appears_whole_or_not_at_all(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("earlier")

    table = PeopleTable(str(path), "film.mp4", REPORTING)
    assert path.read_text() == "earlier"
    table.discard()
    assert path.read_text() == "earlier"
    with files_limited_to(20), pytest.raises(OutputError, match="File too large"):
        write(str(path), ANNA)

    assert path.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [path]
