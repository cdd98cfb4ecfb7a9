from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fakes import FACE, FakeAges, FakeFaces, bell

from age_detector.smoothing import SteadyAge
from age_pipeline.best_faces import BestFaces
from age_pipeline.data import Frame, Person
from age_pipeline.people_tables import PeopleTable
from age_pipeline.records import Reporting
from age_pipeline.video_outputs import Drawings, WrittenFaces, WrittenPeople
from age_pipeline.video_people import VideoPeople

REPORTING = Reporting(FakeAges().model)


@pytest.fixture
def people() -> VideoPeople:
    return VideoPeople(
        FakeFaces(),
        FakeAges(),
        SteadyAge,
        lambda crop, face: 0.5,  # noqa: ARG005
        remembers=True,
    )


def frame(number: int = 0) -> Frame:
    return Frame(np.full((48, 64, 3), 90, np.uint8), "film", index=number, time_s=number / 5)


def test_a_frame_is_drawn_once_for_all() -> None:
    drawings = Drawings(REPORTING)
    first, second = frame(0), frame(1)
    somebody = [Person(FACE, bell())]
    drawn = drawings.of(first, somebody)
    assert drawings.of(first, somebody) is drawn
    assert drawings.of(second, somebody) is not drawn
    assert (drawn != first.image).any()


def test_a_row_for_each_person(tmp_path: Path, people: VideoPeople) -> None:
    path = tmp_path / "people.csv"
    with WrittenPeople(PeopleTable(str(path), "film", REPORTING), people) as sink:
        for number in range(3):
            sink.write(frame(number), people.find(frame(number)))
    header, row = path.read_text().splitlines()
    assert header.startswith("track,")
    assert row.startswith("1,0.0,0.4,3,3,30.0")


def stopped(path: Path, people: VideoPeople, *, after: int) -> None:
    with WrittenPeople(PeopleTable(str(path), "film", REPORTING), people) as sink:
        for number in range(after):
            sink.write(frame(number), people.find(frame(number)))
        raise KeyboardInterrupt


def test_a_stopped_run_has_its_people(tmp_path: Path, people: VideoPeople) -> None:
    path = tmp_path / "people.csv"
    with pytest.raises(KeyboardInterrupt):
        stopped(path, people, after=2)
    assert len(path.read_text().splitlines()) == 2


def test_a_run_that_never_began_leaves_the_earlier_table(
    tmp_path: Path, people: VideoPeople
) -> None:
    path = tmp_path / "people.csv"
    path.write_text("earlier")
    with pytest.raises(KeyboardInterrupt):
        stopped(path, people, after=0)
    assert path.read_text() == "earlier"


def test_a_picture_of_each_person_who_has_a_row(tmp_path: Path, people: VideoPeople) -> None:
    with WrittenFaces(BestFaces(tmp_path), people) as sink:
        for number in range(3):
            sink.write(frame(number), people.find(frame(number)))
    assert [each.name for each in tmp_path.iterdir()] == ["person-001.jpg"]


def test_a_ghost_has_no_picture(tmp_path: Path, people: VideoPeople) -> None:
    black = Frame(np.zeros((48, 64, 3), np.uint8), "film", index=1, time_s=0.2)
    with WrittenFaces(BestFaces(tmp_path), people) as sink:
        sink.write(frame(), people.find(frame()))
        sink.write(black, people.find(black))
    assert list(tmp_path.iterdir()) == []


def test_who_leaves_has_a_picture_then_and_a_ghost_never(tmp_path: Path) -> None:
    black = np.zeros((48, 64, 3), np.uint8)
    people = VideoPeople(FakeFaces(), FakeAges(), SteadyAge, lambda crop, face: 0.5)  # noqa: ARG005
    sink = WrittenFaces(BestFaces(tmp_path), people)
    for number in range(40):
        seen = (
            frame(number)
            if number < 3 or number == 20
            else Frame(black, "film", index=number, time_s=number / 5)
        )
        sink.write(seen, people.find(seen))
        if number == 15:
            assert [each.name for each in tmp_path.iterdir()] == ["person-001.jpg"]
    sink.close()
    assert [each.name for each in tmp_path.iterdir()] == ["person-001.jpg"]
