"""Several pictures at once: what is said and written of them keeps their order."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import pytest
from fakes import FakeAges, FakeFaces
from PIL import Image as PillowImage

from age_pipeline import picture_people
from age_pipeline.data import Face, FailedInput, Frame, Image, Person
from age_pipeline.errors import OutputError
from age_pipeline.in_order import InOrder, is_working
from age_pipeline.picture_people import Desk, Write, look_at_pictures
from age_pipeline.picture_reading import OpenedPicture
from age_pipeline.pictures import decode
from age_pipeline.sinks import Sink, Sinks
from age_pipeline.sources import PictureInput
from age_pipeline.stages import FaceDetector


def pictures(folder: Path, *greys: int | None) -> list[PictureInput]:
    """A file for each grey, in which the fakes see somebody unless it is black; None is no file."""
    inputs = []
    for number, grey in enumerate(greys):
        path = folder / f"{number}.png"
        if grey is not None:
            PillowImage.new("RGB", (64, 48), (grey, grey, grey)).save(path)
        inputs.append(PictureInput(path.name, path, PurePath(path.name)))
    return inputs


class SlowAtFirst(FakeFaces):
    """Takes the longer the darker a picture is, and has no memory for one of grey 99."""

    def detect(self, image: Image) -> list[Face]:
        grey = int(image[0, 0, 0])
        time.sleep((255 - grey) / 255 * 0.05)
        if grey == 99:
            raise MemoryError
        return super().detect(image)


class Heard(Sink):
    """Writes what it is told, and where."""

    def __init__(self) -> None:
        self.told: list[tuple[str, object]] = []

    def write(self, frame: Frame, people: Sequence[Person]) -> None:
        self.told.append((frame.name, len(people)))
        assert threading.current_thread() is threading.main_thread()

    def fail(self, failed: FailedInput) -> None:
        self.told.append((failed.name, failed.error.kind))


def look_at(
    inputs: Sequence[PictureInput], *sinks: Sink, jobs: int, faces: FaceDetector | None = None
) -> InOrder[OpenedPicture, Write]:
    desk: Future[Desk] = Future()
    desk.set_result(Desk(faces or SlowAtFirst(), FakeAges(), Sinks(sinks)))
    return look_at_pictures(inputs, desk, jobs=jobs)


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_results_and_lines_come_in_order(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, jobs: int
) -> None:
    caplog.set_level(logging.INFO, "detect_age")
    inputs = pictures(tmp_path, 0, 99, None, 200, 0, 250, None, 100)
    heard = Heard()

    with look_at(inputs, heard, jobs=jobs) as looked:
        for write in looked:
            write()

    assert heard.told == [
        ("0.png", 0),
        ("1.png", "too_large"),
        ("2.png", "missing"),
        ("3.png", 1),
        ("4.png", 0),
        ("5.png", 1),
        ("6.png", "missing"),
        ("7.png", 1),
    ]
    assert [line.partition(" ")[0].rstrip(":") for line in caplog.messages] == [
        "0.png",
        "1.png",
        "2.png",
        "4.png",
        "6.png",
    ]


def test_nothing_is_written_before_its_turn(tmp_path: Path) -> None:
    heard = Heard()
    inputs = pictures(tmp_path, *range(240, 250))
    with look_at(inputs, heard, jobs=3) as looked:
        first = next(looked)
        time.sleep(0.1)
        assert heard.told == []
        first()
        assert heard.told == [("0.png", 1)]


def test_ages_are_told_before_the_copy_is_made(tmp_path: Path) -> None:
    heard = Heard()

    class Copies(Heard):
        def prepare(self, frame: Frame, people: Sequence[Person]) -> Any:
            until = time.monotonic() + 20
            while not heard.told:
                assert time.monotonic() < until
                time.sleep(0.01)
            return super().prepare(frame, people)

    copies = Copies()
    with look_at(pictures(tmp_path, 250), heard, copies, jobs=1) as looked:
        next(looked)()
    assert heard.told == copies.told == [("0.png", 1)]


def test_several_are_looked_at_at_once(tmp_path: Path) -> None:
    meeting = threading.Barrier(3)

    class Meeting(FakeFaces):
        def detect(self, image: Image) -> list[Face]:
            meeting.wait(20)
            return super().detect(image)

    inputs = pictures(tmp_path, *[200] * 9)
    with look_at(inputs, Heard(), jobs=3, faces=Meeting()) as looked:
        assert len(list(looked)) == 9


class Pixels(Sink):
    """Wants the pixels when its turn comes."""

    def write(self, frame: Frame, people: Sequence[Person]) -> None: ...


@dataclass(frozen=True)
class Decoded:
    """Watches the pictures that are decoded.

    Attributes:
        images: That were decoded.
        beside: How many of them were there when each was decoded.
    """

    images: list[weakref.ref[Image]]
    beside: list[int]

    def watched(self, decode: Callable[..., Image]) -> Callable[..., Image]:
        def decode_and_watch(*arguments: Any) -> Image:
            self.beside.append(sum(image() is not None for image in self.images))
            image = decode(*arguments)
            self.images.append(weakref.ref(image))
            return image

        return decode_and_watch


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> Decoded:
    watch = Decoded([], [])
    monkeypatch.setattr("age_pipeline.picture_reading.decode", watch.watched(decode))
    return watch


def test_pixels_that_nobody_wants_wait_for_no_turn(tmp_path: Path, decoded: Decoded) -> None:
    inputs = pictures(tmp_path, *[250] * 30)
    with look_at(inputs, jobs=1) as looked:
        time.sleep(0.2)
        assert len(list(looked)) == 30
    assert set(decoded.beside) == {0}


def test_pixels_that_wait_for_their_turn_are_few(
    tmp_path: Path, decoded: Decoded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_people, "_ROOM", 6 * (64 * 48 * 3))
    inputs = pictures(tmp_path, *[250] * 30)
    with look_at(inputs, Pixels(), jobs=2) as looked:
        time.sleep(0.2)
        assert len(decoded.images) <= 7
        for _ in inputs:
            next(looked)()
    assert max(decoded.beside) <= 7


def test_the_first_pictures_are_decoded_while_the_models_are_loaded(
    tmp_path: Path, decoded: Decoded
) -> None:
    desk: Future[Desk] = Future()
    heard = Heard()
    with look_at_pictures(pictures(tmp_path, *[250] * 9), desk, jobs=2) as looked:
        until = time.monotonic() + 20
        while len(decoded.images) < 2:
            assert time.monotonic() < until
            time.sleep(0.01)
        desk.set_result(Desk(FakeFaces(), FakeAges(), Sinks([heard])))
        next(looked)()
    assert heard.told == [("0.png", 1)]


def test_nobody_waits_for_models_that_do_not_come(tmp_path: Path) -> None:
    desk: Future[Desk] = Future()
    with look_at_pictures(pictures(tmp_path, 250, 250, 250), desk, jobs=2):
        desk.cancel()
    assert not is_working()


def test_one_that_cannot_be_written_is_told_in_its_turn(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Refusing(Heard):
        outlives_errors = True

        def prepare(self, frame: Frame, people: Sequence[Person]) -> Any:
            if frame.name == "1.png":
                raise OutputError(f"{frame.name} cannot be drawn")
            return super().prepare(frame, people)

    heard = Refusing()
    with look_at(pictures(tmp_path, 200, 200, 200), heard, jobs=2) as looked:
        for number, write in enumerate(looked):
            assert len(caplog.messages) == (number > 1)
            write()
    assert caplog.messages == ["1.png cannot be drawn"]
    assert heard.told == [("0.png", 1), ("2.png", 1)]


def test_a_bug_in_a_stage_shows_in_its_turn(tmp_path: Path) -> None:
    class Broken(FakeFaces):
        def detect(self, image: Image) -> list[Face]:
            if image[0, 0, 0] == 7:
                np.zeros(3)[5]
            return super().detect(image)

    inputs = pictures(tmp_path, 250, 7, 250)
    heard = Heard()
    with look_at(inputs, heard, jobs=2, faces=Broken()) as looked:
        next(looked)()
        with pytest.raises(IndexError, match="out of bounds"):
            next(looked)
    assert heard.told == [("0.png", 1)]
