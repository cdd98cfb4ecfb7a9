"""How far apart two answers for the same faces lie."""

from __future__ import annotations

import pytest
from labelled_answers import label, result, said

from benchmarks.accuracy_report import Report, report_of
from benchmarks.age_agreement import agreements
from benchmarks.age_groups import FAIRFACE


def report(*years: float | None) -> Report:
    """Of faces that look as old as this; None was not found."""
    pairs = [(label(30 + number), each) for number, each in enumerate(years)]
    return report_of(result(said(*pairs)), FAIRFACE, [], 18)


def test_it_is_the_median_over_the_faces_that_both_found() -> None:
    [each] = agreements([report(20, 30, 40, None, 9), report(21, 28, 46, 50, None)])
    assert each.of == 3
    assert each.median == pytest.approx(2)
    assert each.bias == pytest.approx(1)


def test_where_no_face_was_found_by_both_nothing_is_claimed() -> None:
    [each] = agreements([report(20, None), report(None, 30)])
    assert (each.median, each.bias, each.of) == (None, None, 0)


def test_each_is_compared_with_each() -> None:
    found = agreements([report(20), report(21), report(25)])
    assert [round(each.median or 0) for each in found] == [1, 5, 4]
    assert len(agreements([report(20)])) == 0
