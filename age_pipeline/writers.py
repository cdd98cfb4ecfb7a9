"""What is said of each picture as it is done: lines of text, JSON Lines, CSV."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from age_pipeline.data import FailedInput, Frame, Person
from age_pipeline.destinations import Destination
from age_pipeline.escaping import one_line
from age_pipeline.labels import age_line
from age_pipeline.records import (
    CSV_COLUMNS,
    Record,
    Reporting,
    csv_rows,
    failed_record,
    picture_record,
)
from age_pipeline.sinks import PreparedSink, Ready, Sink


class Written(Sink):
    """What goes to a destination, which is closed with it."""

    def __init__(self, destination: Destination, reporting: Reporting) -> None:
        self._destination = destination
        self._reporting = reporting

    def close(self) -> None:
        self._destination.close()

    def abandon(self) -> None:
        # Stopped before the first result: a file of an earlier run is worth more than an empty one.
        if self._destination.is_empty:
            self._destination.discard()
        else:
            self.close()


class TextLines(PreparedSink, Written):
    """A line for each face; nothing for a picture without one.

    Args:
        destination: Standard output, or where else the lines go.
        reporting: What is reported of each age.
        named: Whether a line begins with the picture's name.
    """

    def __init__(self, destination: Destination, reporting: Reporting, *, named: bool) -> None:
        super().__init__(destination, reporting)
        self._named = named

    def prepare(self, frame: Frame, people: Sequence[Person]) -> Ready:
        prefix = f"{one_line(frame.name)}: " if self._named else ""
        report = self._reporting
        ages = [age_line(each.age, report.interval_level, report.at_least) for each in people]
        text = "".join(f"{prefix}{line}\n" for line in ages)
        data = text.encode(_terminal_encoding(), "backslashreplace")
        return Ready(partial(self._write, data), len(data))

    def _write(self, data: bytes) -> None:
        if data:
            self._destination.write(data)


class JsonLines(PreparedSink, Written):
    """JSON Lines (jsonlines.org): one record for each input, in UTF-8. Fields: `records.py`."""

    def prepare(self, frame: Frame, people: Sequence[Person]) -> Ready:
        data = json_line(picture_record(frame, people, self._reporting))
        return Ready(partial(self._destination.write, data), len(data))

    def fail(self, failed: FailedInput) -> None:
        self._destination.write(json_line(failed_record(failed, self._reporting)))


class CsvTable(PreparedSink, Written):
    """CSV in UTF-8: a header, then a row for each face, or one for an input without any."""

    def __init__(self, destination: Destination, reporting: Reporting) -> None:
        super().__init__(destination, reporting)
        self._header_due = True

    def prepare(self, frame: Frame, people: Sequence[Person]) -> Ready:
        return Ready(partial(self._write, csv_rows(picture_record(frame, people, self._reporting))))

    def fail(self, failed: FailedInput) -> None:
        self._write(csv_rows(failed_record(failed, self._reporting)))

    def close(self) -> None:
        if self._header_due:
            self._write([])
        super().close()

    def _write(self, rows: Sequence[Record]) -> None:
        self._destination.write(csv_lines(rows, CSV_COLUMNS, header=self._header_due))
        self._header_due = False


def json_line(record: Mapping[str, Any]) -> bytes:
    """One record as a line of UTF-8."""
    text = json.dumps(record, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


def csv_lines(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, header: bool = False
) -> bytes:
    """Rows of a table as lines of UTF-8; None is an empty cell."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _terminal_encoding() -> str:
    return getattr(sys.stdout, "encoding", None) or "utf-8"
