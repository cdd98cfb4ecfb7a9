"""Tables that users write: what becomes of rows, and what is said of what is no table."""

from __future__ import annotations

import pytest

from age_pipeline.errors import UsageError
from benchmarks.csv_tables import read_table


def error_of(data: bytes) -> str:
    with pytest.raises(UsageError) as raised:
        list(read_table(data, "a.csv")[1])
    return str(raised.value)


def test_rows_come_with_their_lines() -> None:
    columns, rows = read_table(b'\xef\xbb\xbffile,note\r\na , b\r\n\r\n"c\nd",\r\n', "a.csv")
    assert columns == ["file", "note"]
    assert list(rows) == [
        ("a.csv, line 2", {"file": "a", "note": "b"}),
        ("a.csv, line 5", {"file": "c\nd", "note": ""}),
    ]


def test_an_empty_file_has_neither_columns_nor_rows() -> None:
    columns, rows = read_table(b"", "a.csv")
    assert (columns, list(rows)) == ([], [])


@pytest.mark.parametrize("row", [b"a", b"a,b,c"])
def test_a_row_has_as_many_cells_as_the_header(row: bytes) -> None:
    expected = "a.csv, line 3: it has more or fewer cells than the header"
    assert error_of(b"file,note\nx,y\n" + row + b"\n") == expected


@pytest.mark.parametrize("data", [b"file\n\xff\n", b'file\n"a"b\n', b'"file\n'])
def test_what_is_no_table_is_said_so(data: bytes) -> None:
    assert error_of(data).startswith("a.csv is no CSV file in UTF-8: ")
