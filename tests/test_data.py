"""The nouns: boxes, frames, faces, and everything that is read off a distribution of ages."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from age_pipeline.data import (
    BRACKET_NAMES,
    BRACKETS,
    AgeEstimate,
    Box,
    Face,
    FailedInput,
    Frame,
    Person,
    bracket_index,
    require_image,
)
from age_pipeline.errors import InputError

YEARS = np.arange(101)

sides = st.integers(1, 60)
edges = st.floats(-200, 200) | st.sampled_from([math.inf, -math.inf, math.nan])


@st.composite
def boxes(draw: st.DrawFn, width: int = 12, height: int = 12) -> Box:
    left, top = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    return Box(left, top, draw(st.integers(left + 1, width)), draw(st.integers(top + 1, height)))


def pixels(box: Box) -> npt.NDArray[np.bool_]:
    """Which pixels of a small picture the box holds, as its docstring says to slice them."""
    picture = np.zeros((12, 12), np.bool_)
    picture[box.top : box.bottom, box.left : box.right] = True
    return picture


class TestBox:
    @pytest.mark.parametrize(
        "edges",
        [(-1, 0, 5, 5), (0, -1, 5, 5), (5, 0, 5, 5), (0, 5, 5, 5), (6, 0, 5, 5), (0, 6, 5, 5)],
    )
    def test_none_is_empty_or_left_of_or_above_the_picture(
        self, edges: tuple[int, int, int, int]
    ) -> None:
        with pytest.raises(ValueError, match="expected 0 <= left < right"):
            Box(*edges)

    def test_is_frozen(self) -> None:
        with pytest.raises(FrozenInstanceError):
            Box(0, 0, 1, 1).left = 3  # type: ignore[misc]

    @given(boxes())
    def test_width_height_and_area_count_its_pixels(self, box: Box) -> None:
        inside = pixels(box)
        assert box.width == inside.any(axis=0).sum()
        assert box.height == inside.any(axis=1).sum()
        assert box.area == inside.sum()

    @given(boxes(), boxes())
    def test_intersection_and_iou_count_the_pixels_that_two_share(self, a: Box, b: Box) -> None:
        shared, either = (pixels(a) & pixels(b)).sum(), (pixels(a) | pixels(b)).sum()
        assert a.intersection(b) == b.intersection(a) == shared
        assert a.iou(b) == b.iou(a) == pytest.approx(shared / either)
        assert 0 <= a.iou(b) <= 1
        assert (a.iou(b) == 1) == (a == b)


class TestClippedBox:
    @given(edges, edges, edges, edges, sides, sides)
    def test_is_inside_and_never_empty_or_there_is_none(
        self, left: float, top: float, right: float, bottom: float, width: int, height: int
    ) -> None:
        box = Box.clipped(left, top, right, bottom, width=width, height=height)
        if box is None:
            return
        assert 0 <= box.left < box.right <= width
        assert 0 <= box.top < box.bottom <= height
        assert {type(edge) for edge in (box.left, box.top, box.right, box.bottom)} == {int}
        # Only the fraction of a pixel is lost of an edge that lies in the picture.
        for edge, given_edge, last in (
            (box.left, left, width),
            (box.top, top, height),
            (box.right, right, width),
            (box.bottom, bottom, height),
        ):
            assert 0 <= min(max(given_edge, 0), last) - edge < 1

    @given(boxes())
    def test_is_the_same_where_it_was_inside(self, box: Box) -> None:
        again = Box.clipped(box.left, box.top, box.right, box.bottom, width=12, height=12)
        assert again == box

    @pytest.mark.parametrize("place", range(4))
    def test_is_none_where_an_edge_is_not_a_number(self, place: int) -> None:
        numbers = [2.0, 2.0, 8.0, 8.0]
        numbers[place] = math.nan
        assert Box.clipped(*numbers, width=10, height=10) is None

    def test_infinite_edges_are_the_picture_s(self) -> None:
        endless = Box.clipped(-math.inf, -math.inf, math.inf, math.inf, width=7, height=5)
        assert endless == Box(0, 0, 7, 5)
        assert Box.clipped(math.inf, 0, math.inf, 5, width=7, height=5) is None

    @pytest.mark.parametrize(
        "edges",
        [(-5, 0, 0, 5), (7, 0, 12, 5), (0, -9, 7, 0), (0, 5, 7, 9), (4, 0, 3, 5), (2.2, 0, 2.9, 5)],
    )
    def test_is_none_where_nothing_is_left(self, edges: tuple[float, ...]) -> None:
        assert Box.clipped(*edges, width=7, height=5) is None

    def test_cuts_fractions_off_as_the_original_program_does(self) -> None:
        assert Box.clipped(1.4, 1.6, 4.4, 4.6, width=9, height=9) == Box(1, 1, 4, 4)


NO_PICTURES = [
    (np.zeros((4, 5)), TypeError, "uint8, got float64"),
    (np.zeros((4, 5, 3), np.uint16), TypeError, "uint8, got uint16"),
    ([[1, 2, 3]], TypeError, "uint8, got list"),
    (None, TypeError, "uint8, got NoneType"),
    (np.zeros((4, 5), np.uint8), ValueError, r"\(height, width, 3\), got \(4, 5\)"),
    (np.zeros((4, 5, 1), np.uint8), ValueError, r"got \(4, 5, 1\)"),
    (np.zeros((4, 5, 4), np.uint8), ValueError, r"got \(4, 5, 4\)"),
    (np.zeros((0, 5, 3), np.uint8), ValueError, r"got \(0, 5, 3\)"),
    (np.zeros((1, 4, 5, 3), np.uint8), ValueError, r"got \(1, 4, 5, 3\)"),
]


@pytest.mark.parametrize(("image", "error", "message"), NO_PICTURES)
def test_what_is_no_colour_picture_is_refused(
    image: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        require_image(image)
    with pytest.raises(error, match=message):
        Frame(image, "a.jpg")


def test_a_frame_knows_its_size() -> None:
    frame = Frame(np.zeros((4, 5, 3), np.uint8), "a.jpg")
    assert (frame.width, frame.height) == (5, 4)
    assert (frame.relative, frame.index, frame.time_s) == (None, 0, None)


class TestFace:
    @pytest.mark.parametrize("confidence", [-0.01, 1.01, math.nan, math.inf])
    def test_a_confidence_is_0_to_1(self, confidence: float) -> None:
        with pytest.raises(ValueError, match="expected a confidence of 0 to 1"):
            Face(Box(0, 0, 1, 1), confidence)

    @pytest.mark.parametrize("confidence", [0, 0.5, 1, None])
    def test_or_absent(self, confidence: float | None) -> None:
        assert Face(Box(0, 0, 1, 1), confidence).confidence == confidence

    @pytest.mark.parametrize("quarter_turns", [-1, 4, 90])
    def test_a_face_is_turned_by_0_to_3_quarters(self, quarter_turns: int) -> None:
        with pytest.raises(ValueError, match="expected 0 to 3 quarter turns"):
            Face(Box(0, 0, 1, 1), 0.5, quarter_turns)

    @pytest.mark.parametrize("points", [(), ((1.0, 2.0),) * 4, ((1.0, 2.0, 3.0),) * 5])
    def test_landmarks_are_five_points(self, points: Any) -> None:
        with pytest.raises(ValueError, match="expected 5 landmarks"):
            Face(Box(0, 0, 1, 1), 0.5, landmarks=points)


def test_people_and_failed_inputs_hold_what_they_are_given() -> None:
    face, age = Face(Box(0, 0, 1, 1), 0.5), certain(30)
    assert (Person(face, age).face, Person(face, age).age) == (face, age)
    error = InputError("missing", "no such file")
    assert (FailedInput("a.jpg", error).name, FailedInput("a.jpg", error).error) == ("a.jpg", error)


def distribution(weights: dict[int, float]) -> AgeEstimate:
    """An estimate with these weights on these years, made to sum to 1."""
    values = np.zeros(101)
    values[list(weights)] = list(weights.values())
    return AgeEstimate(values / values.sum())


def certain(year: int) -> AgeEstimate:
    return distribution({year: 1})


weights = st.floats(1e-6, 1)
few_years = st.dictionaries(st.integers(0, 100), weights, min_size=1, max_size=8).map(distribution)
all_years = (
    arrays(np.float64, 101, elements=st.floats(0, 1))
    .filter(lambda values: values.sum() > 1e-3)
    .map(lambda values: AgeEstimate(values / values.sum()))
)
estimates = few_years | all_years
levels = st.floats(0.01, 1)


class TestAgeEstimate:
    @pytest.mark.parametrize("shape", [(0,), (100,), (102,), (1, 101), ()])
    def test_has_a_probability_for_each_year(self, shape: tuple[int, ...]) -> None:
        with pytest.raises(ValueError, match="expected 101 probabilities"):
            AgeEstimate(np.ones(shape))

    @pytest.mark.parametrize(
        "weights",
        [{3: 0.0}, {3: 0.99}, {3: 1.01}, {3: 1.5, 4: -0.5}, {3: math.nan}, {3: math.inf}],
    )
    def test_they_are_probabilities_and_sum_to_1(self, weights: dict[int, float]) -> None:
        values = np.zeros(101)
        values[list(weights)] = list(weights.values())
        with pytest.raises(ValueError, match="expected probabilities that sum to 1"):
            AgeEstimate(values)

    def test_what_float32_left_of_a_sum_is_made_good(self) -> None:
        estimate = AgeEstimate(np.full(101, 1 / 101 * 1.0005))
        assert estimate.probabilities.dtype == np.float64
        assert estimate.probabilities.sum() == pytest.approx(1, abs=1e-12)

    def test_nobody_writes_into_it(self) -> None:
        values = np.full(101, 1 / 101)
        estimate = AgeEstimate(values)
        with pytest.raises(ValueError, match="read-only"):
            estimate.probabilities[3] = 1
        with pytest.raises(FrozenInstanceError):
            estimate.probabilities = values  # type: ignore[misc]
        values[:] = 0
        assert estimate.probabilities.sum() == pytest.approx(1)


GAP_YEARS = {
    "0-2": [3],
    "4-6": [7],
    "8-12": [13],
    "15-20": [14, 21, 22],
    "25-32": [23, 24, 33, 34, 35],
    "38-43": [36, 37, 44, 45],
    "48-53": [46, 47, 54, 55, 56],
    "60-100": [57, 58, 59],
}
"""The years of no bracket, by the nearest; 3, 7 and 35 lie as near an older one."""


class TestBrackets:
    def test_have_their_own_years_and_the_nearest_of_the_gaps(self) -> None:
        for (first, last), (name, gaps) in zip(BRACKETS, GAP_YEARS.items(), strict=True):
            for year in (*range(first, last + 1), *gaps):
                assert certain(year).bracket == name
        in_brackets = sum(last - first + 1 for first, last in BRACKETS)
        assert in_brackets + sum(len(gaps) for gaps in GAP_YEARS.values()) == len(YEARS)

    def test_22_reads_as_15_to_20(self) -> None:
        assert certain(22).bracket == "15-20"

    def test_the_index_is_into_the_table(self) -> None:
        assert [bracket_index(year) for year in (0, 22, 35, 56, 100)] == [0, 3, 4, 6, 7]

    @given(estimates)
    def test_sum_to_1_youngest_first(self, estimate: AgeEstimate) -> None:
        assert tuple(estimate.brackets) == BRACKET_NAMES
        assert sum(estimate.brackets.values()) == pytest.approx(1, abs=1e-12)
        assert estimate.bracket_confidence == estimate.brackets[estimate.bracket]
        assert estimate.bracket_confidence >= 1 / 8

    @given(estimates)
    def test_are_sums_over_years(self, estimate: AgeEstimate) -> None:
        for (first, last), (name, gaps) in zip(BRACKETS, GAP_YEARS.items(), strict=True):
            held = estimate.probabilities[[*range(first, last + 1), *gaps]].sum()
            assert estimate.brackets[name] == pytest.approx(held, abs=1e-12)

    def test_of_two_that_are_equal_the_younger_counts(self) -> None:
        assert distribution({1: 1, 80: 1}).bracket == "0-2"

    @given(arrays(np.float64, 8, elements=st.floats(0, 1)).filter(lambda values: values.sum() > 0))
    def test_of_a_network_with_brackets_are_its_outputs(
        self, outputs: npt.NDArray[np.float64]
    ) -> None:
        outputs = outputs / outputs.sum()
        estimate = AgeEstimate.from_brackets(outputs)
        assert list(estimate.brackets.values()) == pytest.approx(outputs.tolist(), abs=1e-9)
        for (first, last), output in zip(BRACKETS, outputs, strict=True):
            even = output / (last - first + 1)
            np.testing.assert_allclose(
                estimate.probabilities[first : last + 1], even, rtol=1e-9, atol=1e-15
            )

    @pytest.mark.parametrize("shape", [(7,), (9,), (1, 8)])
    def test_of_another_number_are_refused(self, shape: tuple[int, ...]) -> None:
        with pytest.raises(ValueError, match="expected 8 probabilities"):
            AgeEstimate.from_brackets(np.ones(shape) / 8)


class TestYears:
    @pytest.mark.parametrize("year", [1, 30, 100])
    def test_certainty_reads_as_the_year(self, year: int) -> None:
        assert certain(year).years == pytest.approx(year)

    @pytest.mark.parametrize(
        ("weights", "expected"),
        [
            ({30: 1, 31: 1}, 30.5),
            ({30: 1, 31: 2}, 30.75),
            ({20: 1, 40: 1}, 20.5),
            ({20: 0.49, 40: 0.51}, 39.5 + 0.01 / 0.51),
            ({0: 3, 1: 1}, 0.5 / 0.75 - 0.5),
            ({0: 1}, 0.0),
        ],
    )
    def test_is_the_median(self, weights: dict[int, float], expected: float) -> None:
        assert distribution(weights).years == pytest.approx(expected)

    @given(estimates)
    def test_half_of_the_probability_lies_on_either_side(self, estimate: AgeEstimate) -> None:
        years = estimate.years
        below = float(np.clip(years - (YEARS - 0.5), 0, 1) @ estimate.probabilities)
        assert below == pytest.approx(0.5, abs=1e-9)
        assert 0 <= years <= 100.5

    def test_does_not_heed_how_far_the_tail_reaches(self) -> None:
        assert distribution({30: 0.9, 31: 0.1}).years == distribution({30: 0.9, 99: 0.1}).years


class TestInterval:
    @given(estimates, levels)
    def test_is_the_shortest_run_that_holds_the_level(
        self, estimate: AgeEstimate, level: float
    ) -> None:
        first, last = estimate.interval(level)
        assert 0 <= first <= last <= 100
        held = estimate.probabilities[first : last + 1].sum()
        assert held >= level - 1e-9
        for start in range(101 - (last - first)):
            # Nothing shorter holds it, and nothing as short holds more.
            run = estimate.probabilities[start : start + last - first + 1]
            assert run[1:].sum() < level
            assert run[:-1].sum() < level
            assert run.sum() <= held + 1e-9

    @pytest.mark.parametrize(
        ("level", "expected"),
        [(0.5, (30, 30)), (0.6, (30, 31)), (0.8, (29, 31)), (1, (29, 40)), (0.05, (30, 30))],
    )
    def test_for_example(self, level: float, expected: tuple[int, int]) -> None:
        estimate = distribution({29: 0.2, 30: 0.5, 31: 0.25, 40: 0.05})
        assert estimate.interval(level) == expected

    def test_holds_four_fifths_unless_told(self) -> None:
        estimate = distribution(dict.fromkeys(range(20, 30), 1))
        first, last = estimate.interval()
        assert last - first + 1 == 8

    def test_takes_all_years_where_both_ends_count(self) -> None:
        assert distribution({0: 1, 100: 1}).interval(0.8) == (0, 100)

    @pytest.mark.parametrize("level", [0, -0.1, 1.001, math.nan])
    def test_a_level_is_above_0_and_at_most_1(self, level: float) -> None:
        with pytest.raises(ValueError, match="expected a level"):
            certain(30).interval(level)


class TestAtLeast:
    @given(estimates)
    def test_falls_from_1_with_the_age(self, estimate: AgeEstimate) -> None:
        by_age = [estimate.at_least(age) for age in range(101)]
        assert by_age[0] == pytest.approx(1, abs=1e-12)
        assert max(by_age) <= 1
        assert np.diff(by_age).max() <= 1e-12
        for age in (0, 17, 18, 100):
            assert by_age[age] == pytest.approx(estimate.probabilities[age:].sum())

    def test_counts_the_age_itself(self) -> None:
        estimate = distribution({17: 1, 18: 3})
        assert estimate.at_least(17) == pytest.approx(1)
        assert estimate.at_least(18) == pytest.approx(0.75)
        assert estimate.at_least(19) == 0

    @pytest.mark.parametrize("age", [-1, 101])
    def test_an_age_is_0_to_100(self, age: int) -> None:
        with pytest.raises(ValueError, match="expected an age of 0 to 100"):
            certain(30).at_least(age)
