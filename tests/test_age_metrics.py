import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from labelled_answers import numbers

from benchmarks.age_metrics import (
    Bin,
    Flags,
    Mean,
    Numbers,
    Share,
    bins_of_equal_mass,
    bins_of_equal_width,
    expected_calibration_error,
    mean_of,
    share_of,
)

Cut = Callable[[Numbers, Flags], list[Bin]]

CASES = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=200)


def arrays(cases: list[tuple[float, bool]]) -> tuple[Numbers, Flags]:
    said, true = zip(*cases, strict=True)
    return np.array(said), np.array(true, bool)


def test_a_share_is_a_part_of_a_whole() -> None:
    share = share_of(np.array([True, False, True, True]))
    assert (share.count, share.of, share.share) == (3, 4, 0.75)


def test_a_share_of_nothing_is_none() -> None:
    share = share_of(np.array([], bool))
    assert (share.share, share.confidence) == (None, None)


def test_more_than_all_is_no_share() -> None:
    with pytest.raises(ValueError, match="got 3 of 2"):
        Share(3, 2)


@pytest.mark.parametrize(
    # Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3.
    ("count", "of", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_confidence_of_a_share_is_wilsons(count: int, of: int, low: float, high: float) -> None:
    assert Share(count, of).confidence == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 1000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_the_confidence_holds_the_share(case: tuple[int, int]) -> None:
    share = Share(*case)
    assert share.share is not None
    assert share.confidence is not None
    low, high = share.confidence
    assert 0 <= low <= share.share + 1e-12
    assert share.share - 1e-12 <= high <= 1


def test_a_mean_has_a_margin() -> None:
    # Of 1, 2, 3, 4, 5 the standard deviation is the root of 2.5.
    mean = mean_of(np.array([1.0, 2, 3, 4, 5]))
    assert (mean.mean, mean.of) == (3, 5)
    assert mean.margin == pytest.approx(1.959964 * math.sqrt(2.5 / 5))


def test_a_mean_of_one_value_has_none() -> None:
    assert mean_of(np.array([7.0])) == Mean(7.0, 1, None)
    assert mean_of(np.array([])) == Mean(None, 0, None)


def test_bins_of_equal_mass() -> None:
    said = np.array([0.9, 0.1, 0.4, 0.6])
    true = np.array([True, False, False, True])
    bins = bins_of_equal_mass(said, true, 2)
    assert numbers(bins) == pytest.approx([2, 0.25, 0, 2, 0.75, 1])


def test_bins_of_equal_width() -> None:
    said = np.array([0.0, 0.09, 0.1, 0.95, 1.0])
    true = np.array([False, True, True, True, True])
    bins = bins_of_equal_width(said, true)
    assert numbers(bins) == pytest.approx([2, 0.045, 0.5, 1, 0.1, 1, 2, 0.975, 1])


def test_the_calibration_error_is_weighted_by_faces() -> None:
    # (30 * 0.2 + 10 * 0.1) / 40
    error = expected_calibration_error([Bin(30, 0.5, 0.7), Bin(10, 0.9, 0.8)])
    assert error == pytest.approx(0.175)


def test_without_faces_there_is_no_calibration_error() -> None:
    nothing = np.array([])
    assert bins_of_equal_mass(nothing, nothing.astype(bool)) == []
    assert bins_of_equal_width(nothing, nothing.astype(bool)) == []
    assert expected_calibration_error([]) is None


@pytest.mark.parametrize("cut", [bins_of_equal_mass, bins_of_equal_width])
@given(CASES)
def test_every_face_is_in_one_bin(cut: Cut, cases: list[tuple[float, bool]]) -> None:
    said, true = arrays(cases)
    bins = cut(said, true)
    assert 1 <= len(bins) <= 10
    assert sum(each.of for each in bins) == len(cases)
    assert sum(each.of * each.said for each in bins) == pytest.approx(said.sum())
    assert sum(each.of * each.true for each in bins) == pytest.approx(true.sum())
    assert [each.said for each in bins] == sorted(each.said for each in bins)


@given(CASES)
def test_bins_of_equal_mass_differ_by_a_face_at_most(cases: list[tuple[float, bool]]) -> None:
    sizes = [each.of for each in bins_of_equal_mass(*arrays(cases))]
    assert max(sizes) - min(sizes) <= 1


@given(CASES)
def test_the_calibration_error_lies_between_the_extremes(cases: list[tuple[float, bool]]) -> None:
    said, true = arrays(cases)
    error = expected_calibration_error(bins_of_equal_mass(said, true))
    assert error is not None
    assert abs(said.mean() - true.mean()) - 1e-9 <= error <= 1


@given(st.integers(1, 50))
def test_who_is_sure_and_right_is_calibrated(number: int) -> None:
    bins = bins_of_equal_mass(np.ones(number), np.ones(number, bool))
    assert expected_calibration_error(bins) == 0
