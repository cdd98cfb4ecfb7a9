"""Who takes part, and how turns are taken, with fakes in the place of the detectors."""

from __future__ import annotations

import logging

import cv2
import numpy as np
import pytest
from fakes import FACE, FakeFaces

import face_detector
from age_pipeline.data import Box, Face, FailedInput, Image
from age_pipeline.errors import InputError, ModelDamaged, ModelMissing, PackageMissing
from benchmarks import detector_turns
from benchmarks.detector_turns import Contender, load_contenders, take_turns
from benchmarks.face_boxes import Scene
from benchmarks.found_faces import Count

BRIGHT = np.full((40, 60, 3), 200, np.uint8)
SCENE = Scene("one face", "a.png", BRIGHT, (FACE.box,))
GONE = FailedInput("b.png", InputError("missing", "b.png does not exist"))


def loaded(monkeypatch: pytest.MonkeyPatch, **absent: Exception) -> None:
    def load(name: str, *, looks: str) -> FakeFaces:
        if name in absent:
            raise absent[name]
        return FakeFaces([FACE] if looks == "single" else [])

    monkeypatch.setattr(face_detector, "load", load)


def test_each_detector_looks_in_each_way(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded(monkeypatch)
    contenders = load_contenders(["haar", "ssd", "haar"], ["single", "again"])
    assert [(each.name, each.looks) for each in contenders] == [
        ("haar", "single"),
        ("haar", "again"),
        ("ssd", "single"),
        ("ssd", "again"),
    ]
    assert contenders[0].faces.detect(BRIGHT) == [FACE]
    assert contenders[1].faces.detect(BRIGHT) == []


def test_what_is_absent_is_left_out_with_one_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    loaded(monkeypatch, hog=PackageMissing("run `pip`"), yunet=ModelMissing("fetch it"))
    contenders = load_contenders(None, ["single", "again"])
    assert list(dict.fromkeys(each.name for each in contenders)) == ["ssd", "haar"]
    assert [(each.levelno, each.getMessage()) for each in caplog.records] == [
        (logging.WARNING, "yunet is left out: fetch it"),
        (logging.WARNING, "hog is left out: run `pip`"),
    ]


def test_what_is_named_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded(monkeypatch, hog=PackageMissing("run `pip`"))
    with pytest.raises(PackageMissing, match="run `pip`"):
        load_contenders(["ssd", "hog"], ["single"])


def test_a_damaged_file_is_never_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded(monkeypatch, ssd=ModelDamaged("it is a web page"))
    with pytest.raises(ModelDamaged):
        load_contenders(None, ["single"])


def test_they_take_turns_on_one_thread() -> None:
    turns: list[tuple[str, int]] = []

    class Recorded(FakeFaces):
        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

        def detect(self, image: Image) -> list[Face]:
            turns.append((self.name, cv2.getNumThreads()))
            return super().detect(image)

    threads = cv2.getNumThreads()
    cv2.setNumThreads(2)
    before = cv2.getNumThreads()
    try:
        contenders = [Contender(name, "single", Recorded(name)) for name in ("haar", "ssd")]
        take_turns([SCENE, SCENE], 2, contenders)
        assert turns == [("haar", 1), ("ssd", 1)] * 3
        assert cv2.getNumThreads() == before
    finally:
        cv2.setNumThreads(threads)


def test_the_number_of_threads_comes_back_after_a_fault() -> None:
    class Faulty(FakeFaces):
        def detect(self, image: Image) -> list[Face]:  # noqa: ARG002
            raise KeyboardInterrupt

    before = cv2.getNumThreads()
    with pytest.raises(KeyboardInterrupt):
        take_turns([SCENE], 1, [Contender("ssd", "single", Faulty())])
    assert cv2.getNumThreads() == before


def test_each_makes_its_own_of_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    # Every reading of the clock is 10 ms later.
    clock = iter(range(100))
    monkeypatch.setattr(detector_turns, "process_time", lambda: next(clock) / 100)
    ghost = Face(Box(30, 6, 50, 30), 0.7)
    contenders = [
        Contender("ssd", "single", FakeFaces()),
        Contender("ssd", "again", FakeFaces([FACE, ghost])),
    ]
    [seen], unreadable = take_turns([SCENE], 1, contenders)
    assert unreadable == []
    assert (seen.case, seen.level) == ("one face", "a.png")
    assert [(each.found, each.false) for each in seen.counts] == [(1, 0), (1, 1)]
    assert all(isinstance(each, Count) and each.faces == 1 for each in seen.counts)
    assert [each.milliseconds for each in seen.counts] == pytest.approx([10, 10])


def test_what_cannot_be_read_is_told_and_counts_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    contenders = [Contender("ssd", "single", FakeFaces())]
    seen, unreadable = take_turns([GONE, SCENE], 2, contenders)
    assert len(seen) == 1
    assert unreadable == [GONE]
    assert [(each.levelno, each.getMessage()) for each in caplog.records] == [
        (logging.ERROR, "b.png does not exist")
    ]
