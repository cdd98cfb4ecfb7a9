import numpy as np
import pytest

from age_pipeline.data import AgeEstimate
from age_pipeline.labels import age_line, at_least_text, bracket_text, label_forms


def certain(year: int) -> AgeEstimate:
    return AgeEstimate(np.eye(101)[year])


@pytest.fixture
def age() -> AgeEstimate:
    """Mostly 27 to 29, with an eighth each on 20 and 40."""
    years = np.zeros(101)
    years[[20, 27, 28, 29, 40]] = 0.125, 0.25, 0.25, 0.25, 0.125
    return AgeEstimate(years)


def test_the_line_that_is_printed_for_a_face(age: AgeEstimate) -> None:
    assert age_line(age) == "(25-32): 75.00%  28.0 years (20-29)"


def test_the_interval_follows_its_level(age: AgeEstimate) -> None:
    assert age_line(age, interval_level=0.5) == "(25-32): 75.00%  28.0 years (27-28)"
    assert label_forms(age, interval_level=0.5)[1] == ("28 (27-28)",)


def test_the_probability_of_an_age_comes_last(age: AgeEstimate) -> None:
    assert age_line(age, at_least=28) == (
        "(25-32): 75.00%  28.0 years (20-29)  28 or older: 62.50%"
    )


def test_the_parts() -> None:
    age = certain(30)
    assert bracket_text(age) == "(25-32): 100.00%"
    assert at_least_text(age, 31) == "31 or older: 0.00%"


def test_a_label_says_all_of_it_or_less(age: AgeEstimate) -> None:
    assert label_forms(age) == (
        ("(25-32): 75.00%", "28 years (20-29)"),
        ("28 (20-29)",),
        ("28",),
    )


def test_the_probability_of_an_age_stands_on_whole_labels_only(age: AgeEstimate) -> None:
    whole, *short = label_forms(age, at_least=18)
    assert whole == ("(25-32): 75.00%", "28 years (20-29)", "18 or older: 100.00%")
    assert tuple(short) == label_forms(age)[1:]


@pytest.mark.parametrize(
    ("year", "line"),
    [
        (0, "(0-2): 100.00%  0.0 years (0-0)"),
        (22, "(15-20): 100.00%  22.0 years (22-22)"),
        (100, "(60-100): 100.00%  100.0 years (100-100)"),
    ],
)
def test_the_ends_and_a_gap_year(year: int, line: str) -> None:
    assert age_line(certain(year)) == line


def test_a_wrong_level_is_the_callers_mistake(age: AgeEstimate) -> None:
    with pytest.raises(ValueError, match="level"):
        age_line(age, interval_level=0)


def test_in_a_video_the_number_stands_in_front(age: AgeEstimate) -> None:
    assert label_forms(age, track=3) == (
        ("#3: (25-32): 75.00%", "28 years (20-29)"),
        ("#3: 28 (20-29)",),
        ("#3: 28",),
    )
