from __future__ import annotations

import pytest
from fakes import bell

from age_pipeline.data import Box, Face, Frame, Person
from benchmarks import video
from benchmarks.composed_clips import ComposedFrame, compose


def frames(count: int) -> list[ComposedFrame]:
    return list(compose(video.two_faces(), 5))[:count]


def told(truth: Box, years: float, track: int | None) -> Person:
    return Person(Face(truth, 0.9), bell(years), track)


def test_changes_and_switches_are_counted() -> None:
    shown = frames(4)
    years, tracks = [30, 30, 60, 30], [1, 1, 1, 2]

    def loop(frame: Frame) -> list[Person]:
        truth = shown[frame.index].boxes["1.png"]
        return [told(truth, years[frame.index], tracks[frame.index])]

    assert video.said_of(loop, shown) == video.Said(changes=2, switches=1)


def test_a_box_elsewhere_is_nobodys() -> None:
    shown = frames(3)

    def loop(frame: Frame) -> list[Person]:
        return [told(Box(0, 0, 20, 20), 20 + 20 * frame.index, frame.index)]

    assert video.said_of(loop, shown) == video.Said(changes=0, switches=0)


def test_both_sides_are_timed_and_every_clip_is_told_of(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video, "sample_clips", dict)
    assert video.main(["--rate", "1", "--repeat", "2"]) == 0
    out = capsys.readouterr().out
    assert out.count("| turn ") == 2
    assert "| two faces | 4 |" in out


@pytest.mark.parametrize("option", [["--rate", "0"], ["--repeat", "0"]])
def test_wrong_options(option: list[str]) -> None:
    assert video.main(option) == 2
