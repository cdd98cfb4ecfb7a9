import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from fakes import FACE, FakeAges, FakeFaces, bell

from age_pipeline import __version__
from age_pipeline.data import AgeEstimate, Frame, Person
from age_pipeline.destinations import open_destination
from age_pipeline.labels import age_line
from age_pipeline.records import Reporting, models_record, person_record
from age_pipeline.video_records import (
    VideoFacts,
    VideoLines,
    VideoRecords,
    frame_record,
    header_record,
)

REPORTING = Reporting(FakeAges().model, FakeFaces().model)
FACTS = VideoFacts("film.mp4", Fraction(30_000, 1001), 64, 48)


def frame(index: int, time_s: float | None) -> Frame:
    return Frame(np.zeros((48, 64, 3), np.uint8), "film.mp4", index=index, time_s=time_s)


def person(track: int | None, age: AgeEstimate | None = None) -> Person:
    return Person(FACE, age or bell(28), track)


def lines_of(path: Path) -> list[str]:
    return path.read_text().splitlines()


def said(tmp_path: Path, *frames: tuple[float, Sequence[Person]]) -> list[str]:
    """The lines of text for these frames."""
    path = tmp_path / "lines.txt"
    with VideoLines(open_destination(str(path)), REPORTING) as lines:
        for index, (time_s, people) in enumerate(frames):
            lines.write(frame(index, time_s), people)
    return lines_of(path)


def test_the_first_line_is_a_header_and_the_others_are_frames(tmp_path: Path) -> None:
    path = tmp_path / "out.json"

    with VideoRecords(open_destination(str(path)), REPORTING, FACTS) as records:
        records.write(frame(0, 0.0), [])
        records.write(frame(12, 0.4), [person(3), person(1)])

    assert [json.loads(line) for line in lines_of(path)] == [
        header_record(FACTS, REPORTING),
        {"frame": 0, "time_s": 0.0, "people": []},
        frame_record(frame(12, 0.4), [person(3), person(1)], REPORTING),
    ]


def test_the_header_says_what_holds_for_all_frames() -> None:
    assert header_record(FACTS, REPORTING) == {
        "schema": 1,
        "source": "film.mp4",
        "models": models_record(REPORTING),
        "frame_rate": 29.97003,
        "width": 64,
        "height": 48,
        "program": __version__,
    }


def test_a_rate_that_is_not_known_is_null_and_a_strange_name_is_escaped() -> None:
    record = header_record(VideoFacts("caf\udce9", None, 64, 48), REPORTING)

    assert (record["frame_rate"], record["source"]) == (None, "caf\\xe9")


def test_a_frame_has_its_number_its_time_and_its_people_with_their_tracks() -> None:
    record = frame_record(frame(12, 12 * 1001 / 30_000), [person(3), person(None)], REPORTING)

    assert list(record) == ["frame", "time_s", "people"]
    assert (record["frame"], record["time_s"]) == (12, 0.4004)
    assert record["people"][0] == {"track": 3, **person_record(person(3), REPORTING)}
    assert list(record["people"][0]) == ["track", "box", "confidence", "age"]
    assert record["people"][1]["track"] is None
    assert frame_record(frame(0, None), [], REPORTING)["time_s"] is None


def test_numbers_of_numpy_are_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "out.json"

    with VideoRecords(open_destination(str(path)), REPORTING, FACTS) as records:
        records.write(frame(1, np.float64(1 / 3)), [person(3)])

    assert json.loads(lines_of(path)[1])["time_s"] == 0.333333


def test_a_video_without_frames_still_has_its_header(tmp_path: Path) -> None:
    path = tmp_path / "out.json"

    VideoRecords(open_destination(str(path)), REPORTING, FACTS).close()

    assert [json.loads(line) for line in lines_of(path)] == [header_record(FACTS, REPORTING)]


def test_stopped_before_the_first_frame_an_earlier_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    path.write_text("earlier")

    VideoRecords(open_destination(str(path)), REPORTING, FACTS).abandon()

    assert path.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [path]


def test_stopped_later_all_lines_are_complete(tmp_path: Path) -> None:
    path = tmp_path / "out.json"

    def stopped() -> None:
        with VideoRecords(open_destination(str(path)), REPORTING, FACTS) as records:
            records.write(frame(0, 0.0), [person(1)])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()

    assert [next(iter(json.loads(line))) for line in lines_of(path)] == ["schema", "frame"]


def test_a_line_says_when_who_and_how_old(tmp_path: Path) -> None:
    assert said(tmp_path, (0.2, [person(3)]), (0.25, [])) == [
        f"0.200 s  person 3: {age_line(bell(28))}"
    ]


def test_what_is_reported_is_what_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    reporting = Reporting(REPORTING.age_model, interval_level=0.5, at_least=18)

    with VideoLines(open_destination(str(path)), reporting) as lines:
        lines.write(frame(0, None), [person(3)])

    assert lines_of(path) == [f"0.000 s  person 3: {age_line(bell(28), 0.5, 18)}"]


def test_somebody_who_stays_as_old_is_told_of_every_second(tmp_path: Path) -> None:
    times = [index / 10 for index in range(31)]

    lines = said(tmp_path, *((time_s, [person(1)]) for time_s in times))

    assert [line.split(" s")[0] for line in lines] == ["0.000", "1.000", "2.000", "3.000"]


def test_somebody_new_is_told_of_at_once_and_nobody_else_is(tmp_path: Path) -> None:
    lines = said(tmp_path, (0, [person(1)]), (0.1, [person(1), person(2)]), (0.2, [person(2)]))

    assert [line.split(":")[0] for line in lines] == ["0.000 s  person 1", "0.100 s  person 2"]


@pytest.mark.parametrize(
    ("before", "after", "count"),
    [
        (bell(28.4), bell(28.6), 1),
        (bell(28), bell(29.1), 2),
        (bell(29.1), bell(28), 2),
        (bell(22.3, 0), bell(23.3, 0), 2),
        # 22 counts for the younger bracket, 23 for the older one, and the medians are close.
        (
            AgeEstimate(np.eye(101)[22] * 0.51 + np.eye(101)[23] * 0.49),
            AgeEstimate(np.eye(101)[22] * 0.49 + np.eye(101)[23] * 0.51),
            2,
        ),
    ],
    ids=["hardly", "older", "younger", "year and bracket", "bracket"],
)
def test_a_change_is_told_at_once(
    tmp_path: Path, before: AgeEstimate, after: AgeEstimate, count: int
) -> None:
    lines = said(tmp_path, (0, [person(1, before)]), (0.1, [person(1, after)]))

    assert len(lines) == count


def test_a_slow_change_is_told_when_it_comes_to_a_year(tmp_path: Path) -> None:
    ages = [(index / 100, [person(1, bell(28 + index * 0.3))]) for index in range(9)]

    lines = said(tmp_path, *ages)

    assert [line[:5] for line in lines] == ["0.000", "0.040", "0.080"]


def test_people_who_have_left_are_forgotten(tmp_path: Path) -> None:
    with VideoLines(open_destination(str(tmp_path / "lines.txt")), REPORTING) as lines:
        for number in range(100):
            lines.write(frame(number, number / 10), [person(number)])
        assert len(lines._told) <= 10


def test_a_source_whose_time_begins_anew_is_told_of(tmp_path: Path) -> None:
    assert len(said(tmp_path, (50.0, [person(1)]), (0.1, [person(1)]))) == 2
