from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import pytest

from age_pipeline.data import Frame, Image
from age_pipeline.shown_video import ShownVideo
from age_pipeline.window import QUIT_KEYS, Window


class FakeWindow:
    """Gives the keys one by one; time passes only while it waits.

    Attributes:
        now_s: The time.
        shown: Every picture.
        titles: Every title.
        waits_s: How long each picture was to be shown.
    """

    def __init__(self, keys: Sequence[str | None] = (), frame_takes_s: float = 0.0) -> None:
        self.ended = False
        self.now_s = 100.0
        self.shown: list[Image] = []
        self.titles: list[str] = []
        self.waits_s: list[float | None] = []
        self._keys: Iterator[str | None] = iter(keys)
        self._frame_takes_s = frame_takes_s

    def show(self, image: Image, wait_s: float | None = None) -> str | None:
        assert not self.ended
        self.shown.append(image)
        self.waits_s.append(wait_s)
        self.now_s += (3.0 if wait_s is None else wait_s) + self._frame_takes_s
        # Nobody waits for ever.
        key = next(self._keys, "q" if wait_s is None else None)
        self.ended = key in QUIT_KEYS
        return key

    def poll(self) -> None:
        self.ended = next(self._keys, None) in QUIT_KEYS

    def entitle(self, title: str) -> None:
        self.titles.append(title)

    def clock(self) -> float:
        return self.now_s


def picture(grey: int = 0) -> Image:
    return np.full((4, 6, 3), grey, np.uint8)


def show(window: FakeWindow, count: int, *, is_live: bool, rate: float = 10) -> ShownVideo:
    video = ShownVideo(cast(Window, window), "film", is_live=is_live, clock=window.clock)
    for index in range(count):
        if video.ended:
            break
        image = picture(index)
        video.show(Frame(image, "film.mp4", index=index, time_s=index / rate), image)
    return video


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_file_is_shown_as_fast_as_it_was_taken() -> None:
    window = FakeWindow(frame_takes_s=0.02)
    show(window, 11, is_live=False)
    assert window.now_s == pytest.approx(101.02)
    assert window.waits_s[1:] == pytest.approx([0.08] * 10)


def test_a_file_that_is_late_is_not_hurried_afterwards() -> None:
    window = FakeWindow(frame_takes_s=0.3)
    show(window, 3, is_live=False)
    assert window.waits_s == [0, 0, 0]
    late = FakeWindow()
    video = ShownVideo(cast(Window, late), "film", is_live=False, clock=late.clock)
    video.show(Frame(picture(), "a", time_s=0.0), picture())
    late.now_s += 5
    for time_s in (0.1, 0.2):
        video.show(Frame(picture(), "a", time_s=time_s), picture())
    assert late.waits_s == pytest.approx([0, 0, 0.1])


def test_a_camera_is_never_waited_for() -> None:
    window = FakeWindow()
    show(window, 5, is_live=True)
    assert window.waits_s == [0] * 5


@pytest.mark.parametrize("key", QUIT_KEYS)
def test_quitting(key: str) -> None:
    window = FakeWindow([None, key])
    assert show(window, 9, is_live=True).ended
    assert len(window.shown) == 2


def test_quitting_while_no_frame_comes() -> None:
    video = show(FakeWindow([None, " ", "q"]), 1, is_live=True)
    assert [video.poll(), video.poll()] == [False, True]
    assert video.ended


def test_the_space_bar_pauses_and_goes_on() -> None:
    window = FakeWindow([None, " ", "x", None, " ", None])
    show(window, 4, is_live=False)
    assert window.waits_s == [0, pytest.approx(0.1), None, None, None, *[pytest.approx(0.1)] * 2]
    assert [image[0, 0, 0] for image in window.shown] == [0, 1, 1, 1, 1, 2, 3]
    assert "film: paused" in window.titles


@pytest.mark.parametrize("key", QUIT_KEYS)
def test_quitting_while_paused(key: str) -> None:
    window = FakeWindow([" ", key])
    assert show(window, 9, is_live=False).ended
    assert len(window.shown) == 2


def test_s_saves_what_is_seen(here: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "detect_age"):
        show(FakeWindow([None, "s", " ", "s"]), 3, is_live=True)
    assert sorted(each.name for each in here.iterdir()) == ["frame-000001.png", "frame-000002.png"]
    saved = cv2.imread("frame-000001.png")
    assert saved is not None
    assert (saved == 1).all()
    assert "saved frame-000001.png" in caplog.messages


def test_no_file_is_replaced(here: Path) -> None:
    for name in ("frame-000000.png", "frame-000000-2.png"):
        (here / name).write_text("mine")
    show(FakeWindow(["s"]), 1, is_live=True)
    assert (here / "frame-000000.png").read_text() == "mine"
    assert (here / "frame-000000-2.png").read_text() == "mine"
    assert cv2.imread("frame-000000-3.png") is not None


def test_a_frame_that_cannot_be_saved_ends_nothing(
    here: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (here / "frame-000000.png.part").mkdir()
    window = FakeWindow(["s"])
    show(window, 3, is_live=True)
    assert len(window.shown) == 3
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_a_pause_counts_for_no_frame() -> None:
    window = FakeWindow([None] * 40 + [" ", None, None, " "], frame_takes_s=0.05)
    show(window, 100, is_live=True)
    told = [title for title in window.titles if "frames" in title]
    assert set(told[-5:]) == {"film: 20.0 frames per second"}


def test_the_title_tells_the_frames_per_second() -> None:
    window = FakeWindow(frame_takes_s=0.05)
    show(window, 100, is_live=True)
    assert window.titles[-1] == "film: 20.0 frames per second"
    assert len(window.titles) <= 11, "not with every frame"
