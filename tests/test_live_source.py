from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Sequence
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from video_files import plain, save_video

from age_pipeline import live_source
from age_pipeline.data import Image
from age_pipeline.errors import CameraError
from age_pipeline.live_source import LiveSource
from age_pipeline.video_source import Cut, open_video


class FakeCamera:
    """Stands in for cv2.VideoCapture: gives pictures, each brighter than the one before.

    Attributes:
        pictures: How many each gives, one number for each time that it is opened; the last one
            again and again.
        pause_s: How long it takes for each.
        failure: What it gives when it has none left.
        opened: How often it was opened, and how often given back.
        sizes: Of its pictures, likewise.
    """

    pictures: Sequence[int] = (1000,)
    pause_s = 0.004
    failure: tuple[bool, Image | None] = (False, None)
    opened = 0
    released = 0
    sizes: Sequence[tuple[int, int]] = ((6, 4),)

    def __init__(self, number: int) -> None:
        turn = FakeCamera.opened
        FakeCamera.opened += 1
        self.number = number
        self.given = 0
        self.last = self.pictures[min(turn, len(self.pictures) - 1)]
        self.size = self.sizes[min(turn, len(self.sizes) - 1)]
        self.is_read = False

    def read(self) -> tuple[bool, Image | None]:
        assert FakeCamera.released < FakeCamera.opened
        if self.given == self.last:
            return self.failure
        if self.given:
            self.is_read = True
            time.sleep(self.pause_s)
            self.is_read = False
        self.given += 1
        return True, plain(self.given % 256, self.size)

    def release(self) -> None:
        assert not self.is_read
        FakeCamera.released += 1


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> type[FakeCamera]:
    monkeypatch.setattr(cv2, "VideoCapture", FakeCamera)
    for name in ("pictures", "pause_s", "failure", "opened", "released", "sizes"):
        monkeypatch.setattr(FakeCamera, name, getattr(FakeCamera, name))
    return FakeCamera


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those between two tries, a thousandth of what they are."""
    monkeypatch.setattr(live_source, "_FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(live_source, "_LONGEST_PAUSE_S", 0.03)


def test_each_picture_once_and_in_order(camera: type[FakeCamera]) -> None:
    with open_video("3") as source:
        assert source.is_live
        assert (source.width, source.height) == (6, 4)
        assert (source.frame_rate, source.frame_count, source.sound_file) == (None, None, None)
        frames = list(islice(source, 10))
    assert {frame.name for frame in frames} == {"camera 3"}
    indices = [frame.index for frame in frames]
    assert indices == sorted(set(indices))
    assert [int(frame.image[0, 0, 0]) for frame in frames] == [index + 1 for index in indices]
    times_s = [frame.time_s or 0 for frame in frames]
    assert times_s == sorted(set(times_s))
    assert times_s[0] == pytest.approx(indices[0] * camera.pause_s, abs=0.5)
    assert camera.opened == camera.released == 1
    assert not [each for each in threading.enumerate() if each.name.startswith("camera 3")]


def test_the_latest_picture_however_slow_the_consumer(camera: type[FakeCamera]) -> None:
    with open_video("0") as source:
        frames = iter(source)
        index = next(frames).index
        for _ in range(2):
            time.sleep(50 * camera.pause_s)
            frame = next(frames)
            assert frame.index > index + 5
            index = frame.index


def test_nothing_is_taken_and_nothing_waits(camera: type[FakeCamera]) -> None:
    with open_video("0"):
        pass
    assert camera.opened == camera.released == 1


def test_a_part_of_what_it_shows(camera: type[FakeCamera]) -> None:
    with open_video("0", cut=Cut(start_s=0.05, duration_s=0.2, every=3)) as source:
        frames = list(source)
    assert all(0.049 < (frame.time_s or 0) < 0.25 for frame in frames)
    indices = [frame.index for frame in frames]
    assert (np.diff(indices) >= 3).all()
    assert camera.released == 1


@pytest.mark.parametrize("failure", [(False, None), (True, None)])
def test_a_camera_that_is_not_there(
    camera: type[FakeCamera], failure: tuple[bool, Image | None]
) -> None:
    camera.pictures, camera.failure = [0], failure
    with pytest.raises(CameraError, match=r"camera 7 gives no pictures.*--source"), open_video("7"):
        pass
    assert camera.opened == camera.released == 1


@pytest.mark.parametrize("failure", [(False, None), (True, None)])
def test_a_camera_that_is_unplugged(
    camera: type[FakeCamera], failure: tuple[bool, Image | None]
) -> None:
    camera.pictures, camera.failure = [5], failure
    with open_video("0") as source:
        frames = iter(source)
        while next(frames).index < 4:
            pass
        with pytest.raises(CameraError) as caught:
            next(frames)
    assert str(caught.value) == (
        "camera 0 has stopped giving pictures: was it unplugged?; --reconnect waits for it"
    )
    assert camera.released == 1


def test_a_camera_that_hangs(camera: type[FakeCamera], monkeypatch: pytest.MonkeyPatch) -> None:
    camera.pause_s = 0.5
    monkeypatch.setattr(live_source, "TIMEOUT_S", 0.05)
    with (
        open_video("0") as source,
        pytest.raises(CameraError, match=r"camera 0 has stopped .*: none came for 0\.05 s"),
    ):
        for _ in source:
            pass
    assert camera.released == 1


@pytest.mark.usefixtures("pauses")
def test_reconnecting(camera: type[FakeCamera], caplog: pytest.LogCaptureFixture) -> None:
    camera.pictures, camera.sizes = [5, 0, 0, 1000], [(6, 4), (6, 4), (6, 4), (12, 8)]
    with (
        caplog.at_level(logging.INFO, "detect_age"),
        open_video("0", reconnect=True) as source,
    ):
        frames = []
        for frame in source:
            frames.append(frame)
            if frame.index > 8:
                break
    indices = [frame.index for frame in frames]
    times_s = [frame.time_s or 0 for frame in frames]
    assert indices == sorted(set(indices))
    assert times_s == sorted(set(times_s))
    assert {(frame.width, frame.height) for frame in frames} == {(6, 4)}
    assert frames[-1].image[0, 0, 0] == frames[-1].index - 4, "the picture is a new one"
    assert camera.opened == camera.released == 4
    first, *others = [record.message for record in caplog.records]
    assert first == (
        "camera 0 has stopped giving pictures: was it unplugged?; trying again in 0.001 s"
    )
    assert [other.split("trying")[1] for other in others] == [
        " again in 0.002 s",
        " again in 0.004 s",
    ]
    assert all(record.levelno == logging.INFO for record in caplog.records)


@pytest.mark.usefixtures("pauses")
def test_reconnecting_from_the_first(
    camera: type[FakeCamera], caplog: pytest.LogCaptureFixture
) -> None:
    camera.pictures = [0] * 8 + [1000]
    with caplog.at_level(logging.INFO, "detect_age"), open_video("0", reconnect=True) as source:
        assert next(iter(source)).time_s is not None
    pauses_s = [float(record.message.split()[-2]) for record in caplog.records]
    assert pauses_s == pytest.approx([0.001, 0.002, 0.004, 0.008, 0.016, 0.03, 0.03, 0.03])


def test_a_pause_ends_when_the_source_is_left(
    camera: type[FakeCamera], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "detect_age")
    monkeypatch.setattr(live_source, "_FIRST_PAUSE_S", 100.0)
    camera.pictures = [2]
    start_s = time.monotonic()
    with open_video("0", reconnect=True):
        while not caplog.records:
            time.sleep(0.01)
    assert time.monotonic() - start_s < 50
    assert camera.opened == 1


def test_a_part_ends_though_nothing_comes(
    camera: type[FakeCamera], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_source, "_FIRST_PAUSE_S", 100.0)
    camera.pictures = [2]
    with open_video("0", cut=Cut(duration_s=0.3), reconnect=True) as source:
        assert [frame.index for frame in source][-1] == 1


def test_a_part_as_long_as_can_be(camera: type[FakeCamera]) -> None:
    with open_video("0", cut=Cut(duration_s=1e9)) as source:
        assert len(list(islice(source, 3))) == 3
    with open_video("0", cut=Cut(start_s=1e9)) as source:
        source.is_over = lambda: True
        camera.pause_s = 0.3
        assert not list(source)


def test_nobody_waits_any_longer(camera: type[FakeCamera], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_source, "_FIRST_PAUSE_S", 100.0)
    camera.pictures = [2]
    asked = []

    def is_over() -> bool:
        asked.append(threading.current_thread())
        return len(asked) == 3

    with open_video("0", reconnect=True) as source:
        source.is_over = is_over
        assert [frame.index for frame in source][-1] == 1
    assert asked == [threading.current_thread()] * 3


def test_a_bug_in_the_thread_is_seen() -> None:
    def pictures() -> Generator[Image, None, None]:
        yield plain(1)
        raise LookupError("a bug")

    with LiveSource("bug", pictures) as source, pytest.raises(LookupError, match="a bug"):
        list(source)


def test_opencvs_own_log_level_is_kept(camera: type[FakeCamera]) -> None:
    assert camera.opened == 0
    before = cv2.utils.logging.getLogLevel()
    with open_video("0"):
        assert cv2.utils.logging.getLogLevel() == cv2.utils.logging.LOG_LEVEL_SILENT
    assert cv2.utils.logging.getLogLevel() == before


def test_a_program_that_ends_right_after_the_camera_ends_well(tmp_path: Path) -> None:
    save_video(tmp_path / "long.avi", [9] * 300, size=(640, 480))
    script = """
import cv2
from age_pipeline.video_source import open_video
real = cv2.VideoCapture
cv2.VideoCapture = lambda number: real("long.avi")
with open_video("0") as camera:
    next(iter(camera))
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
        capture_output=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, b"")
