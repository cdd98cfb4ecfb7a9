from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from age_pipeline.errors import UsageError
from benchmarks.age_labels import FAIRFACE_GROUPS, AgeLabel, label_from_name, labels_from_csv


def one(*lines: str) -> AgeLabel:
    [label] = labels_from_csv("\n".join(lines).encode(), "a.csv")
    return label


def error_of(data: str | bytes) -> str:
    with pytest.raises(UsageError) as raised:
        labels_from_csv(data.encode() if isinstance(data, str) else data, "a.csv")
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize(
    ("name", "age", "groups"),
    [
        ("25_0_3_20170104160912835.jpg.chip.jpg", 25, {"sex": "male", "race": "Indian"}),
        ("part1/1_1_0_20161219140623097.jpg", 1, {"sex": "female", "race": "White"}),
        ("55_0_1_20170116232725357jpg.chip.jpg", 55, {"sex": "male", "race": "Black"}),
        ("116_1_2_20170120134921760.webp", 100, {"sex": "female", "race": "Asian"}),
        ("9_1_4_20170103213057382.webp", 9, {"sex": "female", "race": "Other"}),
        ("07380A80.jpg", 80, {"sex": "female"}),
        ("07381A02.webp", 2, {"sex": "male"}),
    ],
)
def test_names_of_known_data_sets_tell_the_label(
    name: str, age: int, groups: dict[str, str]
) -> None:
    assert label_from_name(name) == AgeLabel(name=name, first=age, last=age, groups=groups)


@pytest.mark.parametrize(
    "name",
    [
        "1.png",
        "39_1_20170116174525125.jpg.chip.jpg",
        "25_2_0_20170104160912835.jpg",
        "25_0_5_20170104160912835.jpg",
        "07380A8.jpg",
        "25_0_3_20170104160912835/a.jpg",
    ],
)
def test_other_names_tell_none(name: str) -> None:
    assert label_from_name(name) is None


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("42", 42, 42),
        ("0", 0, 0),
        ("116", 100, 100),
        ("3-9", 3, 9),
        (" 10 - 19 ", 10, 19),
        ("90-120", 90, 100),
        ('"(4, 6)"', 4, 6),
        ("70+", 70, 100),
        ("more than 70", 70, 100),
    ],
)
@pytest.mark.parametrize("column", ["age", "age_group"])
def test_an_age_is_a_year_or_a_group(column: str, text: str, first: int, last: int) -> None:
    assert one(f"file,{column}", f"a.jpg,{text}") == AgeLabel(name="a.jpg", first=first, last=last)


@pytest.mark.parametrize("group", FAIRFACE_GROUPS)
def test_the_groups_of_fairface_are_read_by_their_names(group: str) -> None:
    label = one("file,age_group", f"a.jpg,{group}")
    assert (label.first, label.last) == FAIRFACE_GROUPS[group]


def test_columns_may_come_in_any_order_and_the_rest_are_groups() -> None:
    label = one("\ufeffrace,y,file,sex,x,age", "Asian,7.5,./in/a.jpg,,10,42", "")
    assert label == AgeLabel(
        name="in/a.jpg", first=42, last=42, groups={"race": "Asian"}, centre=(10, 7.5)
    )


def test_where_there_is_a_year_too_the_group_is_one_to_report_by() -> None:
    label = one("file,age_group,age", "a.jpg,40-49,42")
    assert (label.first, label.last, label.groups) == (42, 42, {"age_group": "40-49"})


def test_a_picture_may_show_several_people() -> None:
    labels = labels_from_csv(b"file,age,x,y\na.jpg,42,1,2\na.jpg,43,5,2\n", "a.csv")
    assert [label.centre for label in labels] == [(1, 2), (5, 2)]


@pytest.mark.parametrize("rows", ["1,2\na,9,1,2", ",\na,9,1,2", "1,2\na,9,,", ",\na,9,,"])
def test_several_people_need_different_places(rows: str) -> None:
    assert error_of(f"file,age,x,y\na,9,{rows}\n") == (
        "a.csv names a more than once: x and y must say which face is meant"
    )


@pytest.mark.parametrize("text", ["", "x", "-1", "4.5", "9-3", "1234", "70+5", "3-"])
def test_what_is_no_age_is_named_with_its_line(text: str) -> None:
    assert error_of(f"file,age\na,9\nb,{text}\n") == (
        f"a.csv, line 3: age is {text!r}; expected a year (42) or a group (3-9 or 70+)"
    )


@pytest.mark.parametrize("rows", ["1,", ",1", "1,b", "nan,1", "1,inf"])
def test_a_place_is_two_numbers(rows: str) -> None:
    assert error_of(f"file,age,x,y\na,9,{rows}\n").startswith("a.csv, line 2: x is ")


@pytest.mark.parametrize("header", ["", "name,age", "file,years", "file;age"])
def test_the_columns_that_are_needed_are_named(header: str) -> None:
    columns = ", ".join(header.split(",")) if header else "none"
    assert error_of(f"{header}\na,9\n" if header else "") == (
        f"a.csv needs the columns file and age or age_group, separated by commas; it has: {columns}"
    )


@pytest.mark.parametrize("row", ["a", "a,9,1,b"])
def test_a_row_has_as_many_cells_as_the_header(row: str) -> None:
    assert error_of(f"file,age,sex\n{row}\n") == (
        "a.csv, line 2: it has more or fewer cells than the header"
    )


def test_a_row_without_a_file_is_no_label() -> None:
    assert error_of("file,age\n,9\n") == "a.csv, line 2: the column file is empty"


def test_a_header_alone_labels_nobody() -> None:
    assert error_of("file,age\n").startswith("a.csv labels no face")


@pytest.mark.parametrize(
    "data", [b"file,age\n\xff,9\n", b'file,age\n"a"b,9\n', b"file,age\na\0,\n"]
)
def test_what_is_no_table_is_said_so(data: bytes) -> None:
    assert error_of(data).startswith("a.csv")


@given(st.binary(max_size=60))
def test_any_bytes_give_labels_or_one_line(data: bytes) -> None:
    with suppress(UsageError):
        assert labels_from_csv(b"file,age,x,y\n" + data, "a.csv")


@given(st.integers(0, 100), st.integers(0, 100))
def test_a_label_allows_at_least_a_year(first: int, last: int) -> None:
    if first <= last:
        assert one("file,age", f"a,{first}-{last}") == AgeLabel(name="a", first=first, last=last)
    else:
        with pytest.raises(ValueError, match="expected 0 <= first <= last <= 100"):
            AgeLabel(name="a", first=first, last=last)
