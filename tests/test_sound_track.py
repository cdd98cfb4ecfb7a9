from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
import pytest
from sounding_videos import TONE_FROM_S, hear, save_sounding_video
from written_videos import FORMATS, NTSC, record, times_in, times_of

from age_pipeline import sound_track


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_sound_goes_along(tmp_path: Path, suffix: str) -> None:
    source = save_sounding_video(tmp_path / "in.mp4")

    path = record(
        tmp_path / f"out.{suffix}", times_of(50, Fraction(25)), Fraction(25), sound_file=source
    )

    heard = hear(path)
    assert heard.codec == "aac"
    assert heard.from_s == pytest.approx(0, abs=0.03)
    assert heard.until_s == pytest.approx(2, abs=0.05)
    assert heard.tone_from_s == pytest.approx(TONE_FROM_S, abs=0.03)
    assert times_in(path) == pytest.approx(times_of(50, Fraction(25)), abs=6e-4)


def test_sound_that_can_be_copied_is_not_encoded_anew(tmp_path: Path) -> None:
    source = save_sounding_video(tmp_path / "in.mp4")

    path = record(tmp_path / "out.mp4", times_of(50, Fraction(25)), sound_file=source)

    with av.open(str(source)) as before, av.open(str(path)) as after:
        packets = [[bytes(p) for p in video.demux(audio=0) if p.size] for video in (before, after)]
    assert len(packets[0]) > 90
    assert packets[0] == packets[1]


@pytest.mark.parametrize(
    ("name", "codec", "becomes"),
    [
        ("in.mkv", "libmp3lame", "mp3"),
        ("in.mkv", "libopus", "opus"),
        ("in.mkv", "flac", "flac"),
        ("in.avi", "pcm_s16le", "aac"),
        ("in.mp4", "ac3", "aac"),
        ("in.ts", "aac", "aac"),
    ],
)
def test_sound_becomes_what_browsers_play(
    tmp_path: Path, name: str, codec: str, becomes: str
) -> None:
    source = save_sounding_video(tmp_path / name, codec)

    path = record(tmp_path / "out.mp4", times_of(50, Fraction(25)), Fraction(25), sound_file=source)

    heard = hear(path)
    assert heard.codec == becomes
    assert heard.from_s == pytest.approx(0, abs=0.03)
    assert heard.until_s == pytest.approx(2, abs=0.06)
    assert heard.tone_from_s == pytest.approx(TONE_FROM_S, abs=0.04)


def test_sound_at_a_rate_that_aac_does_not_have(tmp_path: Path) -> None:
    source = save_sounding_video(tmp_path / "in.avi", "pcm_s16le", rate=18_900)

    path = record(tmp_path / "out.mp4", times_of(50, Fraction(25)), sound_file=source)

    assert hear(path).tone_from_s == pytest.approx(TONE_FROM_S, abs=0.04)


def test_sound_that_goes_from_stereo_to_surround_and_on_after_a_gap(tmp_path: Path) -> None:
    parts = [
        save_sounding_video(tmp_path / f"{from_s}.ts", "ac3", layout=layout, from_s=from_s)
        for layout, from_s in (("stereo", 10), ("5.1", 12), ("stereo", 15))
    ]
    source = tmp_path / "broadcast.ts"
    source.write_bytes(b"".join(part.read_bytes() for part in parts))

    path = record(tmp_path / "out.mp4", times_of(56, Fraction(8)), Fraction(8), sound_file=source)

    heard = hear(path)
    assert heard.tones == [
        pytest.approx((from_s, from_s + 1), abs=0.06) for from_s in (1.0, 3.0, 6.0)
    ]
    assert heard.until_s == pytest.approx(7, abs=0.06)


@pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
@pytest.mark.parametrize("suffix", FORMATS)
def test_the_sound_is_cut_with_the_picture(tmp_path: Path, codec: str, suffix: str) -> None:
    source = save_sounding_video(tmp_path / "in.mov", codec)

    path = record(
        tmp_path / f"out.{suffix}",
        times_of(20, Fraction(25), 0.6),
        Fraction(25),
        sound_file=source,
        sound_from_s=0.6,
        sound_until_s=1.4,
    )

    heard = hear(path)
    # FFmpeg 9 tells in Matroska that a decoder's first packet, 21 ms of AAC, is not to be heard.
    assert heard.from_s == pytest.approx(0, abs=0.045)
    assert heard.until_s == pytest.approx(0.8, abs=0.05)
    assert heard.tone_from_s == pytest.approx(TONE_FROM_S - 0.6, abs=0.03)
    assert times_in(path)[0] == 0


def test_sound_ends_with_the_pictures_of_a_run_that_was_ended_early(tmp_path: Path) -> None:
    source = save_sounding_video(tmp_path / "in.mp4")

    path = record(tmp_path / "out.mp4", times_of(20, Fraction(25)), Fraction(25), sound_file=source)

    assert hear(path).until_s == pytest.approx(0.8, abs=0.05)


def test_sound_may_be_longer_than_the_pictures_by_less_than_a_second(tmp_path: Path) -> None:
    source = save_sounding_video(tmp_path / "in.mp4")

    path = record(tmp_path / "out.mp4", times_of(30, Fraction(25)), Fraction(25), sound_file=source)

    assert hear(path).until_s == pytest.approx(2, abs=0.05)


def test_a_source_without_sound_gives_a_video_without(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    silent = record(tmp_path / "silent.mp4", times_of(5, NTSC))

    path = record(tmp_path / "out.mp4", times_of(5, NTSC), sound_file=silent)

    with av.open(str(path)) as video:
        assert not video.streams.audio
    assert not caplog.records


def test_a_cut_behind_the_end_of_the_sound_has_none(tmp_path: Path) -> None:
    for name, codec in (("in.mp4", "aac"), ("in.avi", "pcm_s16le")):
        source = save_sounding_video(tmp_path / name, codec)
        path = record(
            tmp_path / "out.mp4", times_of(5, NTSC, 50), sound_file=source, sound_from_s=50
        )
        assert len(times_in(path)) == 5


def test_sound_may_come_from_a_file_without_pictures(tmp_path: Path) -> None:
    source = save_sounding_video(tmp_path / "in.m4a", picture=False)

    path = record(tmp_path / "out.mp4", times_of(50, Fraction(25)), sound_file=source)

    assert hear(path).tone_from_s == pytest.approx(TONE_FROM_S, abs=0.03)


def test_sound_that_cannot_be_read_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "broken\udce9.mp4"
    broken.write_bytes(b"no video" * 100)

    path = record(tmp_path / "out.mp4", times_of(5, NTSC), sound_file=broken)

    assert len(times_in(path)) == 5
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "broken\\xe9.mp4: its sound cannot be read (Invalid data" in caplog.text


def test_spoilt_packets_are_a_gap(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = save_sounding_video(tmp_path / "in.mkv", "ac3")
    # Each packet of this codec, 32 ms, begins with these two bytes; it cannot be decoded without.
    packets = source.read_bytes().split(b"\x0b\x77")
    gap = b"\0\0".join(packets[41:46])
    source.write_bytes(b"\x0b\x77".join([*packets[:41], gap, *packets[46:]]))

    path = record(tmp_path / "out.mp4", times_of(50, Fraction(25)), Fraction(25), sound_file=source)

    heard = hear(path)
    assert heard.tones == [pytest.approx((1, 1.31), abs=0.06), pytest.approx((1.44, 2), abs=0.06)]
    assert not caplog.records


def test_sound_of_which_nothing_can_be_decoded_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = save_sounding_video(tmp_path / "in.mkv", "ac3")
    source.write_bytes(source.read_bytes().replace(b"\x0b\x77", b"\0\0"))

    path = record(tmp_path / "out.mp4", times_of(5, NTSC), sound_file=source)

    assert len(times_in(path)) == 5
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "in.mkv: its sound cannot be read (Invalid data" in caplog.text


def test_sound_that_breaks_off_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def breaking_off(source: av.container.InputContainer) -> "Iterator[av.Packet[av.AudioStream]]":
        yield from islice(source.demux(source.streams.audio[0]), 20)
        raise av.error.InvalidDataError(1, "read error")

    with av.open(str(save_sounding_video(tmp_path / "in.mp4"))) as source:
        track = sound_track.SoundTrack(source, breaking_off(source))

        assert len(list(track.before(2))) == 20

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "in.mp4: its sound breaks off (read error): the video goes on without it" in caplog.text


def test_a_title_of_the_sound_in_an_old_encoding(tmp_path: Path) -> None:
    source = save_sounding_video(tmp_path / "in.mp4")
    data = source.read_bytes()
    assert b"SoundHandler" in data
    source.write_bytes(data.replace(b"SoundHandler", "schöne Töne!".encode("latin-1")))

    path = record(tmp_path / "out.mp4", times_of(50, Fraction(25)), sound_file=source)

    assert hear(path).tone_from_s == pytest.approx(TONE_FROM_S, abs=0.03)


def test_the_sound_of_a_file_with_an_odd_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = save_sounding_video(tmp_path / "in.mp4").rename("a:b.mp4")

    path = record(tmp_path / "out.mp4", times_of(50, Fraction(25)), sound_file=Path(source.name))

    assert hear(path).tone_from_s == pytest.approx(TONE_FROM_S, abs=0.03)


def test_sound_counts_from_the_first_picture(tmp_path: Path) -> None:
    source = save_sounding_video(tmp_path / "in.mkv", picture_from_s=0.4)

    for start_s in (0.0, 0.2):
        path = record(
            tmp_path / "out.mp4",
            times_of(20, Fraction(25), start_s),
            sound_file=source,
            sound_from_s=start_s,
        )
        assert hear(path).tone_from_s == pytest.approx(TONE_FROM_S - 0.4 - start_s, abs=0.03)


def test_sound_counts_from_the_first_picture_that_can_be_decoded(tmp_path: Path) -> None:
    source = save_sounding_video(tmp_path / "in.ts", "ac3", from_s=10)

    for start_s in (0.0, 0.2):
        path = record(
            tmp_path / "out.mp4",
            times_of(30, Fraction(25), start_s),
            Fraction(25),
            sound_file=source,
            sound_from_s=start_s,
            sound_origin_s=Fraction(104, 10),
        )
        assert hear(path).tone_from_s == pytest.approx(TONE_FROM_S - 0.4 - start_s, abs=0.04)


def test_the_sound_is_in_step_with_the_pictures(tmp_path: Path) -> None:
    source = save_sounding_video(tmp_path / "in.mp4")
    path = record(tmp_path / "out.mkv", times_of(50, Fraction(25)), sound_file=source)

    last_s = {"video": 0.0, "audio": 0.0}
    with av.open(str(path)) as video:
        for packet in video.demux():
            if packet.pts is not None:
                last_s[packet.stream.type] = float(packet.pts * packet.time_base)
                assert abs(last_s["video"] - last_s["audio"]) < 0.2


@pytest.mark.parametrize("codec", ["aac", "ac3", "mp2"])
@pytest.mark.parametrize("suffix", FORMATS)
def test_the_sound_of_joined_recordings(tmp_path: Path, codec: str, suffix: str) -> None:
    source = save_sounding_video(tmp_path / "in.ts", codec)
    source.write_bytes(2 * source.read_bytes())

    path = record(
        tmp_path / f"out.{suffix}", times_of(60, Fraction(15)), Fraction(15), sound_file=source
    )

    assert hear(path).tones == [pytest.approx((1, 2), abs=0.06), pytest.approx((3, 4), abs=0.06)]


def test_sound_that_tells_no_time_is_left_out() -> None:
    packet: Any = av.Packet(b"sound")
    packet.pts = packet.dts = 1

    assert list(sound_track._cut([packet], Fraction(0), 0.0, None)) == []


def test_sound_that_steps_back_in_time_is_left_out_until_it_goes_on() -> None:
    pieces = []
    for number in (0, 1, 2, 1, 2, 3):
        piece = av.AudioFrame("flt", "mono", 10)
        piece.pts, piece.dts, piece.time_base = number, number, Fraction(1)
        pieces.append(piece)

    kept = sound_track._cut(pieces, Fraction(0), 0.0, None)

    assert [piece.pts for piece in kept] == [0, 1, 2, 3]
