from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest
from video_files import save_video

from age_pipeline import video_source
from age_pipeline.data import Image
from age_pipeline.errors import CameraError, InputError
from age_pipeline.video_source import Camera, Recording, open_video


class FakeCamera:
    """Stands in for cv2.VideoCapture: gives pictures, each brighter than the one before.

    Attributes:
        pictures: How many it has left.
        pause_s: How long it takes for each.
        failure: What it gives when it has none left.
        released: Whether it was given back, and which threads still ran then.
    """

    pictures = 1000
    pause_s = 0.004
    failure: tuple[bool, Image | None] = (False, None)
    released: list[str] | None

    def __init__(self, number: int) -> None:
        FakeCamera.released = None
        self.number = number
        self.given = 0

    def read(self) -> tuple[bool, Image | None]:
        assert FakeCamera.released is None
        if self.given == self.pictures:
            return self.failure
        if self.given:
            time.sleep(self.pause_s)
        self.given += 1
        return True, np.full((4, 6, 3), self.given % 256, np.uint8)

    def release(self) -> None:
        FakeCamera.released = [each.name for each in threading.enumerate()]


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> type[FakeCamera]:
    monkeypatch.setattr(cv2, "VideoCapture", FakeCamera)
    for name in ("pictures", "pause_s", "failure"):
        monkeypatch.setattr(FakeCamera, name, getattr(FakeCamera, name))
    return FakeCamera


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """A folder over HTTP: the address of tmp_path."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("0", Camera),
        ("12", Camera),
        ("./0", Recording),
        ("-1", Recording),
        ("²", Recording),
        ("film.mp4", Recording),
        ("rtsp://192.0.2.1/stream", Recording),
    ],
)
def test_what_a_name_stands_for(source: str, kind: type) -> None:
    assert type(open_video(source)) is kind


def test_a_camera_gives_each_picture_once_and_in_order(camera: type[FakeCamera]) -> None:
    brightness, times_s = [], []
    with open_video("3") as source:
        for index, frame in enumerate(source):
            assert (frame.name, frame.index) == ("camera 3", index)
            assert frame.time_s is not None
            brightness.append(int(frame.image[0, 0, 0]))
            times_s.append(frame.time_s)
            if index == 9:
                break
    assert brightness == sorted(set(brightness))
    assert times_s[0] == 0
    assert times_s == sorted(set(times_s))
    assert camera.released is not None
    assert "camera 3" not in camera.released, "still read while it was given back"
    assert "camera 3" not in [each.name for each in threading.enumerate()]


def test_a_camera_gives_its_latest_picture(camera: type[FakeCamera]) -> None:
    with Camera(0) as source:
        frames = iter(source)
        next(frames)
        time.sleep(50 * camera.pause_s)
        assert next(frames).image[0, 0, 0] > 5


@pytest.mark.parametrize("failure", [(False, None), (True, None)])
def test_a_camera_that_is_not_there(
    camera: type[FakeCamera], failure: tuple[bool, Image | None]
) -> None:
    camera.pictures, camera.failure = 0, failure
    with pytest.raises(CameraError, match=r"camera 7 gives no pictures.*--source"), open_video("7"):
        pass
    assert camera.released is not None


def test_a_camera_that_is_unplugged(camera: type[FakeCamera]) -> None:
    camera.pictures = 5
    with open_video("0") as source, pytest.raises(CameraError, match="camera 0 has stopped"):
        for _ in source:
            pass
    assert camera.released is not None


def test_a_camera_that_hangs(camera: type[FakeCamera], monkeypatch: pytest.MonkeyPatch) -> None:
    camera.pause_s = 0.5
    monkeypatch.setattr(video_source, "_PATIENCE_S", 0.05)
    with open_video("0") as source, pytest.raises(CameraError, match="camera 0 has stopped"):
        for _ in source:
            pass


def test_a_program_that_ends_right_after_the_camera_ends_well(tmp_path: Path) -> None:
    save_video(tmp_path / "long.avi", [9] * 600, size=(640, 480))
    script = """
import cv2
from age_pipeline.video_source import Camera
real = cv2.VideoCapture
cv2.VideoCapture = lambda number: real("long.avi")
with Camera(0) as camera:
    next(iter(camera))
"""
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
            capture_output=True,
            timeout=30,
        )
        assert (done.returncode, done.stderr) == (0, b"")


def test_a_file_is_given_frame_by_frame(tmp_path: Path) -> None:
    name = str(save_video(tmp_path / "film.avi", [40, 80, 120], frame_rate=5))
    with open_video(name) as source:
        frames = list(source)
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert [frame.time_s for frame in frames] == pytest.approx([0, 0.2, 0.4])
    assert {frame.name for frame in frames} == {name}
    for frame, grey in zip(frames, [40, 80, 120], strict=True):
        assert (frame.width, frame.height) == (64, 48)
        assert frame.image.mean() == pytest.approx(grey, abs=3)


@pytest.mark.parametrize("content", [b"", b"no video\n" * 100, b"\0\0\0\x18ftypmp42"])
def test_a_file_that_is_no_video(
    tmp_path: Path, content: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "film.avi"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"film\.avi: no video") as caught, open_video(str(path)):
        pass
    assert caught.value.kind == "damaged"
    assert capfd.readouterr().err == ""


def test_a_video_without_a_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save_video(tmp_path / "film.avi")
    with open_video(str(path)) as source:
        monkeypatch.setattr(source, "_capture", cv2.VideoCapture())
        with pytest.raises(InputError, match="no video"):
            list(source)


@pytest.mark.parametrize(("name", "kind"), [("gone.avi", "missing"), (".", "not_a_file")])
def test_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught, open_video(name):
        pass
    assert caught.value.kind == kind


def test_a_pipe_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.avi")
    with pytest.raises(InputError, match="not a video"), open_video(str(tmp_path / "pipe.avi")):
        pass


def test_a_video_over_http_has_an_end(tmp_path: Path, served: str) -> None:
    save_video(tmp_path / "film.avi", [40, 80, 120])
    address = f"{served}/film.avi"
    with open_video(address) as source:
        assert [frame.index for frame in source] == [0, 1, 2]


def test_a_live_stream_has_none(tmp_path: Path, served: str) -> None:
    picture = np.full((48, 64, 3), 120, np.uint8)
    jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
    (tmp_path / "live.mjpeg").write_bytes(jpeg * 5)
    with (
        open_video(f"{served}/live.mjpeg") as source,
        pytest.raises(CameraError, match="has stopped giving pictures"),
    ):
        list(source)


def test_a_stream_that_is_not_there(capfd: pytest.CaptureFixture[str]) -> None:
    address = "rtsp://user:secret@127.0.0.1:9/stream"
    with pytest.raises(CameraError) as caught, open_video(address):
        pass
    assert str(caught.value) == "rtsp://127.0.0.1:9/stream cannot be opened: check the address"
    assert capfd.readouterr().err == ""


def test_opencvs_own_log_level_is_kept(tmp_path: Path) -> None:
    before = cv2.utils.logging.getLogLevel()
    with open_video(str(save_video(tmp_path / "a.avi"))):
        assert cv2.utils.logging.getLogLevel() == before
