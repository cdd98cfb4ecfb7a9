from __future__ import annotations

import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from fakes import bell

from age_pipeline.data import Box, Face, Frame, Image, Person
from benchmarks import video, video_memory
from benchmarks.composed_clips import ComposedFrame, compose
from benchmarks.live_latency import latency_of
from benchmarks.sample_clips import group_photograph, two_faces
from benchmarks.video_loops import Loop, as_original, frame_rate
from benchmarks.video_steadiness import GONE_S, Said, said_of


def frames(count: int) -> list[ComposedFrame]:
    return list(compose(two_faces(), 5))[:count]


def told(truth: Box, years: float, track: int | None) -> Person:
    return Person(Face(truth, 0.9), bell(years), track)


def drawn(frame: Frame, people: object) -> Image:  # noqa: ARG001
    return frame.image


def test_changes_and_switches_are_counted() -> None:
    shown = frames(4)
    years, tracks = [30, 30, 60, 30], [1, 1, 1, 2]

    def find(frame: Frame) -> list[Person]:
        truth = shown[frame.index].boxes["1.png"]
        return [told(truth, years[frame.index], tracks[frame.index])]

    said = said_of(Loop(find, drawn), shown)
    assert said == Said(changes=2, switches=1, labels=4, faces=8)
    assert said.changes_a_minute(2.0) == 60
    assert (said + said).changes_a_minute(2.0) == 60


def test_a_number_that_is_handed_on_is_a_switch() -> None:
    shown = frames(2)

    def find(frame: Frame) -> list[Person]:
        name = ["1.png", "2.jpg"][frame.index]
        return [told(shown[frame.index].boxes[name], 30, 1)]

    assert said_of(Loop(find, drawn), shown).switches == 1


@pytest.mark.parametrize(("away_s", "switches"), [(GONE_S, 1), (GONE_S + 0.5, 0)])
def test_who_was_gone_for_long_may_have_another_number(away_s: float, switches: int) -> None:
    first = frames(1)[0]
    shown = [first, replace(first, time_s=away_s)]

    def find(frame: Frame) -> list[Person]:
        return [told(first.boxes["1.png"], 30, frame.index + 1)]

    assert said_of(Loop(find, drawn), shown).switches == switches


def test_who_has_left_the_picture_may_have_another_number() -> None:
    first = frames(1)[0]
    shown = [first, replace(first, boxes={}, time_s=0.2), replace(first, time_s=0.4)]

    def find(frame: Frame) -> list[Person]:
        return [told(first.boxes["1.png"], 30, frame.index + 1)]

    assert said_of(Loop(find, drawn), shown).switches == 0


def test_a_box_elsewhere_is_nobodys() -> None:
    shown = frames(3)

    def find(frame: Frame) -> list[Person]:
        return [told(Box(0, 0, 20, 20), 20 + 20 * frame.index, frame.index)]

    assert said_of(Loop(find, drawn), shown) == Said(faces=6)
    assert Said().changes_a_minute(30.0) == 0


def test_the_original_loop_asks_for_each_face_and_draws(tmp_path: Path) -> None:
    models = video.Models.load()
    asked = []

    class Counted:
        crop = models.own.crop
        model = models.own.model

        def estimate(self, crops: list[Image]) -> object:
            asked.append(len(crops))
            return models.own.estimate(crops)

    output = tmp_path / "out.mp4"
    loop = as_original(models.once, Counted())  # type: ignore[arg-type]
    shown = frames(2)
    assert frame_rate(loop, shown, 5.0, output) > 0
    assert asked == [1, 1, 1, 1]
    assert output.is_file()
    frame = Frame(shown[0].image, "clip")
    people = loop.find(frame)
    picture = loop.draw(frame, people)
    for person in people:
        corner = picture[person.face.box.bottom, person.face.box.right]
        assert tuple(corner) == (0, 0, 255)


def test_latency_counts_what_a_loop_takes() -> None:
    def find(_: Frame) -> list[Person]:
        time.sleep(0.1)
        return []

    told = latency_of(Loop(find, drawn), frames(5), 100.0, 0.5)
    assert told.early_ms >= 100
    assert 100 <= told.late_ms < 1000
    assert 2 <= told.told <= 12


def test_speed_and_labels_are_told_of(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video, "sample_clips", dict)
    monkeypatch.setattr(video, "group_photograph", lambda rate: islice(group_photograph(rate), 1))
    assert video.main(["speed", "labels", "--rate", "0.5", "--repeat", "2"]) == 0
    out = capsys.readouterr().out
    assert out.count("| two faces | 1 | nothing |") == 1
    assert out.count("| group photograph | 2 | H.264 |") == 1
    assert "| two faces | 4 | 4 |" in out
    assert {line.count("|") for line in out.splitlines() if line.startswith("| clip")} == {10}
    assert {line.count("|") for line in out.splitlines() if line.startswith("| all")} == {10}
    assert "| all |" in out


def test_latency_and_memory_are_told_of(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video, "LIVE_S", 0.5)
    monkeypatch.setattr(video, "SLOWED_S", 0.01)
    monkeypatch.setattr(video, "MINUTES", (0.01, 0.02))
    assert video.main(["latency", "memory"]) == 0
    out = capsys.readouterr().out
    assert "| program |" in out
    assert "each look for faces 0.01 s slower" in out
    name, *held = out.splitlines()[-1].strip("| ").split(" | ")
    assert name == "memory"
    assert [float(each.removesuffix(" MiB")) > 30 for each in held] == [True, True]


def test_a_program_that_fails_has_no_memory_to_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_memory, "_SCRIPT", Path("nowhere.py"))
    with pytest.raises(RuntimeError, match="ended with 2"):
        video_memory.memory_after([0.01])


@pytest.mark.parametrize("option", [["--rate", "0"], ["--repeat", "0"], ["swiftness"]])
def test_wrong_options(option: list[str]) -> None:
    assert video.main(option) == 2
