import json
from pathlib import Path

from fakes import FakeFaces
from labelled_answers import label, mixture, result, said

from age_pipeline.data import FailedInput
from age_pipeline.errors import InputError
from benchmarks.accuracy_records import accuracy_record
from benchmarks.accuracy_report import report_of
from benchmarks.age_groups import FAIRFACE

ANSWERS = said(
    (label(30, sex="male"), 33), (label(3, 9), mixture({17: 0.4, 18: 0.6})), (label(60), None)
)
REPORT = report_of(result(ANSWERS, FakeFaces()), FAIRFACE, ["sex"], 18)
GONE = FailedInput("gone\udcff.png", InputError("missing", "gone\udcff.png is gone"))
RECORD = accuracy_record([REPORT], [GONE], {"folder": Path("a"), "limit": None, "by": ["sex"]})


def test_it_is_json_as_it_stands() -> None:
    assert json.loads(json.dumps(RECORD, allow_nan=False)) == RECORD
    json.dumps(RECORD).encode("utf-8")


def test_it_says_what_was_asked_and_what_failed() -> None:
    assert RECORD["schema"] == 1
    assert RECORD["asked"] == {"folder": "a", "limit": None, "by": ["sex"]}
    assert RECORD["unreadable"] == [
        {"file": "gone\\xff.png", "kind": "missing", "message": "gone\\xff.png is gone"}
    ]


def test_it_has_every_figure_with_its_count() -> None:
    [report] = RECORD["reports"]
    assert report["models"]["face"]["name"] == "fake-faces"
    assert report["models"]["age"]["sha256"] == "a" * 64
    assert report["groups"][-1] == "70+"
    figures = report["figures"]
    assert (figures["faces"], figures["not_found"]) == (3, 1)
    assert figures["years"]["error"] == {"mean": 3.0, "of": 1, "margin": None}
    assert figures["years"]["close"] == {
        "share": 0.5,
        "count": 1,
        "of": 2,
        "confidence": [0.0945, 0.9055],
    }
    assert report["challenge"]["age"] == 18
    assert report["challenge"]["younger"][0]["of"] == 1
    assert report["calibration"]["groups"][0] == {"of": 1, "said": 1.0, "true": 1.0}
    assert [(part["column"], part["value"]) for part in report["parts"]] == [
        ("decade", "30s"),
        ("decade", "60s"),
        ("age group", "3-9"),
        ("sex", "male"),
    ]
    assert report["parts"][0]["figures"]["faces"] == 1


def test_it_has_every_face() -> None:
    sure, torn, lost = RECORD["reports"][0]["faces"]
    assert sure == {
        "name": "30.png",
        "first": 30,
        "last": 30,
        "groups": {"sex": "male"},
        "centre": None,
        "found": True,
        "years": 33.0,
        "interval": [33.0, 33.0],
        "at_least": 1.0,
    }
    assert (torn["first"], torn["last"], torn["at_least"]) == (3, 9, 0.6)
    assert (lost["found"], lost["years"], lost["interval"]) == (False, None, [None, None])


def test_without_a_detector_there_is_no_face_model() -> None:
    whole = report_of(result(ANSWERS), FAIRFACE, [], 18)
    assert accuracy_record([whole], [], {})["reports"][0]["models"]["face"] is None


def test_it_has_how_far_apart_each_two_are() -> None:
    other = said((label(30, sex="male"), 31), (label(3, 9), None), (label(60), 61))
    reports = [REPORT, report_of(result(other), FAIRFACE, ["sex"], 18)]
    assert RECORD["agreements"] == []
    assert accuracy_record(reports, [], {})["agreements"] == [
        {
            "first": "fake-ages, fake-faces",
            "second": "fake-ages, whole",
            "median": 2.0,
            "bias": -2.0,
            "of": 1,
        }
    ]
