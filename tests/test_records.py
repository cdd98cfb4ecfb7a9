import json
from pathlib import PurePath

import numpy as np
import pytest
from fakes import FACE, bell
from hypothesis import given
from hypothesis import strategies as st

import age_pipeline
from age_pipeline.data import BRACKET_NAMES, AgeEstimate, Box, Face, FailedInput, Frame, Person
from age_pipeline.errors import InputError
from age_pipeline.records import (
    CSV_COLUMNS,
    Reporting,
    csv_rows,
    failed_record,
    models_record,
    person_record,
    picture_record,
)
from age_pipeline.stages import ModelUse

SSD = ModelUse("ssd", "ssd.caffemodel", "5" * 64)
COMPACT = ModelUse("compact", "compact.onnx", "c" * 64)
REPORTING = Reporting(age_model=COMPACT, face_model=SSD)


def test_a_model_without_a_file_is_told_by_the_version_of_its_package() -> None:
    hog = ModelUse("hog", None, None, "Boost", "20.0.1")
    record = models_record(Reporting(age_model=COMPACT, face_model=hog))
    assert record["face"] == {"name": "hog", "file": None, "sha256": None, "version": "20.0.1"}
    assert "version" not in record["age"]


def frame(name: str = "a.jpg", width: int = 64, height: int = 48) -> Frame:
    return Frame(np.zeros((height, width, 3), np.uint8), name, relative=PurePath("a.jpg"))


def test_the_record_of_a_picture_is_the_one_that_is_promised() -> None:
    age = AgeEstimate.from_brackets([0, 0, 0, 0.25, 0.75, 0, 0, 0])
    person = Person(Face(Box(4, 6, 24, 30), confidence=0.98765), age)

    record = picture_record(frame(), [person], REPORTING)

    assert json.dumps(record) == (
        '{"schema": 1, "image": "a.jpg", "status": "ok", "error": null, "width": 64, '
        '"height": 48, "faces": [{"box": [4, 6, 24, 30], "confidence": 0.9877, '
        '"age": {"years": 27.2, "bracket": "25-32", "bracket_confidence": 0.75, '
        '"brackets": {"0-2": 0.0, "4-6": 0.0, "8-12": 0.0, "15-20": 0.25, "25-32": 0.75, '
        '"38-43": 0.0, "48-53": 0.0, "60-100": 0.0}, "interval": [19, 32], '
        '"interval_level": 0.8}}], "models": {"face": {"name": "ssd", "file": "ssd.caffemodel", '
        f'"sha256": "{"5" * 64}"}}, "age": {{"name": "compact", "file": "compact.onnx", '
        f'"sha256": "{"c" * 64}"}}}}, "program": "{age_pipeline.__version__}"}}'
    )


def test_the_record_of_a_failed_input_has_the_same_keys_and_says_why() -> None:
    failed = FailedInput("b.jpg", InputError("damaged", "the file ends in the middle"))

    record = failed_record(failed, REPORTING)

    assert list(record) == list(picture_record(frame(), [], REPORTING))
    assert record["status"] == "error"
    assert record["error"] == {"kind": "damaged", "message": "the file ends in the middle"}
    assert record["faces"] == []
    assert record["width"] is record["height"] is None


def test_a_picture_without_a_face_is_ok() -> None:
    record = picture_record(frame(), [], REPORTING)

    assert (record["status"], record["error"], record["faces"]) == ("ok", None, [])


def test_without_a_detector_there_is_neither_a_confidence_nor_a_face_model() -> None:
    whole = Person(Face(Box(0, 0, 64, 48), confidence=None), bell())

    record = picture_record(frame(), [whole], Reporting(age_model=COMPACT))

    assert record["faces"][0]["confidence"] is None
    assert record["models"]["face"] is None
    assert csv_rows(record)[0]["confidence"] is None
    assert csv_rows(record)[0]["face_model"] is None


def test_at_least_is_reported_when_asked_for() -> None:
    reporting = Reporting(age_model=COMPACT, interval_level=0.5, at_least=18)
    person = Person(FACE, AgeEstimate.from_brackets([0, 0, 0, 0.5, 0.5, 0, 0, 0]))

    age = person_record(person, reporting)["age"]

    assert age["at_least"] == {"age": 18, "probability": 0.75}
    assert age["interval_level"] == 0.5
    assert age["interval"] == [15, 20]


def test_numbers_of_numpy_become_json() -> None:
    box = Box(*np.array([1, 2, 3, 4]))
    face = Face(box, confidence=np.float32(0.1))  # type: ignore[arg-type]
    person = Person(face, bell())

    assert json.loads(json.dumps(person_record(person, REPORTING)))["confidence"] == 0.1


@given(st.lists(st.floats(0.001, 1), min_size=101, max_size=101))
def test_every_age_becomes_valid_json_with_all_its_brackets(weights: list[float]) -> None:
    age = AgeEstimate(np.array(weights) / np.sum(weights))

    record = json.loads(json.dumps(person_record(Person(FACE, age), REPORTING)))["age"]

    assert tuple(record["brackets"]) == BRACKET_NAMES
    assert sum(record["brackets"].values()) == pytest.approx(1, abs=5e-4)
    assert record["bracket_confidence"] == record["brackets"][record["bracket"]]


def test_a_name_that_is_not_utf8_is_escaped_not_lost() -> None:
    failed = FailedInput("caf\udce9.jpg", InputError("missing", "no caf\udce9.jpg"))

    record = failed_record(failed, REPORTING)

    assert picture_record(frame("caf\udce9.jpg"), [], REPORTING)["image"] == "caf\\xe9.jpg"
    assert record["image"] == "caf\\xe9.jpg"
    assert record["error"]["message"] == "no caf\\xe9.jpg"


def test_a_row_per_face_numbered_from_one() -> None:
    people = [Person(FACE, bell(30)), Person(Face(Box(0, 0, 2, 2), 0.25), bell(60))]

    rows = csv_rows(picture_record(frame(), people, Reporting(COMPACT, SSD, at_least=40)))

    assert all(tuple(row) == CSV_COLUMNS for row in rows)
    assert [row["face"] for row in rows] == [1, 2]
    assert rows[0] == {
        "image": "a.jpg",
        "status": "ok",
        "error_kind": None,
        "error": None,
        "face": 1,
        "left": 4,
        "top": 6,
        "right": 24,
        "bottom": 30,
        "confidence": 0.9,
        "years": 30.0,
        "bracket": "25-32",
        "bracket_confidence": rows[0]["bracket_confidence"],
        "interval_low": 25,
        "interval_high": 35,
        "at_least": rows[0]["at_least"],
        "width": 64,
        "height": 48,
        "face_model": "ssd",
        "age_model": "compact",
    }
    assert rows[0]["at_least"] < 0.02 < 0.98 < rows[1]["at_least"]


@pytest.mark.parametrize(
    "record",
    [
        picture_record(frame(), [], REPORTING),
        failed_record(FailedInput("a.jpg", InputError("empty", "no bytes")), REPORTING),
    ],
)
def test_no_face_and_an_error_give_one_row_with_empty_face_cells(record: dict[str, object]) -> None:
    (row,) = csv_rows(record)

    assert tuple(row) == CSV_COLUMNS
    assert {row[column] for column in CSV_COLUMNS[4:16]} == {None}
    assert (row["image"], row["status"]) == ("a.jpg", record["status"])
    assert (row["face_model"], row["age_model"]) == ("ssd", "compact")


def test_the_row_of_an_error_says_why() -> None:
    failed = FailedInput("a.jpg", InputError("too_large", "12 gigapixels"))

    (row,) = csv_rows(failed_record(failed, REPORTING))

    assert (row["error_kind"], row["error"]) == ("too_large", "12 gigapixels")


@pytest.mark.parametrize("name", ["=1+1.jpg", "+a.jpg", "-a.jpg", "@a.jpg"])
def test_a_spreadsheet_runs_no_name_as_a_formula(name: str) -> None:
    failed = FailedInput(name, InputError("empty", f"{name} is empty"))

    record = failed_record(failed, REPORTING)
    (row,) = csv_rows(record)

    assert record["image"] == name
    assert (row["image"], row["error"]) == (f"./{name}", f"./{name} is empty")


def test_a_row_is_a_line_whatever_the_name() -> None:
    (row,) = csv_rows(picture_record(frame("a\r\n.jpg"), [], REPORTING))

    assert row["image"] == "a\\r\\n.jpg"


def test_a_plain_name_stays_as_given_in_csv() -> None:
    for name in ("-", "a=b.jpg", "photos/-1.jpg"):
        assert csv_rows(picture_record(frame(name), [], REPORTING))[0]["image"] == name
