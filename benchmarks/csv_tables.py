"""Tables that users write about their pictures: CSV files with a header."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from age_pipeline.errors import UsageError

Row = tuple[str, dict[str, str]]
"""Which line it is, for messages ("ages.csv, line 3"), and the cells by their columns, stripped."""


def read_table(data: bytes, source: str) -> tuple[list[str], Iterator[Row]]:
    """Read a CSV file with a header.

    Args:
        data: The content, in UTF-8.
        source: What error messages call the file.

    Returns:
        The columns, and the rows, which are read while they are iterated; empty lines are left out.

    Raises:
        UsageError: Now or later; it is no such table, and the message names the line where it can.
    """
    with _explained(source):
        table = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        columns = list(table.fieldnames or ())
    return columns, _rows(table, source)


def _rows(table: csv.DictReader[str], source: str) -> Iterator[Row]:
    with _explained(source):
        for row in table:
            line = f"{source}, line {table.line_num}"
            yield line, _cells(row, line)


def _cells(row: Mapping[str, str], line: str) -> dict[str, str]:
    # What DictReader gives for a row of another length, whatever its type says.
    if None in row or None in row.values():
        raise UsageError(f"{line}: it has more or fewer cells than the header")
    return {column: cell.strip() for column, cell in row.items()}


@contextmanager
def _explained(source: str) -> Iterator[None]:
    try:
        yield
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{source} is no CSV file in UTF-8: {error}") from error
