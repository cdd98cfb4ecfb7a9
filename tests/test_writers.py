import csv
import io
import json
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePath

import numpy as np
import pytest
from fakes import FACE, FakeAges, FakeFaces, bell
from hypothesis import given
from hypothesis import strategies as st

from age_pipeline.data import Box, Face, FailedInput, Frame, Person
from age_pipeline.destinations import Destination, StandardOutput, open_destination
from age_pipeline.errors import InputError, OutputError
from age_pipeline.escaping import one_line
from age_pipeline.labels import age_line
from age_pipeline.records import CSV_COLUMNS, Reporting, csv_rows, failed_record, picture_record
from age_pipeline.sinks import Ready, Sink, Sinks
from age_pipeline.writers import CsvTable, JsonLines, TextLines, csv_lines, json_line

REPORTING = Reporting(FakeAges().model, FakeFaces().model)
PEOPLE = [Person(FACE, bell(30)), Person(Face(Box(0, 0, 2, 2), 0.5), bell(60))]
FAILED = FailedInput("b.jpg", InputError("empty", "b.jpg is empty: no bytes"))


def frame(name: str = "a.jpg") -> Frame:
    return Frame(np.zeros((48, 64, 3), np.uint8), name, relative=PurePath("a.jpg"))


class InMemory(Destination):
    """Keeps what is written; fails to from the moment that `full` is set."""

    def __init__(self) -> None:
        self.stream = io.BytesIO()
        super().__init__("memory", self.stream)
        self.full = False
        self.is_closed = False

    def write(self, data: bytes) -> None:
        if self.full:
            raise OutputError("cannot write memory (full): choose another place")
        self.stream.write(data)

    def close(self) -> None:
        self.is_closed = True

    @property
    def text(self) -> str:
        return self.stream.getvalue().decode()


@pytest.fixture
def memory() -> InMemory:
    return InMemory()


def feed(sink: Sink) -> None:
    """A picture with two people, one with nobody, and one that failed."""
    with sink:
        sink.write(frame("a.jpg"), PEOPLE)
        sink.write(frame("empty.jpg"), [])
        sink.fail(FAILED)


def test_json_has_one_record_per_input_in_order(memory: InMemory) -> None:
    feed(JsonLines(memory, REPORTING))

    assert [json.loads(line) for line in memory.text.splitlines()] == [
        picture_record(frame("a.jpg"), PEOPLE, REPORTING),
        picture_record(frame("empty.jpg"), [], REPORTING),
        failed_record(FAILED, REPORTING),
    ]
    assert memory.is_closed


def test_json_is_utf8_that_people_can_read() -> None:
    assert json_line({"image": "Zoë 東.jpg"}) == '{"image": "Zoë 東.jpg"}\n'.encode()


def test_csv_has_one_row_per_face_and_one_where_there_is_none(memory: InMemory) -> None:
    feed(CsvTable(memory, REPORTING))

    assert memory.text.startswith(",".join(CSV_COLUMNS) + "\n")
    rows = list(csv.DictReader(io.StringIO(memory.text)))
    assert [(row["image"], row["status"], row["face"], row["error_kind"]) for row in rows] == [
        ("a.jpg", "ok", "1", ""),
        ("a.jpg", "ok", "2", ""),
        ("empty.jpg", "ok", "", ""),
        ("b.jpg", "error", "", "empty"),
    ]
    assert rows[3]["error"] == "b.jpg is empty: no bytes"
    assert memory.is_closed


def test_a_table_without_inputs_still_has_its_header(memory: InMemory) -> None:
    CsvTable(memory, REPORTING).close()

    assert memory.text == ",".join(CSV_COLUMNS) + "\n"


@given(st.text(st.characters(codec=None)))
def test_every_name_is_one_line_of_json_and_one_row_of_csv(name: str) -> None:
    record = picture_record(frame(name), [], REPORTING)
    line = json_line(record)
    table = csv_lines(csv_rows(record), CSV_COLUMNS, header=True).decode()

    assert line.count(b"\n") == 1
    assert json.loads(line) == record
    assert len(table.splitlines()) == 2
    assert next(csv.DictReader(table.splitlines()))["image"].endswith(one_line(name))


def test_text_has_a_line_for_each_face(memory: InMemory) -> None:
    feed(TextLines(memory, REPORTING, named=False))

    assert memory.text == f"{age_line(PEOPLE[0].age)}\n{age_line(PEOPLE[1].age)}\n"
    assert memory.is_closed


def test_text_of_several_pictures_has_their_names(memory: InMemory) -> None:
    feed(TextLines(memory, REPORTING, named=True))

    lines = memory.text.splitlines()
    assert lines == [f"a.jpg: {age_line(person.age)}" for person in PEOPLE]


def test_text_reports_what_is_asked_for(memory: InMemory) -> None:
    reporting = Reporting(REPORTING.age_model, interval_level=0.5, at_least=18)

    TextLines(memory, reporting, named=False).write(frame(), PEOPLE[:1])

    assert memory.text == f"{age_line(PEOPLE[0].age, 0.5, 18)}\n"
    assert "18" in memory.text


def test_a_name_in_text_can_neither_break_the_line_nor_the_terminal(memory: InMemory) -> None:
    TextLines(memory, REPORTING, named=True).write(frame("a\n\x1b[2J\udce9.jpg"), PEOPLE[:1])

    assert memory.text.startswith("a\\n\\x1b[2J\\xe9.jpg: (")
    assert memory.text.count("\n") == 1


def test_text_suits_a_terminal_that_knows_only_ascii(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    with open(1, "w", encoding="ascii", closefd=False) as ascii_only:
        monkeypatch.setattr("sys.stdout", ascii_only)
        TextLines(StandardOutput(), REPORTING, named=True).write(frame("東.jpg"), PEOPLE[:1])

    assert capfdbinary.readouterr().out.startswith(b"\\u6771.jpg: (")


class Recorder(Sink):
    """Notes what it is given, and fails for the names in `fails_for`."""

    def __init__(self, *fails_for: str) -> None:
        self.fails_for = fails_for
        self.given: list[str] = []

    def _take(self, name: str) -> None:
        self.given.append(name)
        if name in self.fails_for:
            raise OutputError(f"cannot write {name}")

    def write(self, frame: Frame, people: Sequence[Person]) -> None:
        self._take(f"{frame.name} {len(people)}")

    def fail(self, failed: FailedInput) -> None:
        self._take(failed.name)

    def close(self) -> None:
        self._take("closed")


class Lasting(Recorder):
    outlives_errors = True


ALL = ["a.jpg 2", "empty.jpg 0", "b.jpg", "closed"]


def test_each_sink_gets_each_result() -> None:
    sinks = [Recorder(), Recorder()]

    feed(Sinks(sinks))

    assert [sink.given for sink in sinks] == [ALL, ALL]


@pytest.mark.parametrize("moment", ALL)
def test_a_sink_that_fails_is_told_once_and_left_out(
    moment: str, caplog: pytest.LogCaptureFixture
) -> None:
    sinks = [Recorder(moment), Recorder()]

    feed(Sinks(sinks))

    assert sinks[0].given == ALL[: ALL.index(moment) + 1]
    assert sinks[1].given == ALL
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("ERROR", f"cannot write {moment}")
    ]


def test_a_sink_that_outlives_errors_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    sink = Lasting("a.jpg 2", "b.jpg")

    feed(Sinks([sink]))

    assert sink.given == ALL
    assert len(caplog.records) == 2


class Gone(Recorder):
    """Has lost its reader from the second result on."""

    def _take(self, name: str) -> None:
        super()._take(name)
        if len(self.given) > 1:
            raise BrokenPipeError


def test_a_reader_that_has_gone_keeps_nothing_from_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    recorders = [Gone(), Recorder()]
    sinks = Sinks(recorders)

    feed(sinks)

    assert recorders[0].given == ALL[:2]
    assert recorders[1].given == ALL
    assert caplog.records == []
    assert not sinks.ended


def test_it_has_ended_when_the_last_reader_has_gone() -> None:
    sinks = Sinks([Gone(), Gone()])
    sinks.write(frame(), PEOPLE)
    assert not sinks.ended

    sinks.write(frame(), PEOPLE)

    assert sinks.ended


def test_it_has_ended_when_one_of_them_has() -> None:
    class Satisfied(Recorder):
        @property
        def ended(self) -> bool:
            return bool(self.given)

    sinks = Sinks([Recorder(), Satisfied()])
    assert not sinks.ended

    sinks.write(frame(), PEOPLE)

    assert sinks.ended


def test_without_any_sink_the_inputs_are_still_looked_at() -> None:
    sinks = Sinks([])

    feed(sinks)

    assert not sinks.ended


def test_a_full_disk_costs_the_json_file_and_nothing_else(tmp_path: Path) -> None:
    full, healthy = InMemory(), InMemory()
    full.full = True
    table = CsvTable(open_destination(str(tmp_path / "a.csv")), REPORTING)

    feed(Sinks([JsonLines(full, REPORTING), JsonLines(healthy, REPORTING), table]))

    assert full.text == ""
    assert len(healthy.text.splitlines()) == 3
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 5


def test_sinks_are_finished_where_the_program_is_stopped(tmp_path: Path) -> None:
    def stopped() -> None:
        with Sinks([JsonLines(open_destination(str(tmp_path / "a.json")), REPORTING)]) as sinks:
            sinks.write(frame(), PEOPLE)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()

    assert json.loads((tmp_path / "a.json").read_text())["image"] == "a.jpg"


def test_it_has_ended_when_all_have_failed(caplog: pytest.LogCaptureFixture) -> None:
    full = InMemory()
    full.full = True
    sinks = Sinks([JsonLines(full, REPORTING)])
    sinks.write(frame(), PEOPLE)
    assert sinks.ended
    assert not sinks.is_unread
    assert len(caplog.records) == 1


def test_where_one_does_not_open_the_others_are_abandoned(tmp_path: Path) -> None:
    path = tmp_path / "a.json"

    def sinks() -> Iterator[Sink]:
        yield JsonLines(open_destination(str(path)), REPORTING)
        assert len(list(tmp_path.iterdir())) == 1
        open_destination(str(tmp_path / "nowhere" / "a.csv"))

    with pytest.raises(OutputError, match="nowhere"):
        Sinks(sinks())
    assert list(tmp_path.iterdir()) == []


# Prepared before its turn.


@pytest.mark.parametrize("kind", [JsonLines, CsvTable, lambda *a: TextLines(*a, named=True)])
@pytest.mark.parametrize("people", [PEOPLE, []])
def test_what_was_prepared_is_what_is_written_and_holds_no_pixels(
    kind: Callable[[Destination, Reporting], Sink], people: Sequence[Person]
) -> None:
    at_once, later = InMemory(), InMemory()
    kind(at_once, REPORTING).write(frame(), people)
    picture = frame()
    pixels = weakref.ref(picture.image)

    ready = kind(later, REPORTING).prepare(picture, people)

    assert later.text == ""
    del picture
    assert pixels() is None
    assert ready.weight < 2000
    ready.write()
    assert later.text == at_once.text


def test_a_sink_that_prepares_nothing_holds_the_picture() -> None:
    recorder = Recorder()
    ready = recorder.prepare(frame(), PEOPLE)
    assert (recorder.given, ready.weight) == ([], 64 * 48 * 3)
    ready.write()
    assert recorder.given == ["a.jpg 2"]


def test_what_is_prepared_weighs_what_all_sinks_hold() -> None:
    begun = Sinks([Recorder(), JsonLines(InMemory(), REPORTING), Recorder()]).begin()
    weight = begun.prepare(frame(), [])
    assert 64 * 48 * 3 * 2 < weight < 64 * 48 * 3 * 2 + 2000


def test_a_part_is_written_while_the_next_is_prepared() -> None:
    is_told = threading.Event()

    class Telling(Recorder):
        def write(self, frame: Frame, people: Sequence[Person]) -> None:
            super().write(frame, people)
            is_told.set()

    class Slow(Recorder):
        def prepare(self, frame: Frame, people: Sequence[Person]) -> Ready:
            assert is_told.wait(20)
            return super().prepare(frame, people)

    recorders = [Telling(), Slow()]
    begun = Sinks(recorders).begin()
    worker = threading.Thread(target=begun.prepare, args=(frame(), PEOPLE))
    worker.start()
    begun.write()
    worker.join()
    assert [each.given for each in recorders] == [["a.jpg 2"], ["a.jpg 2"]]


def test_a_bug_in_a_part_shows_where_it_is_written() -> None:
    class Broken(Recorder):
        def prepare(self, frame: Frame, people: Sequence[Person]) -> Ready:
            raise IndexError(f"in {frame.name}, at {people[5]}")

    recorders = [Recorder(), Broken(), Recorder()]
    begun = Sinks(recorders).begin()
    begun.prepare(frame(), PEOPLE)
    with pytest.raises(IndexError, match="out of range"):
        begun.write()
    assert [each.given for each in recorders] == [["a.jpg 2"], [], []]


class Unprepared(Recorder):
    """Cannot make anything of a picture with people."""

    def prepare(self, frame: Frame, people: Sequence[Person]) -> Ready:
        if people:
            raise OutputError(f"cannot draw {frame.name}")
        return super().prepare(frame, people)


def test_what_cannot_be_prepared_holds_no_pixels() -> None:
    begun = Sinks([Unprepared()]).begin()
    picture = frame()
    pixels = weakref.ref(picture.image)
    begun.prepare(picture, PEOPLE)
    del picture
    assert pixels() is None


def test_what_cannot_be_prepared_is_told_in_its_turn(caplog: pytest.LogCaptureFixture) -> None:
    recorders = [Unprepared(), Recorder()]
    sinks = Sinks(recorders)
    begun = [sinks.begin(), sinks.begin()]
    for each, name, people in zip(begun, "ab", ([], PEOPLE), strict=True):
        each.prepare(frame(name), people)
    assert caplog.records == []

    for each in begun:
        each.write()

    assert [sink.given for sink in recorders] == [["a 0"], ["a 0", "b 2"]]
    assert caplog.messages == ["cannot draw b"]


def test_a_sink_that_has_failed_gets_nothing_that_was_prepared_for_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    recorder = Recorder("a 2")
    sinks = Sinks([recorder])
    begun = [sinks.begin(), sinks.begin()]
    for each, name in zip(begun, "ab", strict=True):
        each.prepare(frame(name), PEOPLE)

    for each in begun:
        each.write()

    assert recorder.given == ["a 2"]
    assert len(caplog.records) == 1
    assert sinks.ended
