import logging

import numpy as np
import pytest
from fakes import FakeAges, FakeFaces, bell
from labelled_answers import label, said

from age_pipeline.data import Box, Face, Image
from age_pipeline.errors import InputError
from benchmarks.age_answers import Answers, Outcome, ask
from benchmarks.age_labels import AgeLabel
from benchmarks.labelled_folders import LabelledPictures

BRIGHT = np.full((40, 60, 3), 200, np.uint8)
BLACK = np.zeros((40, 60, 3), np.uint8)
"""`FakeFaces` sees nobody here."""


class Pictures(dict[str, Image]):
    """A store of pictures in memory."""

    reads = 0

    def names(self) -> list[str]:
        return sorted(self)

    def table(self, name: str) -> None:  # noqa: ARG002
        return None

    def read(self, name: str) -> Image | InputError:
        self.reads += 1
        return self.get(name, InputError("missing", f"{name} is gone"))


def one(name: str, age: int, centre: tuple[float, float] | None = None) -> AgeLabel:
    return AgeLabel(name=name, first=age, last=age, centre=centre)


def years_of(answers: Answers) -> list[float | None]:
    return [None if np.isnan(years) else round(float(years), 1) for years in answers.years]


def test_each_face_is_answered_beside_its_label() -> None:
    pictures = LabelledPictures((one("a", 30), one("b", 40)), Pictures(a=BRIGHT, b=BLACK))
    faces, ages = FakeFaces(), FakeAges([bell(33)])

    [result] = ask(pictures, [faces], [ages]).results

    assert (result.detector, result.model) == (faces, ages)
    assert result.answers.labels == pictures.labels
    assert years_of(result.answers) == [33, None]
    assert result.answers.found.tolist() == [True, False]
    assert result.answers.intervals[0].tolist() == list(bell(33).interval(0.8))
    assert np.isnan(result.answers.probabilities[1]).all()


def test_of_several_models_and_detectors_each_meets_each_and_looks_once() -> None:
    store = Pictures(a=BRIGHT, b=BRIGHT)
    pictures = LabelledPictures((one("a", 30), one("b", 40)), store)
    faces = [FakeFaces(), FakeFaces()]
    ages = [FakeAges([bell(33)]), FakeAges([bell(44)]), FakeAges([bell(55)])]

    results = ask(pictures, [*faces, None], ages).results

    assert [(each.detector, each.model) for each in results] == [
        (detector, model) for detector in [*faces, None] for model in ages
    ]
    assert [years_of(each.answers) for each in results] == [[33, 33], [44, 44], [55, 55]] * 3
    assert [len(each.seen) for each in faces] == [2, 2]
    assert store.reads == 2


def test_without_a_detector_the_whole_picture_is_the_face() -> None:
    class Boxes(FakeAges):
        def crop(self, image: Image, face: Face) -> Image:
            assert (face.box, face.confidence) == (Box(0, 0, 60, 40), None)
            return super().crop(image, face)

    [result] = ask(LabelledPictures((one("a", 30),), Pictures(a=BLACK)), [None], [Boxes()]).results
    assert result.answers.found.all()


def test_people_of_one_picture_are_told_apart_by_their_places() -> None:
    left, right = Face(Box(0, 0, 20, 20), 0.6), Face(Box(30, 0, 50, 20), 0.9)
    labels = (one("a", 1, (10, 10)), one("a", 2, (59, 39)), one("a", 3, (40, 10)))
    faces = FakeFaces([left, right])
    # The first crop is read as 11, the second as 22.
    ages = FakeAges([bell(11), bell(22)])

    [result] = ask(LabelledPictures(labels, Pictures(a=BRIGHT)), [faces], [ages]).results

    assert years_of(result.answers) == [11, None, 22]
    assert (len(faces.seen), ages.calls) == (1, [2])


def test_a_picture_that_cannot_be_read_is_told_once_and_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    labels = (one("gone", 1, (1, 1)), one("gone", 2, (5, 5)), one("a", 3))
    pictures = LabelledPictures(labels, Pictures(a=BRIGHT))

    outcome = ask(pictures, [FakeFaces()], [FakeAges()])

    assert [each.name for each in outcome.unreadable] == ["gone"]
    assert [record.getMessage() for record in caplog.records] == ["gone is gone"]
    assert caplog.records[0].levelno == logging.ERROR
    assert outcome.results[0].answers.labels == labels[2:]


def test_labels_are_kept_without_their_pictures() -> None:
    outcome = ask(
        LabelledPictures((one("a", 30),), Pictures(a=BRIGHT)), [FakeFaces()], [FakeAges()]
    )
    [kept] = outcome.results[0].answers.labels
    assert type(kept) is AgeLabel


def test_of_no_pictures_there_are_no_answers() -> None:
    outcome: Outcome = ask(LabelledPictures((), Pictures()), [None], [FakeAges()])
    assert len(outcome.results[0].answers) == 0


def test_some_can_be_chosen() -> None:
    answers = said((label(1), 11), (label(2, 4), None), (label(3), 33))
    chosen = answers.chosen(np.array([False, True, True]))
    assert (chosen.first.tolist(), chosen.last.tolist()) == ([2, 3], [4, 3])
    assert years_of(chosen) == [None, 33]
    assert chosen.probabilities[1, 33] == 1
    assert chosen.intervals[1].tolist() == [33, 33]


def test_a_label_needs_its_estimate() -> None:
    with pytest.raises(ValueError, match="zip"):
        Answers.of([label(1)], [])
