"""What the default models say of images/, against what they said when they were last changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from write_golden import GOLDEN, PICTURES, results

from age_pipeline.data import Box

PEOPLE = {
    "1.png": 1,
    "2.jpg": 1,
    "einstein_1947.jpg": 1,
    "nasa_group15.jpg": 23,
    "solvay_1927.jpg": 29,
}
"""How many there are to be seen."""


@pytest.fixture(scope="module")
def golden() -> Any:
    return json.loads(GOLDEN.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return results()


def test_it_was_written_with_these_models(golden: Any, found: dict[str, Any]) -> None:
    # Where this fails because a model was changed on purpose: python tests/write_golden.py
    assert found["models"] == golden["models"]


@pytest.mark.parametrize("name", PICTURES)
def test_the_people_are_the_same(golden: Any, found: dict[str, Any], name: str) -> None:
    assert len(golden["pictures"][name]) == PEOPLE[name]
    assert len(found["pictures"][name]) == PEOPLE[name]
    for before in golden["pictures"][name]:
        # By place: two confidences that are all but equal may change places on another machine.
        place = Box(*before["box"])
        person = max(found["pictures"][name], key=lambda each: place.iou(Box(*each["box"])))
        assert person["box"] == pytest.approx(before["box"], abs=1)
        assert person["confidence"] == pytest.approx(before["confidence"], abs=0.01)
        # A face one pixel further gives another crop, and an age a little different.
        assert person["years"] == pytest.approx(before["years"], abs=1)
        assert person["brackets"] == pytest.approx(before["brackets"], abs=0.05)


def test_most_confident_first(found: dict[str, Any]) -> None:
    for people in found["pictures"].values():
        confidences = [person["confidence"] for person in people]
        assert confidences == sorted(confidences, reverse=True)
