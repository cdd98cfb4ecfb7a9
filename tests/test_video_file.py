from __future__ import annotations

import logging
import os
import struct
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from sounding_videos import save_sounding_video
from video_files import FILM, NOISE, cut_off, encode_video, plain, save_video

from age_pipeline.data import Image
from age_pipeline.errors import InputError
from age_pipeline.pictures import MAX_PIXELS
from age_pipeline.video_decoder import VideoDecoder
from age_pipeline.video_file import VideoFile
from age_pipeline.video_source import Cut

FORMATS = ["film.mp4", "film.mov", "film.mkv", "film.ts"]
NTSC = Fraction(30000, 1001)


@pytest.fixture(autouse=True)
def nothing_on_stderr(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """FFmpeg says much of odd files."""
    yield
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", FORMATS)
def test_every_frame_at_its_time(tmp_path: Path, name: str) -> None:
    path = str(encode_video(tmp_path / name, frame_rate=NTSC))
    with VideoFile(path) as source:
        assert (source.name, source.is_live, source.sound_file) == (path, False, None)
        assert (source.width, source.height) == (64, 48)
        assert source.frame_rate == NTSC
        assert source.frame_count == 20
        frames = list(source)
    assert [frame.index for frame in frames] == list(range(20))
    # Matroska counts in whole milliseconds.
    times_s = [float(index / NTSC) for index in range(20)]
    assert [frame.time_s for frame in frames] == pytest.approx(times_s, abs=6e-4)
    if name != "film.mkv":
        assert [frame.time_s for frame in frames] == times_s
    assert {frame.name for frame in frames} == {path}
    for frame, shown in zip(frames, FILM, strict=True):
        assert frame.image.mean() == pytest.approx(shown.mean(), abs=4)


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv"])
def test_a_variable_rate(tmp_path: Path, name: str) -> None:
    times = [0, 40, 80, 500, 510, 1300, 1340]
    path = encode_video(tmp_path / name, FILM[:7], frame_rate=25, times=times)
    with VideoFile(str(path)) as source:
        assert [round((frame.time_s or 0) * 1000) for frame in source] == times


def test_times_count_from_the_first_picture(tmp_path: Path) -> None:
    path = encode_video(tmp_path / "a.mkv", FILM[:3], times=[5000, 5100, 5300])
    with VideoFile(str(path)) as source:
        assert [frame.time_s for frame in source] == pytest.approx([0, 0.1, 0.3])


def test_a_file_without_times(tmp_path: Path) -> None:
    path = encode_video(tmp_path / "film.h264", FILM * 2)
    with VideoFile(str(path)) as source:
        frames = list(source)
        assert (source.frame_count, source.origin_s) == (None, None)
    assert [frame.time_s for frame in frames] == pytest.approx([n / 25 for n in range(40)])
    with VideoFile(str(path), cut=Cut(start_s=1.4)) as source:
        assert [frame.index for frame in source] == [35, 36, 37, 38, 39]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "cut", [Cut(1.5, 0.35, 2), Cut(start_s=1.5), Cut(duration_s=0.4), Cut(0.3)]
)
def test_a_part_is_what_the_whole_has_there(tmp_path: Path, name: str, cut: Cut) -> None:
    path = encode_video(tmp_path / name)
    with VideoFile(str(path)) as source:
        whole = list(source)
    with VideoFile(str(path), cut=cut) as source:
        part = list(source)
        assert source.frame_rate == Fraction(10, cut.every)
        assert source.frame_count == len(part)
    end_s = cut.start_s + (cut.duration_s or 100)
    wanted = [each for each in whole if cut.start_s <= (each.time_s or 0) + 1e-6 < end_s]
    wanted = wanted[:: cut.every]
    assert len(wanted) > 1
    assert [each.index for each in part] == [each.index for each in wanted]
    assert [each.time_s for each in part] == [each.time_s for each in wanted]
    for one, other in zip(part, wanted, strict=True):
        np.testing.assert_array_equal(one.image, other.image)


def test_a_part_far_in_is_searched_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encode_video(tmp_path / "film.mp4", FILM * 5)
    decoded = []
    decode = VideoDecoder._decode

    def count(decoder: VideoDecoder, packet: av.Packet[Any]) -> list[av.VideoFrame]:
        decoded.append(packet.pts)
        return decode(decoder, packet)

    monkeypatch.setattr(VideoDecoder, "_decode", count)
    with VideoFile(str(path), cut=Cut(start_s=9)) as source:
        assert [frame.index for frame in source] == list(range(90, 100))
    assert len(decoded) < 50


def test_a_part_of_what_cannot_be_searched(tmp_path: Path) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise av.FFmpegError(1, "refused")

    path = encode_video(tmp_path / "film.mp4")
    with av.open(str(path)) as container:

        class Unsearchable:
            streams, format, duration = container.streams, container.format, container.duration
            demux, seek = container.demux, staticmethod(refuse)

            def __enter__(self) -> Unsearchable:
                return self

            def __exit__(self, *_: object) -> None:
                pass

        unsearchable: Any = Unsearchable()
        with VideoFile("film.mp4", cut=Cut(start_s=1.5), opened=unsearchable) as source:
            assert [frame.index for frame in source] == [15, 16, 17, 18, 19]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("start_s", [9.0, 1e9, 1e15, 1e300])
def test_a_start_beyond_the_end(tmp_path: Path, name: str, start_s: float) -> None:
    path = encode_video(tmp_path / name)
    with (
        pytest.raises(InputError, match=r" has no picture after .* s: start earlier") as caught,
        VideoFile(str(path), cut=Cut(start_s)),
    ):
        pass
    assert caught.value.kind == "no_input"


def test_a_part_without_a_picture(tmp_path: Path) -> None:
    path = encode_video(tmp_path / "film.mp4")
    with (
        pytest.raises(InputError, match=r"no picture between 0\.01 and 0\.02 s"),
        VideoFile(str(path), cut=Cut(0.01, 0.01)),
    ):
        pass


@pytest.mark.parametrize("duration_s", [1e9, 1e308])
def test_longer_than_it_is(tmp_path: Path, duration_s: float) -> None:
    path = encode_video(tmp_path / "film.mp4")
    with VideoFile(str(path), cut=Cut(0.5, duration_s)) as source:
        assert source.frame_count == 15
        assert [frame.index for frame in source] == list(range(5, 20))


def test_leaving_early(tmp_path: Path) -> None:
    path = encode_video(tmp_path / "film.mp4", FILM * 5)
    for count in (0, 1, 3):
        with VideoFile(str(path)) as source:
            frames = iter(source)
            assert [next(frames).index for _ in range(count)] == list(range(count))


def test_only_who_reads_it_closes_it(tmp_path: Path) -> None:
    # A second Ctrl-C ends the waiting for the thread, which must not lose its file.
    closed_in = []
    path = encode_video(tmp_path / "film.mp4")
    with av.open(str(path)) as container:

        class Watched:
            streams, format, duration = container.streams, container.format, container.duration
            demux = container.demux

            def __enter__(self) -> Watched:
                return self

            def __exit__(self, *_: object) -> None:
                closed_in.append(threading.current_thread().name)

        watched: Any = Watched()
        with VideoFile("film.mp4", opened=watched) as source:
            next(iter(source))
    (thread,) = closed_in
    assert thread.startswith("film.mp4")


QUARTERS = plain(0)
QUARTERS[:24, :32], QUARTERS[:24, 32:], QUARTERS[24:, :32], QUARTERS[24:, 32:] = 30, 90, 150, 230


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        # ISO 14496-12, 6.2.2: [a b c d], without the moves.
        ((1, 0, 0, 1), QUARTERS),
        ((0, 1, -1, 0), np.rot90(QUARTERS, -1)),
        ((-1, 0, 0, -1), np.rot90(QUARTERS, 2)),
        ((0, -1, 1, 0), np.rot90(QUARTERS, 1)),
        ((-1, 0, 0, 1), np.fliplr(QUARTERS)),
        ((1, 0, 0, -1), np.flipud(QUARTERS)),
        ((0, 1, 1, 0), QUARTERS.transpose(1, 0, 2)),
        ((0, -1, -1, 0), np.rot90(QUARTERS, 2).transpose(1, 0, 2)),
    ],
)
def test_turned_as_the_file_says(
    tmp_path: Path, matrix: tuple[int, int, int, int], expected: Image
) -> None:
    path = encode_video(tmp_path / "film.mp4", [QUARTERS] * 3)
    turn(path, matrix)
    with VideoFile(str(path)) as source:
        frames = list(source)
        assert (source.height, source.width) == expected.shape[:2]
    for frame in frames:
        assert frame.image.flags.c_contiguous
        np.testing.assert_allclose(middles(frame.image), middles(expected), atol=4)


@pytest.mark.parametrize("name", FORMATS)
def test_pixels_that_are_not_square(tmp_path: Path, name: str) -> None:
    path = encode_video(tmp_path / name, pixel_aspect=Fraction(64, 45))
    with VideoFile(str(path)) as source:
        assert source.pixel_aspect == Fraction(64, 45)
        assert (source.width, source.height) == (64, 48)


def test_square_pixels(tmp_path: Path) -> None:
    for name, told in (("a.mp4", 1), ("b.mp4", 0)):
        path = encode_video(tmp_path / name, pixel_aspect=told)
        with VideoFile(str(path)) as source:
            assert source.pixel_aspect is None


def test_pixels_are_turned_with_their_picture(tmp_path: Path) -> None:
    path = encode_video(tmp_path / "film.mp4", pixel_aspect=Fraction(64, 45))
    turn(path, (0, 1, -1, 0))
    with VideoFile(str(path)) as source:
        assert source.pixel_aspect == Fraction(45, 64)


def middles(image: Image) -> Image:
    """The pixels in the middle of each quarter."""
    height, width = image.shape[:2]
    return image[height // 4 :: height // 2, width // 4 :: width // 2]


def turn(path: Path, matrix: tuple[int, int, int, int]) -> None:
    """Write another matrix into an MP4 (ISO 14496-12, 8.3.2: the track header, version 0)."""
    data = bytearray(path.read_bytes())
    start = data.index(b"tkhd") + 4 + 4 + 20 + 16
    a, b, c, d = (value * 65536 for value in matrix)
    data[start : start + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("name", "codec", "pixels", "size"),
    [
        ("odd.mkv", "ffv1", "yuv420p", (65, 49)),
        ("odd.avi", "mjpeg", "yuvj444p", (33, 17)),
        ("ten_bits.mkv", "ffv1", "yuv420p10le", (64, 48)),
        ("sixteen_bits.mkv", "ffv1", "gray16le", (64, 48)),
        ("grey.mkv", "ffv1", "gray", (64, 48)),
        ("alpha.mkv", "ffv1", "bgra", (64, 48)),
        ("tiny.mkv", "ffv1", "bgr0", (1, 1)),
    ],
)
def test_any_pixels(
    tmp_path: Path, name: str, codec: str, pixels: str, size: tuple[int, int]
) -> None:
    film = [plain(grey, size) for grey in (0, 255, 0)]
    path = encode_video(tmp_path / name, film, codec=codec, pixels=pixels)
    with VideoFile(str(path)) as source:
        frames = list(source)
    for frame, shown in zip(frames, film, strict=True):
        assert frame.image.dtype == np.uint8
        np.testing.assert_allclose(frame.image, shown, atol=3)


def test_colours(tmp_path: Path) -> None:
    film = [np.full((48, 64, 3), (200, 100, 30), np.uint8)] * 3
    path = encode_video(tmp_path / "film.mp4", film)
    with VideoFile(str(path)) as source:
        for frame in source:
            np.testing.assert_allclose(frame.image[24, 32], (200, 100, 30), atol=5)


def test_a_size_that_changes(tmp_path: Path) -> None:
    parts = [
        encode_video(tmp_path / "a.ts"),
        encode_video(tmp_path / "b.ts", [plain(200, (64, 96))] * 5),
    ]
    path = tmp_path / "joined.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    with VideoFile(str(path)) as source:
        frames = list(source)
    assert {(frame.width, frame.height) for frame in frames} == {(64, 48)}
    assert (frames[-1].image < 20).mean() == pytest.approx(0.5, abs=0.05)
    # A picture may be lost where one ends without the other's knowing.
    steps_s = np.diff([frame.time_s or 0 for frame in frames])
    assert set(np.round(steps_s, 3)) <= {0.1, 0.2}
    assert len(frames) >= 24


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("film.mp4", {"movflags": "faststart"}),
        ("film.mp4", {"movflags": "frag_keyframe+empty_moov"}),
        ("film.mkv", {}),
        ("film.ts", {}),
    ],
)
def test_what_a_truncated_file_still_has(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, options: dict[str, str]
) -> None:
    path = cut_off(encode_video(tmp_path / name, NOISE, options=options))
    with VideoFile(str(path)) as source:
        indices = [frame.index for frame in source]
    assert indices == list(range(len(indices)))
    assert 8 <= len(indices) <= 14
    # Where only the last picture is spoilt, FFmpeg's threads may give it before they know.
    assert len(caplog.records) == 1 or (name == "film.ts" and not caplog.records)
    for record in caplog.records:
        assert record.levelno == logging.ERROR
        assert record.message.startswith(f"{path} is damaged after ")


def test_no_whole_picture_of_a_truncated_file_is_lost(tmp_path: Path) -> None:
    path = encode_video(tmp_path / "film.mp4", NOISE, options={"movflags": "faststart"})
    with av.open(str(path)) as container:
        ends = [(packet.pos or 0) + packet.size for packet in container.demux() if packet.size]
    size = cut_off(path).stat().st_size
    with VideoFile(str(path)) as source:
        assert len(list(source)) == sum(end <= size for end in ends)


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv"])
def test_a_damaged_place_costs_what_is_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    path = encode_video(tmp_path / name, NOISE)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    path.write_bytes(data)
    with VideoFile(str(path)) as source:
        frames = list(source)
    assert 14 <= len(frames) < 20
    assert frames[-1].time_s == pytest.approx(1.9, abs=0.01)
    (record,) = caplog.records
    assert record.message.startswith(f"{path} is damaged after ")


@pytest.mark.parametrize(
    ("content", "kind", "message"),
    [
        (b"", "empty", "is empty: it has no bytes"),
        (b"no video\n" * 100, "damaged", ": no video can be read from it"),
        (b"\0\0\0\x18ftypmp42", "damaged", ": no video can be read from it"),
    ],
)
def test_a_file_that_is_no_video(tmp_path: Path, content: bytes, kind: str, message: str) -> None:
    path = tmp_path / "film.avi"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught, VideoFile(str(path)):
        pass
    assert caught.value.kind == kind
    assert str(caught.value).startswith(f"{path}{'' if message[0] == ':' else ' '}{message}")


def test_a_video_without_its_index(tmp_path: Path) -> None:
    path = cut_off(encode_video(tmp_path / "film.mp4"))
    with pytest.raises(InputError, match="is it complete") as caught, VideoFile(str(path)):
        pass
    assert caught.value.kind == "damaged"


def test_a_video_without_a_picture(tmp_path: Path) -> None:
    path = encode_video(tmp_path / "film.mkv", FILM[:1])
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"\x1f\x43\xb6\x75")])  # where the pictures begin
    with pytest.raises(InputError, match="no video can be read") as caught, VideoFile(str(path)):
        pass
    assert caught.value.kind == "damaged"


def test_a_video_that_ends_before_its_pictures(tmp_path: Path) -> None:
    path = save_video(tmp_path / "film.avi")
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"movi") + 4])
    with pytest.raises(InputError, match="no video can be read") as caught, VideoFile(str(path)):
        pass
    assert caught.value.kind == "damaged"


def test_pictures_that_nobody_can_decode(tmp_path: Path) -> None:
    path = encode_video(tmp_path / "film.mp4")
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzzz").replace(b"avcC", b"zzzC"))
    with pytest.raises(InputError, match="FFmpeg cannot decode") as caught, VideoFile(str(path)):
        pass
    assert caught.value.kind == "unsupported"


def test_a_rate_that_only_the_times_tell(tmp_path: Path) -> None:
    path = encode_video(tmp_path / "film.ivf", codec="libvpx")
    with VideoFile(str(path)) as source:
        assert source.frame_rate == Fraction(10)
        assert source.frame_count == 20
        assert [frame.time_s for frame in source] == pytest.approx([n / 10 for n in range(20)])


def test_sound_alone(tmp_path: Path) -> None:
    path = save_sounding_video(tmp_path / "sound.m4a", picture=False)
    with (
        pytest.raises(InputError, match="holds sound, but no moving") as caught,
        VideoFile(str(path)),
    ):
        pass
    assert caught.value.kind == "not_an_image"


def test_sound_with_a_cover(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp3"
    with av.open(str(path), "w") as output:
        sound = output.add_stream("libmp3lame", rate=44100)
        cover = output.add_stream("mjpeg")
        assert isinstance(sound, av.AudioStream)
        assert isinstance(cover, av.VideoStream)
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        output.mux(cover.encode(av.VideoFrame.from_ndarray(plain(90), format="bgr24")))
        output.mux(cover.encode(None))
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 44100), np.int16), layout="mono")
        silence.sample_rate = 44100
        output.mux(sound.encode(silence))
        output.mux(sound.encode(None))
    with pytest.raises(InputError, match="holds sound, but no moving"), VideoFile(str(path)):
        pass


def test_the_sound_that_belongs_to_it(tmp_path: Path) -> None:
    path = save_sounding_video(tmp_path / "film.mp4")
    with VideoFile(str(path)) as source:
        assert (source.sound_file, source.has_lost_sound) == (path, False)
        assert source.origin_s == 0
        assert len(list(source)) == 50


@pytest.mark.parametrize("start_s", [0.0, 1.5])
def test_when_the_pictures_begin_beside_the_sound(tmp_path: Path, start_s: float) -> None:
    path = save_sounding_video(tmp_path / "film.mkv", picture_from_s=0.4)
    with VideoFile(str(path), cut=Cut(start_s)) as source:
        assert source.origin_s == Fraction(2, 5)
        assert next(iter(source)).time_s == pytest.approx(start_s, abs=0.03)


def test_a_text_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("to be read\n" * 50)
    with pytest.raises(InputError, match="is a text, not a video") as caught, VideoFile(str(path)):
        pass
    assert caught.value.kind == "not_an_image"


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_a_picture_is_no_video(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    cv2.imwrite(str(path), plain(90))
    with pytest.raises(InputError, match=r"detect_age\.py reads pictures") as caught:
        VideoFile(str(path)).__enter__()
    assert caught.value.kind == "unsupported"


def test_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("age_pipeline.video_file.MAX_PIXELS", 64 * 48 - 1)
    path = encode_video(tmp_path / "film.mp4")
    with pytest.raises(InputError, match="64 x 48 pixels, more than") as caught:
        VideoFile(str(path)).__enter__()
    assert caught.value.kind == "too_large"
    assert MAX_PIXELS > 7680 * 4320


@pytest.mark.parametrize(
    ("name", "kind"), [("gone.avi", "missing"), (".", "not_a_file"), ("pipe.avi", "not_a_file")]
)
def test_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: str) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.avi")
    with pytest.raises(InputError) as caught, VideoFile(name):
        pass
    assert caught.value.kind == kind


@pytest.mark.parametrize("name", ["-1", "a:b%d.mp4", "pipe:1", "http:", b"\xff.mp4", "a b?.mp4"])
def test_odd_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str | bytes) -> None:
    monkeypatch.chdir(tmp_path)
    save_video(tmp_path / "film.avi").rename(os.fsdecode(name))
    with VideoFile(os.fsdecode(name)) as source:
        assert len(list(source)) == 5
