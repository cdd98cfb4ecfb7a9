import pytest
from hypothesis import given
from hypothesis import strategies as st
from labelled_answers import label, mixture, said

from benchmarks.accuracy_figures import YearFigures, figures_of
from benchmarks.age_answers import Answers
from benchmarks.age_groups import ADIENCE, FAIRFACE, AgeGroups
from benchmarks.age_metrics import Share


def years_of(answers: Answers) -> YearFigures:
    years = figures_of(answers, FAIRFACE).years
    assert years is not None
    return years


FOUR = said((label(30), 33), (label(40), 34), (label(50), 45), (label(60), None))
"""Errors of +3, -6 and -5 years, and a face that was not found."""


def test_errors_are_of_the_faces_found() -> None:
    years = years_of(FOUR)
    assert years.error.mean == pytest.approx(14 / 3)
    assert years.bias.mean == pytest.approx(-8 / 3)
    assert years.error.of == years.bias.of == 3


def test_a_face_that_was_not_found_is_not_close() -> None:
    assert years_of(FOUR).close == Share(2, 4)
    figures = figures_of(FOUR, FAIRFACE)
    assert (figures.faces, figures.not_found) == (4, 1)


def test_the_interval_is_of_the_faces_found() -> None:
    # 80% of it lie on 20 to 21, and the whole of it on 20 to 30.
    age = mixture({20: 0.5, 21: 0.3, 30: 0.2})
    answers = said(*((label(truth), age) for truth in (19, 20, 21, 22)), (label(20), None))
    assert years_of(answers).held == Share(2, 4)
    width = figures_of(answers, FAIRFACE).width
    assert (width.mean, width.of) == (2.0, 4)


def test_brackets_go_by_the_most_probable() -> None:
    # The median of the first is 30, its most probable bracket 15-20.
    torn = mixture({17: 0.45, 30: 0.25, 40: 0.3})
    answers = said((label(18), torn), (label(23), torn), (label(50), torn), (label(18), None))
    years = years_of(answers)
    # 22 is nearer to 20 than to 25, 23 the other way round.
    assert years.bracket == Share(1, 4)
    assert years.bracket_near == Share(2, 4)


def test_groups_go_by_the_years_and_by_the_most_probable() -> None:
    torn = mixture({17: 0.45, 35: 0.25, 45: 0.3})
    labels = [label(10, 19), label(30, 39), label(0, 2)]
    answers = said(*((own, torn) for own in labels), (label(30, 39), None))
    groups = figures_of(answers, FAIRFACE).groups
    assert (groups.exact, groups.near) == (Share(1, 4), Share(1, 4))
    assert (groups.probable, groups.probable_near) == (Share(1, 4), Share(1, 4))
    by_years, probable = (
        figures_of(answers.chosen(answers.first == first), FAIRFACE).groups for first in (30, 10)
    )
    assert (by_years.exact, by_years.probable) == (Share(1, 2), Share(0, 2))
    assert (probable.exact, probable.probable) == (Share(0, 1), Share(1, 1))


def test_a_neighbouring_group_is_near() -> None:
    answers = said((label(3, 9), 2), (label(3, 9), 9), (label(3, 9), 10), (label(3, 9), 20))
    groups = figures_of(answers, FAIRFACE).groups
    assert (groups.exact, groups.near) == (Share(1, 4), Share(3, 4))
    assert (groups.probable, groups.probable_near) == (Share(1, 4), Share(3, 4))


def test_without_single_years_there_are_no_errors_in_years() -> None:
    figures = figures_of(said((label(3, 9), 5)), FAIRFACE)
    assert figures.years is None
    assert figures.width.mean == 1


def test_of_mixed_labels_the_single_years_have_errors() -> None:
    years = years_of(said((label(3, 9), 50), (label(10), 12), (label(20), 19)))
    assert (years.error.mean, years.error.of) == (1.5, 2)
    assert years.close == Share(2, 2)


def test_where_nobody_is_found_all_is_wrong() -> None:
    figures = figures_of(said((label(30), None), (label(40), None)), FAIRFACE)
    assert figures.years is not None
    assert (figures.years.error.mean, figures.years.held) == (None, Share(0, 0))
    assert figures.years.close == figures.years.bracket_near == Share(0, 2)
    assert figures.groups.near == figures.groups.probable_near == Share(0, 2)


def test_of_nobody_there_is_nothing_to_say() -> None:
    figures = figures_of(said(), FAIRFACE)
    assert (figures.faces, figures.years, figures.groups.exact) == (0, None, Share(0, 0))


AGES = st.lists(
    st.tuples(st.integers(0, 100), st.none() | st.floats(0, 100)), min_size=1, max_size=30
)


@given(AGES, st.sampled_from([FAIRFACE, ADIENCE]))
def test_what_holds_of_all_answers(ages: list[tuple[int, float | None]], groups: AgeGroups) -> None:
    answers = said(*((label(age), told) for age, told in ages))
    figures = figures_of(answers, groups)
    assert figures.years is not None
    assert figures.not_found == sum(told is None for _, told in ages)
    near = figures.groups
    assert near.exact.count <= near.near.count <= figures.faces - figures.not_found
    # Who is sure of one year says the same by the median and by the most probable group.
    assert (near.exact, near.near) == (near.probable, near.probable_near)
    if figures.years.error.mean is not None and figures.years.bias.mean is not None:
        assert abs(figures.years.bias.mean) <= figures.years.error.mean + 1e-9


@given(AGES)
def test_who_tells_the_truth_makes_no_error(ages: list[tuple[int, float | None]]) -> None:
    years = years_of(said(*((label(age), age) for age, _ in ages)))
    everybody = Share(len(ages), len(ages))
    assert (years.error.mean, years.bias.mean) == (0, 0)
    assert years.close == years.held == years.bracket == years.bracket_near == everybody
