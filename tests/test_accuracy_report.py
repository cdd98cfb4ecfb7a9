from fakes import FakeFaces
from labelled_answers import label, result, said

from benchmarks.accuracy_report import report_of, usual_columns, values_of
from benchmarks.age_answers import Answers
from benchmarks.age_groups import FAIRFACE, groups_of

PEOPLE = said(
    (label(9, sex="male"), 19),
    (label(15, sex="female", camera="old"), 15),
    (label(15, camera="new"), 25),
    (label(100, sex="female", camera="old"), None),
)


def parts(answers: Answers, *columns: str) -> list[tuple[str, str, int]]:
    groups = groups_of(answers.labels)
    report = report_of(result(answers), groups, columns, 18)
    return [(part.column, part.value, part.figures.faces) for part in report.parts]


def test_single_years_are_parted_by_decade() -> None:
    assert parts(PEOPLE) == [("decade", "0s", 1), ("decade", "10s", 2), ("decade", "100s", 1)]


def test_groups_are_parted_as_they_are_labelled() -> None:
    answers = said((label(3, 9), 3), (label(70, 100), 3), (label(3, 9), 3))
    assert parts(answers) == [("age group", "3-9", 2), ("age group", "70+", 1)]


def test_mixed_labels_are_parted_both_ways() -> None:
    answers = said((label(3, 9), 3), (label(4), 3))
    assert parts(answers) == [("decade", "0s", 1), ("age group", "3-9", 1)]


def test_columns_are_parted_by_value_and_what_is_unknown_left_out() -> None:
    assert parts(PEOPLE, "sex", "camera")[3:] == [
        ("sex", "female", 2),
        ("sex", "male", 1),
        ("camera", "new", 1),
        ("camera", "old", 2),
    ]


def test_a_part_has_the_figures_of_its_own_faces() -> None:
    report = report_of(result(PEOPLE), FAIRFACE, ["sex"], 18)
    female, male = report.parts[-2:]
    assert male.figures.years is not None
    assert male.figures.years.error.mean == 10
    assert (female.figures.not_found, female.challenge.younger[0].of) == (1, 1)
    assert male.challenge.younger[0].count == 1


def test_the_whole_has_the_figures_of_all() -> None:
    report = report_of(result(PEOPLE), FAIRFACE, [], 18)
    assert (report.figures.faces, report.figures.not_found) == (4, 1)
    assert report.figures.years is not None
    assert report.figures.years.error.mean == 20 / 3
    assert [each.count for each in report.challenge.younger] == [2, 2, 2, 2, 2]
    assert sum(each.of for each in report.calibration.groups) == 3


def test_columns_with_a_few_values_are_usual() -> None:
    labels = [
        label(index, name=f"{index}", half=f"{index % 2}", set="one", month=f"{index % 12}")
        for index in range(40)
    ]
    assert usual_columns(labels) == ["half", "month"]
    assert list(values_of(labels)) == ["name", "half", "set", "month"]
    assert values_of(labels)["set"] == {"one"}


def test_the_title_says_who_answered() -> None:
    whole = report_of(result(PEOPLE), FAIRFACE, [], 18)
    found = report_of(result(PEOPLE, FakeFaces()), FAIRFACE, [], 18)
    assert whole.title == "fake-ages, whole pictures"
    assert found.title == "fake-ages, faces by fake-faces"
