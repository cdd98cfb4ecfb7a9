from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from threading import Timer

import av
import cv2
import pytest
from ctrl_c import ctrl_c_after
from loopback_source import serving, stalling, status, whole
from sounding_videos import save_sounding_video
from streams import FRAME_RATE, Camera, MjpegCamera, RtspCamera, grey
from video_files import FILM, NOISE, encode_video, plain, save_video

from age_pipeline import live_source, network_video
from age_pipeline.data import Frame
from age_pipeline.errors import CameraError, InputError
from age_pipeline.network_video import shown_address
from age_pipeline.video_source import Cut, open_video

CAMERAS = [MjpegCamera, RtspCamera]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """A folder over HTTP: the address of tmp_path."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those between two tries, a tenth of what they are."""
    monkeypatch.setattr(live_source, "_FIRST_PAUSE_S", 0.1)


def wait_until(is_so: Callable[[], bool]) -> None:
    end_s = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < end_s, "it never was"
        time.sleep(0.01)


def brightness(frame: Frame) -> float:
    return float(frame.image.mean())


@pytest.mark.parametrize("kind", CAMERAS)
def test_a_stream(kind: type[Camera], capfd: pytest.CaptureFixture[str]) -> None:
    with kind() as camera, open_video(camera.address) as source:
        assert source.is_live
        assert (source.width, source.height) == (64, 48)
        assert (source.frame_rate, source.frame_count, source.sound_file) == (None, None, None)
        frames = []
        for frame in source:
            frames.append(frame)
            if len(frames) == 10:
                break
        assert camera.visitors == 1
    indices = [frame.index for frame in frames]
    times_s = [frame.time_s or 0 for frame in frames]
    assert indices == sorted(set(indices))
    assert times_s == sorted(set(times_s))
    for frame in frames:
        assert brightness(frame) == pytest.approx(grey(frame.index), abs=6)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("kind", CAMERAS)
def test_the_latest_picture_however_slow_the_consumer(kind: type[Camera]) -> None:
    with kind() as camera, open_video(camera.address) as source:
        frames = iter(source)
        index = next(frames).index
        for _ in range(2):
            time.sleep(0.4)
            frame = next(frames)
            # Half of what has passed would do, on a busy machine.
            assert frame.index > index + 0.2 * FRAME_RATE
            assert brightness(frame) == pytest.approx(grey(frame.index), abs=6)
            index = frame.index


@pytest.mark.parametrize("kind", CAMERAS)
def test_a_stream_that_ends(kind: type[Camera]) -> None:
    with kind(pictures=30) as camera, open_video(camera.address) as source:
        with pytest.raises(CameraError, match=r"; --reconnect waits for it$") as caught:
            list(source)
        assert str(caught.value).startswith(f"{camera.address} has stopped giving pictures: ")


@pytest.mark.parametrize("kind", CAMERAS)
@pytest.mark.usefixtures("pauses")
def test_a_stream_that_dies_and_returns(
    kind: type[Camera], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "detect_age")
    with kind() as camera, open_video(camera.address, reconnect=True) as source:
        frames = iter(source)
        last = next(frames)
        camera.die()
        Timer(0.4, camera.__enter__).start()
        for frame in frames:
            assert frame.index > last.index
            assert (frame.time_s or 0) > (last.time_s or 0)
            if camera.visitors == 2 and (frame.time_s or 0) > (last.time_s or 0) + 0.3:
                break
            last = frame
        shown = [brightness(next(frames)) for _ in range(3)]
    assert len(set(shown)) == 3, "a frozen picture"
    tries = [record.message for record in caplog.records]
    assert tries[0].startswith(f"{camera.address} has stopped giving pictures: ")
    assert tries[0].endswith("; trying again in 0.1 s")
    assert all("cannot be opened: check the address (Connection refused)" in t for t in tries[1:])


@pytest.mark.parametrize("kind", CAMERAS)
def test_a_stream_that_is_stuck(kind: type[Camera], monkeypatch: pytest.MonkeyPatch) -> None:
    # A web server may take longer; one that is silent is given up by whoever waits for it.
    monkeypatch.setattr(live_source, "TIMEOUT_S", 0.5 if kind is MjpegCamera else 100.0)
    monkeypatch.setattr(network_video, "TIMEOUT_S", 1.0)
    monkeypatch.setattr(network_video, "_SILENCE_S", 0.5)
    with kind() as camera, open_video(camera.address) as source:
        frames = iter(source)
        next(frames)
        camera.is_stuck = True
        with pytest.raises(CameraError, match="has stopped giving pictures: no"):
            list(frames)


@pytest.mark.usefixtures("pauses")
@pytest.mark.parametrize("kind", CAMERAS)
def test_nobody_waits_any_longer(kind: type[Camera]) -> None:
    with kind() as camera, open_video(camera.address, reconnect=True) as source:
        frames = iter(source)
        next(frames)
        camera.die()
        source.is_over = lambda: True
        # What is on its way still comes; without is_over, the camera would be waited for.
        assert all(frame.index for frame in frames)


def test_what_a_bad_line_has_damaged_is_left_out(capfd: pytest.CaptureFixture[str]) -> None:
    with MjpegCamera() as camera, open_video(camera.address) as source:
        frames = iter(source)
        next(frames)
        camera.is_garbled = True
        Timer(0.3, setattr, (camera, "is_garbled", False)).start()
        last = next(frames)
        while camera.is_garbled or (last.time_s or 0) < 0.5:
            last = next(frames)
            # Taken as they come, or a newer one would hide what is wrong.
            assert min(abs(brightness(last) - grey(number)) for number in range(40)) < 1
    assert capfd.readouterr().err == ""


def test_sound_that_goes_on_without_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_video, "TIMEOUT_S", -1)
    path = save_sounding_video(tmp_path / "film.mkv")
    with av.open(str(path)) as container:
        frames = network_video._decoded_in_time(container, container.streams.video[0])
        with pytest.raises(TimeoutError):
            list(islice(frames, 5))


def test_what_never_can_be_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_video, "TIMEOUT_S", 0.5)
    with MjpegCamera() as camera:
        camera.is_garbled = True
        with (
            pytest.raises(CameraError, match=r"none could be shown for 0\.5 s"),
            open_video(camera.address),
        ):
            pass


@pytest.mark.usefixtures("pauses")
def test_what_can_be_shown_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_video, "TIMEOUT_S", 0.5)
    with MjpegCamera() as camera, open_video(camera.address, reconnect=True) as source:
        frames = iter(source)
        next(frames)
        camera.is_garbled = True
        wait_until(lambda: camera.visitors == 2)
        camera.is_garbled = False
        wait_until(lambda: next(frames).index > 0)


def test_a_stream_of_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_video, "find_video", lambda _: None)
    with (
        MjpegCamera() as camera,
        pytest.raises(CameraError, match="gives no pictures: check the address"),
        open_video(camera.address),
    ):
        pass


@pytest.mark.parametrize("name", ["film.avi", "film.mp4", "film.mkv"])
def test_a_file_on_a_web_server_has_an_end(tmp_path: Path, served: str, name: str) -> None:
    if name == "film.avi":
        save_video(tmp_path / name, range(40, 240, 10))
    else:
        encode_video(tmp_path / name)
    with open_video(f"{served}/{name}?key=secret") as source:
        assert not source.is_live
        assert (source.width, source.height) == (64, 48)
        assert source.frame_rate == Fraction(10)
        assert source.frame_count == 20
        assert source.sound_file is None
        frames = list(source)
    assert [frame.index for frame in frames] == list(range(20))
    assert [frame.time_s for frame in frames] == pytest.approx([n / 10 for n in range(20)])
    assert {frame.name for frame in frames} == {f"{served}/{name}?..."}


def test_the_sound_of_a_file_on_a_web_server_is_lost(tmp_path: Path, served: str) -> None:
    save_sounding_video(tmp_path / "film.mkv")
    with open_video(f"{served}/film.mkv") as source:
        assert source.has_lost_sound
        assert (source.sound_file, source.origin_s) == (None, None)


def test_pixels_that_are_not_square(tmp_path: Path, served: str) -> None:
    encode_video(tmp_path / "film.mkv", pixel_aspect=Fraction(64, 45))
    with open_video(f"{served}/film.mkv") as source:
        assert source.pixel_aspect == Fraction(64, 45)
        assert not source.has_lost_sound


def test_a_part_of_a_file_on_a_web_server(tmp_path: Path, served: str) -> None:
    encode_video(tmp_path / "film.mp4")
    with open_video(f"{served}/film.mp4", cut=Cut(1.5, 0.3, 2)) as source:
        assert [frame.index for frame in source] == [15, 17]


def test_a_web_server_that_cannot_search(tmp_path: Path, served: str) -> None:
    encode_video(tmp_path / "film.mkv", FILM * 5)
    with open_video(f"{served}/film.mkv", cut=Cut(start_s=9)) as source:
        assert [frame.index for frame in source] == list(range(90, 100))


def test_a_web_server_that_hangs_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = encode_video(tmp_path / "film.mkv", NOISE).read_bytes()
    with serving(whole(data, cut_after=len(data) // 2)) as server, open_video(server.url) as source:
        assert 3 < len(list(source)) < 15
    (record,) = caplog.records
    assert "is damaged after" in record.message


@pytest.mark.usefixtures("pauses")
def test_a_file_that_has_to_be_waited_for(tmp_path: Path) -> None:
    data = encode_video(tmp_path / "film.mkv").read_bytes()
    with (
        serving(status(503), whole(data)) as server,
        open_video(server.url, reconnect=True) as source,
    ):
        assert not source.is_live
        assert [frame.index for frame in source] == list(range(20))


def test_a_live_stream_has_none(tmp_path: Path, served: str) -> None:
    jpeg = cv2.imencode(".jpg", plain(120))[1].tobytes()
    (tmp_path / "live.mjpeg").write_bytes(jpeg * 5)
    with (
        open_video(f"{served}/live.mjpeg") as source,
        pytest.raises(CameraError, match="has stopped giving pictures"),
    ):
        list(source)


def test_sound_alone(tmp_path: Path, served: str) -> None:
    save_sounding_video(tmp_path / "sound.m4a", picture=False)
    with (
        pytest.raises(InputError, match=r"sound\.m4a holds sound, but no moving"),
        open_video(f"{served}/sound.m4a"),
    ):
        pass


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
@pytest.mark.parametrize("reconnect", [False, True])
def test_ctrl_c_while_nobody_answers(
    monkeypatch: pytest.MonkeyPatch, scheme: str, reconnect: bool
) -> None:
    monkeypatch.setattr(network_video, "TIMEOUT_S", 1.0)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        ctrl_c_after(0.3),
        open_video(f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/x", reconnect=reconnect),
    ):
        pass


def test_ctrl_c_while_a_web_server_stalls(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_video, "TIMEOUT_S", 1.0)
    data = encode_video(tmp_path / "film.mkv", NOISE * 5).read_bytes()
    released = threading.Event()
    with serving(stalling(data, len(data) // 2, released)) as server:
        with open_video(server.url) as source, ctrl_c_after(0.5):
            assert len(list(source)) < 100
        released.set()
    assert not caplog.records


def test_nobody_waits_for_a_web_server_that_stalls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_video, "TIMEOUT_S", 1.0)
    data = encode_video(tmp_path / "film.mkv", NOISE * 5).read_bytes()
    released = threading.Event()
    with serving(stalling(data, len(data) // 2, released)) as server:
        with open_video(server.url) as source:
            source.is_over = lambda: True
            assert len(list(source)) < 100
        released.set()


def test_nothing_there(served: str, capfd: pytest.CaptureFixture[str]) -> None:
    address = served.replace("://", "://user:secret@") + "/film.mp4?key=secret"
    with pytest.raises(CameraError) as caught, open_video(address):
        pass
    assert str(caught.value) == (
        f"{served}/film.mp4?... cannot be opened: check the address (Server returned 404 Not Found)"
    )
    assert capfd.readouterr().err == ""


def test_nobody_there(capfd: pytest.CaptureFixture[str]) -> None:
    with (
        pytest.raises(CameraError) as caught,
        open_video("rtsp://user:secret@127.0.0.1:9/stream"),
    ):
        pass
    assert str(caught.value) == (
        "rtsp://127.0.0.1:9/stream cannot be opened: check the address (Connection refused)"
    )
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://192.0.2.1:554/live", "rtsp://192.0.2.1:554/live"),
        ("rtsp://user:secret@192.0.2.1/live", "rtsp://192.0.2.1/live"),
        ("rtsp://user:sec@ret@192.0.2.1/live", "rtsp://192.0.2.1/live"),
        ("rtsp://user:sec/ret@192.0.2.1/live", "rtsp://192.0.2.1/live"),
        ("rtsp://user:sec?ret@192.0.2.1/live", "rtsp://..."),
        ("http://192.0.2.1/video?user=me&password=secret", "http://192.0.2.1/video?..."),
        ("http://user:secret@192.0.2.1/video?token=secret", "http://192.0.2.1/video?..."),
        ("http://192.0.2.1/video?user=me@example&password=secret", "http://..."),
    ],
)
def test_passwords_are_never_shown(address: str, shown: str) -> None:
    assert shown_address(address) == shown
