from fakes import FakeFaces, bell
from labelled_answers import label, mixture, result, said
from painted_faces import PaintedFaces

from benchmarks.accuracy_report import Report, report_of
from benchmarks.accuracy_tables import LEGEND, MOST_FACES, comparison_text, report_text
from benchmarks.age_answers import Answers
from benchmarks.age_groups import FAIRFACE, groups_of


def report(answers: Answers, *columns: str) -> Report:
    faces = FakeFaces()
    return report_of(result(answers, faces), groups_of(answers.labels), columns, 18)


YEARS = report(
    said(
        (label(30, sex="male"), 33),
        (label(40, sex="female"), 34),
        (label(16, sex="female"), mixture({17: 0.4, 19: 0.6})),
        (label(60, sex="male"), None),
    ),
    "sex",
)


def row(text: str, begins: str) -> list[str]:
    [line] = [line for line in text.splitlines() if line.startswith(begins)]
    return line.removeprefix(begins).split()


def test_it_says_who_answered_with_which_files() -> None:
    title, age, face, faces = report_text(YEARS).splitlines()[:4]
    assert title == "fake-ages, faces by fake-faces"
    assert age == f"  fake-ages: ages.bin, sha256 {'a' * 64}"
    assert face == f"  fake-faces: faces.bin, sha256 {'f' * 64}"
    assert faces == "  4 faces, 1 not found"


def test_the_headline_has_counts_and_confidence() -> None:
    text = report_text(YEARS)
    # Errors of +3, -6, and the median of the third is 18.5 + 0.1 / 0.6.
    assert row(text, "mean absolute error, years") == ["3.89", "1.81", "to", "5.97", "3"]
    assert row(text, "mean signed error (bias), years") == ["-0.11", "-5.89", "to", "+5.66", "3"]
    assert row(text, "within 5 years")[0] == "50.0%"
    assert row(text, "within 5 years")[-3:] == ["2", "of", "4"]
    assert row(text, "the 80% interval holds the age")[0] == "0.0%"
    assert row(text, "group of 9 by years: exact")[-3:] == ["2", "of", "4"]
    assert row(text, "its expected calibration error") == ["0.333", "3"]


def test_parts_stand_in_tables_of_their_own() -> None:
    text = report_text(YEARS)
    assert row(text, "by decade")[:6] == ["faces", "lost", "MAE", "bias", "in", "5"]
    assert row(text, "30s")[:4] == ["1", "0", "3.00", "+3.00"]
    assert row(text, "60s") == ["1", "1", "-", "-", "0.0%", "-", "-", "0.0%", "0.0%"]
    assert row(text, "by sex")[0] == "faces"
    assert row(text, "male")[:2] == ["2", "1"]


def test_of_groups_there_are_no_years() -> None:
    text = report_text(report(said((label(3, 9), 5), (label(10, 19), 25))))
    assert "mean absolute error" not in text
    assert row(text, "3-9  ") == ["1", "0", "1.0", "100.0%", "100.0%"]
    assert row(text, "10-19  ") == ["1", "0", "1.0", "0.0%", "100.0%"]
    assert "1 faces are left out: their age group does not tell" in text


def test_mixed_labels_leave_cells_empty() -> None:
    text = report_text(report(said((label(3, 9, sex="f"), 5), (label(12, sex="m"), 13)), "sex"))
    assert row(text, "f  ") == ["1", "0", "1.0", "100.0%", "100.0%"]
    assert row(text, "m  ")[:4] == ["1", "0", "1.00", "+1.00"]


def test_who_would_pass_is_told_by_part() -> None:
    text = report_text(YEARS)
    assert row(text, "taken for 18 or older from P >=")[0] == "50%"
    assert row(text, "18 or older") == ["100.0%"] * 5 + ["2"]
    assert row(text, "younger than 18") == ["100.0%", "0.0%", "0.0%", "0.0%", "0.0%", "1"]
    assert row(text, "  sex female") == ["100.0%", "0.0%", "0.0%", "0.0%", "0.0%", "1"]
    assert "  sex male" not in text


def test_reliability_stands_side_by_side() -> None:
    lines = [line.split() for line in report_text(YEARS).splitlines()]
    [start] = [index for index, line in enumerate(lines) if "P(age" in line]
    assert lines[start + 1] == ["100.0%", "100.0%", "1", "60.0%", "0.0%", "1"]
    assert lines[start + 2] == ["100.0%", "0.0%", "1", "100.0%", "100.0%", "2"]
    assert lines[start + 3] == ["100.0%", "100.0%", "1"]


def test_few_faces_are_listed_one_by_one() -> None:
    text = report_text(YEARS)
    assert row(text, "30.png") == ["30", "33.0", "33-33", "male"]
    assert row(text, "60.png") == ["60", "not", "found", "male"]
    assert row(report_text(report(said((label(3, 9), 5)))), "3.png") == ["3-9", "5.0", "5-5"]


def test_many_are_not() -> None:
    many = said(*((label(30), 30) for _ in range(MOST_FACES + 1)))
    assert "30.png" not in report_text(report(many))
    assert "30.png" in report_text(report(many.chosen(many.first.cumsum() <= 30 * MOST_FACES)))


def test_a_name_cannot_command_the_terminal() -> None:
    text = report_text(report(said((label(30, sex="\x1b[31m"), 30)), "sex"))
    assert "\x1b" not in text
    assert "\\x1b[31m" in text


def test_several_are_compared_below_each_other() -> None:
    own = label(3, 9)
    lines = comparison_text([report(said((own, 5))), report(said((own, 12)))]).splitlines()
    assert lines[0].split()[:3] == ["compared", "faces", "lost"]
    assert lines[0].endswith("ECE")
    assert lines[1].split()[2:] == ["1", "0", "1.0", "100.0%", "100.0%", "0.000"]
    assert lines[2].split()[-3:] == ["0.0%", "100.0%", "1.000"]
    assert lines[3:] == [
        "",
        "years apart on faces that both found            median   bias  faces",
        "fake-ages, fake-faces to fake-ages, fake-faces    7.00  +7.00      1",
        "",
    ]


def test_what_has_no_file_is_named_nowhere() -> None:
    own = result(said((label(30), 30)), PaintedFaces())
    text = report_text(report_of(own, FAIRFACE, [], 18))
    assert "faces by painted" in text
    assert "painted: " not in text


def test_a_large_report_fits_a_terminal() -> None:
    answers = said(
        *(
            (label(year, race="Southeast Asian", sex="unknown"), bell(100 - year, 15))
            for year in range(101)
            for _ in range(9)
        )
    )
    own = report(answers, "race", "sex")
    texts = [report_text(own), comparison_text([own, own]), LEGEND]
    assert max(len(line) for text in texts for line in text.splitlines()) <= 100


def test_where_nobody_is_found_nothing_is_claimed() -> None:
    text = report_text(report(said((label(30), None))))
    assert row(text, "mean absolute error, years") == ["-", "0"]
    assert row(text, "its expected calibration error") == ["-", "0"]
