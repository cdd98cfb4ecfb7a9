import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from labelled_answers import label

from age_pipeline.data import BRACKETS, AgeEstimate, bracket_index
from age_pipeline.errors import UsageError
from benchmarks.age_groups import ADIENCE, FAIRFACE, AgeGroups, groups_of
from benchmarks.age_labels import FAIRFACE_GROUPS


def test_the_groups_of_fairface_are_named_as_there() -> None:
    assert FAIRFACE.names == tuple(FAIRFACE_GROUPS)


def test_a_year_in_a_gap_counts_as_the_program_counts_it() -> None:
    assert ADIENCE.of_year.tolist() == [bracket_index(year) for year in range(101)]


@pytest.mark.parametrize(
    ("years", "group"),
    [(-0.5, "0-2"), (2.9, "0-2"), (3, "3-9"), (9.99, "3-9"), (10.0, "10-19"), (100.5, "70+")],
)
def test_an_estimate_falls_in_the_group_of_its_last_birthday(years: float, group: str) -> None:
    [index] = FAIRFACE.of_years(np.array([years]))
    assert FAIRFACE.names[index] == group


@given(st.lists(st.floats(0.01, 1), min_size=101, max_size=101))
def test_the_groups_probabilities_are_sums_over_their_years(weights: list[float]) -> None:
    age = AgeEstimate(np.array(weights) / sum(weights))
    [own] = FAIRFACE.probabilities(age.probabilities[None])
    assert own.sum() == pytest.approx(1)
    assert own[1] == pytest.approx(age.probabilities[3:10].sum())
    [brackets] = ADIENCE.probabilities(age.probabilities[None])
    assert brackets == pytest.approx(list(age.brackets.values()))


def test_known_groups_are_known_by_some_of_them() -> None:
    assert groups_of([label(60, 100), label(4, 6), label(5)]) == ADIENCE
    assert groups_of([label(20, 29), label(20, 29), label(70, 100)]) == FAIRFACE
    assert groups_of([label(0, 2)]) == FAIRFACE


def test_other_groups_are_joined_by_what_is_between() -> None:
    labels = [label(30, 39), label(13, 17), label(18, 29), label(30, 39), label(50, 64), label(5)]
    names = ("0-12", "13-17", "18-29", "30-39", "40-49", "50-64", "65+")
    assert groups_of(labels).names == names
    assert groups_of([label(0, 17), label(18, 100)]).spans == ((0, 17), (18, 100))


def test_single_years_are_compared_by_the_groups_of_fairface() -> None:
    assert groups_of([label(5), label(42)]) == FAIRFACE


@pytest.mark.parametrize("other", [(9, 12), (4, 6), (3, 12)])
def test_groups_that_overlap_are_no_groups(other: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match="overlap: a face must belong to one"):
        groups_of([label(3, 9), label(*other)])
    with pytest.raises(ValueError, match="expected groups in order and apart"):
        AgeGroups(tuple(sorted([(3, 9), other])))


def test_no_group_is_no_division() -> None:
    with pytest.raises(ValueError, match="expected groups in order and apart"):
        AgeGroups(())


@given(st.sets(st.integers(0, 100), min_size=2).map(sorted), st.integers(0, 100))
def test_a_year_counts_for_the_group_that_has_it(edges: list[int], year: int) -> None:
    spans = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    groups = AgeGroups(tuple(spans))
    first, last = groups.spans[groups.of_year[year]]
    if any(a <= year <= b for a, b in spans):
        assert first <= year <= last
    else:
        nearest = min(min(abs(year - a), abs(year - b)) for a, b in spans)
        assert min(abs(year - first), abs(year - last)) == nearest


def test_brackets_are_adiences() -> None:
    assert ADIENCE.spans == BRACKETS
    assert ADIENCE.names[-2:] == ("48-53", "60+")
