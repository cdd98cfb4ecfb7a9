import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from full_disk import files_limited_to
from sounding_videos import TONE_FROM_S, hear, save_sounding_video
from written_videos import FORMATS, NTSC, grey, greys_in, record, times_in, times_of

from age_pipeline import annotated_video, command_line
from age_pipeline.annotated_video import AnnotatedVideo, check_video_name
from age_pipeline.data import Image
from age_pipeline.errors import OutputError, UsageError
from age_pipeline.finished_video import pictures_in
from age_pipeline.video_encoder import VideoEncoder


def noise(index: int) -> Image:
    return np.random.default_rng(index).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("suffix", FORMATS)
def test_each_picture_has_its_time(tmp_path: Path, suffix: str) -> None:
    times = times_of(40, NTSC)

    path = record(tmp_path / f"out.{suffix}", times)

    assert times_in(path) == pytest.approx(times, abs=1e-6 if suffix != "mkv" else 6e-4)
    assert greys_in(path) == pytest.approx([index * 4 for index in range(40)], abs=2.5)
    assert cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FPS) == pytest.approx(30_000 / 1001)
    with av.open(str(path)) as video:
        assert video.streams.video[0].average_rate == NTSC
        assert video.duration == pytest.approx(40 * 1e6 / NTSC, abs=1000)
        assert video.streams.video[0].codec_context.name == "h264"
        assert video.streams.video[0].codec_context.pix_fmt == "yuv420p"
    assert names(tmp_path) == [f"out.{suffix}"]


@pytest.mark.parametrize("suffix", ["mp4", "mov"])
def test_a_browser_finds_the_index_first(tmp_path: Path, suffix: str) -> None:
    content = record(tmp_path / f"out.{suffix}", times_of(5, NTSC)).read_bytes()

    assert 0 < content.index(b"moov") < content.index(b"mdat")
    assert b"moof" not in content


@pytest.mark.parametrize(
    "rate", [Fraction(10), Fraction(25), Fraction(24_000, 1001), Fraction(60), Fraction(15, 2)]
)
def test_the_rate_stays_what_it_is(tmp_path: Path, rate: Fraction) -> None:
    path = record(tmp_path / "out.mp4", times_of(12, rate), rate)

    with av.open(str(path)) as video:
        assert video.streams.video[0].average_rate == rate


def test_uneven_times_are_kept_and_the_last_frame_lasts_as_long_as_most(tmp_path: Path) -> None:
    times = [0.0, 0.04, 0.052, 0.3, 1.0, 1.011]

    path = record(tmp_path / "out.mp4", times, Fraction(5_999_999, 1_000_000))

    assert times_in(path) == pytest.approx(times, abs=1e-5)
    with av.open(str(path)) as video:
        assert video.duration == pytest.approx(1e6 * (1.011 + 1 / 6), abs=1000)


def test_frames_of_a_camera_come_as_they_come(tmp_path: Path) -> None:
    times = [0.0, 0.1234, 0.5, 0.75]

    path = record(tmp_path / "out.mp4", times, None)

    assert times_in(path) == pytest.approx(times, abs=1e-5)
    with av.open(str(path)) as video:
        assert video.duration == pytest.approx(1.0e6, abs=1000)


@pytest.mark.parametrize(("seen", "told"), [(5, None), (5, Fraction(30)), (30, Fraction(5))])
def test_two_seconds_are_between_key_frames_whatever_rate_is_told(
    tmp_path: Path, seen: int, told: Fraction | None
) -> None:
    path = tmp_path / "out.mp4"
    with AnnotatedVideo(path, frame_rate=told) as video:
        for time_s in [*times_of(7 * seen, Fraction(seen)), 9.5]:
            video.write(grey(10), time_s)

    with av.open(str(path)) as written:
        times = [frame.time for frame in written.decode(video=0) if frame.key_frame]
    assert times == pytest.approx([0, 2, 4, 6, 9.5], abs=1e-3)


def test_the_video_begins_where_the_cut_does(tmp_path: Path) -> None:
    path = record(tmp_path / "out.mp4", times_of(5, NTSC, 10.02), sound_from_s=10.0)

    assert times_in(path) == pytest.approx(times_of(5, NTSC, 0.02), abs=1e-6)


def test_a_time_that_does_not_advance_costs_no_frame(tmp_path: Path) -> None:
    path = record(tmp_path / "out.mp4", [0.0, 0.5, 0.5, 0.4, 1.0])

    assert times_in(path) == pytest.approx([0, 0.5, 0.5, 0.5, 1.0], abs=2e-4)


@pytest.mark.parametrize(("width", "height"), [(63, 47), (64, 47), (63, 48), (1, 1)])
def test_odd_sizes_gain_a_column_or_a_row_that_repeats_the_last(
    tmp_path: Path, width: int, height: int
) -> None:
    path = tmp_path / "out.mp4"
    with AnnotatedVideo(path, frame_rate=NTSC) as video:
        video.write(grey(120, width, height), 0)

    ok, image = cv2.VideoCapture(str(path)).read()

    assert ok
    assert image.shape == (height + height % 2, width + width % 2, 3)
    assert np.abs(image.astype(int) - 120).max() <= 3


def test_colours_are_kept(tmp_path: Path) -> None:
    colours = [(30, 60, 200), (200, 80, 30), (40, 180, 60)]
    path = tmp_path / "out.mp4"
    with AnnotatedVideo(path, frame_rate=NTSC) as video:
        for index, colour in enumerate(colours):
            video.write(np.full((48, 64, 3), colour, np.uint8), index / 30)

    with av.open(str(path)) as video:
        # BT.601, and not the full range: large pictures are taken for BT.709 where nothing is said.
        assert (video.streams.video[0].colorspace, video.streams.video[0].color_range) == (6, 1)
    capture = cv2.VideoCapture(str(path))
    for colour in colours:
        _, image = capture.read()
        assert image.mean((0, 1)) == pytest.approx(colour, abs=4)


@pytest.mark.parametrize("aspect", [Fraction(64, 45), Fraction(8, 9), Fraction(1), None])
@pytest.mark.parametrize("suffix", FORMATS)
def test_pixels_are_shown_as_wide_as_they_are(
    tmp_path: Path, suffix: str, aspect: Fraction | None
) -> None:
    path = record(tmp_path / f"out.{suffix}", times_of(5, NTSC), pixel_aspect=aspect)

    with av.open(str(path)) as video:
        stream = video.streams.video[0]
        # Of the container, and of the pictures themselves.
        assert stream.sample_aspect_ratio == (aspect or 1)
        assert stream.codec_context.sample_aspect_ratio == (aspect or 1)


def test_a_picture_of_another_size_is_scaled(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with AnnotatedVideo(path, frame_rate=NTSC) as video:
        video.write(grey(40), 0)
        video.write(grey(80, 128, 96), 0.1)

    assert greys_in(path) == pytest.approx([40, 80], abs=2.5)


@pytest.mark.parametrize("name", ["out.avi", "out", "out.jpg", "/dev/full", "caf\udce9.gif"])
def test_other_containers_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"not written: use \.mp4, \.mov, \.mkv"):
        AnnotatedVideo(Path(name), frame_rate=NTSC)


def test_an_input_is_never_overwritten(tmp_path: Path) -> None:
    source = save_sounding_video(tmp_path / "in.mp4")
    (tmp_path / "link.mp4").symlink_to(source)
    before = source.read_bytes()

    with pytest.raises(UsageError, match="would overwrite an input"):
        check_video_name(str(tmp_path / "link.mp4"), [source])
    with pytest.raises(UsageError, match="would overwrite an input"):
        AnnotatedVideo(tmp_path / "link.mp4", frame_rate=NTSC, sound_file=source)

    assert source.read_bytes() == before
    check_video_name(str(tmp_path / "OUT.MP4"), [source])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing/out.mp4", r"missing/out\.mp4: its folder does not exist"),
        ("folder.mp4", "it is no file"),
        ("x" * 300 + ".mp4", "File name too long"),
        ("caf\udce9/out.mp4", r"caf\\xe9/out\.mp4"),
    ],
)
def test_a_file_that_cannot_be_opened_says_where(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "folder.mp4").mkdir()

    with pytest.raises(OutputError, match=message):
        AnnotatedVideo(tmp_path / name, frame_rate=NTSC)

    assert names(tmp_path) == ["folder.mp4"]


def test_a_name_that_ffmpeg_would_take_for_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    record(Path("http:caf\udce9%d.mp4"), times_of(5, NTSC))

    assert names(tmp_path) == ["http:caf\udce9%d.mp4"]


def test_it_appears_under_its_name_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    path.write_bytes(b"earlier")
    (tmp_path / "link.mp4").symlink_to(path)

    with AnnotatedVideo(tmp_path / "link.mp4", frame_rate=NTSC) as video:
        video.write(grey(10), 0)
        assert path.read_bytes() == b"earlier"
        assert names(tmp_path) == ["link.mp4", "out.mp4", "out.mp4.part"]

    assert len(times_in(path)) == 1
    assert names(tmp_path) == ["link.mp4", "out.mp4"]
    assert (tmp_path / "link.mp4").is_symlink()
    video.close()
    with pytest.raises(ValueError, match=r"link\.mp4 is closed"):
        video.write(grey(10), 1)


def test_without_a_picture_an_earlier_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    path.write_bytes(b"earlier")

    record(path, [])

    assert path.read_bytes() == b"earlier"
    assert names(tmp_path) == ["out.mp4"]


def test_what_is_no_picture_is_refused_at_once(tmp_path: Path) -> None:
    with AnnotatedVideo(tmp_path / "out.mp4", frame_rate=NTSC) as video:
        with pytest.raises(TypeError):
            video.write(np.zeros((4, 4, 3)), 0)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="shape"):
            video.write(np.zeros((4, 4), np.uint8), 0)


def test_a_picture_too_large_for_any_video(tmp_path: Path) -> None:
    video = AnnotatedVideo(tmp_path / "out.mp4", frame_rate=NTSC)
    video.write(grey(0, 17_000, 2), 0)

    with pytest.raises(OutputError, match="17000 x 2 pixels"):
        video.close()

    assert names(tmp_path) == []


def test_an_interrupted_run_leaves_a_whole_video(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"

    def interrupted() -> None:
        with AnnotatedVideo(path, frame_rate=NTSC) as video:
            for time_s in times_of(20, NTSC):
                video.write(grey(10), time_s)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert len(times_in(path)) == 20
    assert names(tmp_path) == ["out.mp4"]


# Writes until it is stopped, as a program of ours; each number is one picture more.
ENDLESS = """
import sys
from itertools import count
from pathlib import Path
import numpy as np
from age_pipeline import command_line
from age_pipeline.annotated_video import AnnotatedVideo
def program():
    with AnnotatedVideo(Path(sys.argv[1]), frame_rate=None) as video:
        for index in count():
            image = np.random.default_rng(index).integers(0, 256, (48, 64, 3), dtype=np.uint8)
            video.write(image, index / 30)
            print(index, flush=True)
sys.exit(command_line.run(program, "endless"))
"""


def stop_in_the_middle(path: Path, number: signal.Signals) -> tuple[int, int, str]:
    """Run ENDLESS, stop it after more than 100 pictures; exit code, pictures written, stderr."""
    process = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(command_line.__file__).parents[1],
    )
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) == 100:
            process.send_signal(number)
            break
    # Not by communicate(): it would miss what has been read ahead.
    written = 101 + len(process.stdout.read().splitlines())
    _, talk = process.communicate()
    return process.returncode, written, talk


@pytest.mark.parametrize(
    ("suffix", "number", "code"),
    [("mp4", signal.SIGINT, 130), ("mkv", signal.SIGTERM, 143)],
    ids=["ctrl-c", "sigterm"],
)
def test_a_stopped_program_leaves_a_whole_video(
    tmp_path: Path, suffix: str, number: signal.Signals, code: int
) -> None:
    path = tmp_path / f"out.{suffix}"

    found, written, talk = stop_in_the_middle(path, number)

    assert found == code
    assert "error" not in talk
    assert "Traceback" not in talk
    # The last picture may have been handed over, but not been told of.
    assert len(times_in(path)) in (written, written + 1)
    assert len(greys_in(path)) >= written
    assert names(tmp_path) == [f"out.{suffix}"]


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_after_a_kill_the_part_plays_up_to_its_last_seconds(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"out.{suffix}"

    code, _, _ = stop_in_the_middle(path, signal.SIGKILL)

    assert code == -signal.SIGKILL
    part = tmp_path / f"out.{suffix}.part"
    assert names(tmp_path) == [part.name]
    # 100 pictures are three seconds; one second and what the encoder looks ahead may be lost.
    assert pictures_in(part)[0] >= 30
    assert len(greys_in(part)) >= 30


@pytest.mark.parametrize(
    ("codec", "sound_from_s"), [("aac", 0), ("aac", 10), ("ac3", 10)], ids=["ends", "late", "new"]
)
@pytest.mark.parametrize("suffix", FORMATS)
def test_the_part_plays_where_sound_has_ended_or_not_begun(
    tmp_path: Path, suffix: str, codec: str, sound_from_s: int
) -> None:
    source = save_sounding_video(tmp_path / "in.mkv", codec, picture_from_s=-sound_from_s)
    path = tmp_path / f"out.{suffix}"

    with AnnotatedVideo(path, frame_rate=Fraction(5), sound_file=source) as video:
        for index in range(65):
            video.write(noise(index), index / 5)
            if index == 45:
                # Nine seconds; the encoder looks ahead, and one second more may be lost.
                assert pictures_in(tmp_path / f"out.{suffix}.part")[0] >= 20

    assert pictures_in(path)[0] == 65
    assert hear(path).tone_from_s == pytest.approx(sound_from_s + TONE_FROM_S, abs=0.06)


def test_a_full_disk_is_an_error_that_tells_of_what_plays(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    path.write_bytes(b"earlier")
    link = tmp_path / "link.mp4"
    link.symlink_to(path)

    def fill() -> None:
        with AnnotatedVideo(link, frame_rate=Fraction(10)) as video:
            for index in range(500):
                video.write(noise(index), index / 10)

    message = (
        r"link\.mp4 \(File too large\): choose another place; .*out\.mp4\.part plays for \d\.\d s$"
    )
    with files_limited_to(60_000), pytest.raises(OutputError, match=message):
        fill()

    assert path.read_bytes() == b"earlier"
    assert names(tmp_path) == ["link.mp4", "out.mp4", "out.mp4.part"]
    assert len(greys_in(tmp_path / "out.mp4.part")) > 10


def test_a_disk_that_fills_at_the_very_end_is_seen_as_well(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"

    def fill() -> None:
        with AnnotatedVideo(path, frame_rate=Fraction(10)) as video:
            for index in range(10):
                video.write(noise(index), index / 10)

    with files_limited_to(300), pytest.raises(OutputError, match=r"0 of its 10 .* disk full\?$"):
        fill()

    assert names(tmp_path) == []


def test_where_only_the_copy_has_no_room_the_video_is_whole_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    (tmp_path / "out.mp4.whole.part").symlink_to("/dev/full")

    record(path, times_of(20, NTSC))

    assert times_in(path) == pytest.approx(times_of(20, NTSC), abs=1e-6)
    assert names(tmp_path) == ["out.mp4"]


def test_a_copy_that_lacks_a_picture_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = record(tmp_path / "other.mp4", times_of(19, NTSC))

    def copy(_: Path, target: Path, __: str) -> None:
        target.write_bytes(other.read_bytes())

    monkeypatch.setattr(annotated_video, "remux_faststart", copy)

    path = record(tmp_path / "out.mp4", times_of(20, NTSC))

    assert len(times_in(path)) == 20
    assert names(tmp_path) == ["other.mp4", "out.mp4"]


def test_a_video_that_lacks_a_picture_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = VideoEncoder.add

    def forgetful(self: VideoEncoder, image: Image, time_s: float) -> None:
        add(self, image, time_s)
        self.frames += 1

    monkeypatch.setattr(VideoEncoder, "add", forgetful)

    with pytest.raises(OutputError, match="5 of its 10 pictures can be read again"):
        record(tmp_path / "out.mkv", times_of(5, NTSC))

    assert names(tmp_path) == ["out.mkv.part"]


def test_writing_waits_when_the_file_falls_behind(tmp_path: Path) -> None:
    longest = 0

    class Watched(AnnotatedVideo):
        def write(self, image: Image, time_s: float) -> None:
            nonlocal longest
            super().write(image, time_s)
            longest = max(longest, len(self._pending))

    with Watched(tmp_path / "out.mp4", frame_rate=NTSC) as video:
        for time_s in times_of(60, NTSC):
            video.write(grey(10), time_s)

    assert longest == annotated_video._WAITING
    assert len(times_in(tmp_path / "out.mp4")) == 60


def test_nothing_is_said_on_stderr(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source = save_sounding_video(tmp_path / "in.mkv", "libopus")
    capfd.readouterr()

    record(tmp_path / "out.mp4", times_of(20, NTSC), sound_file=source)

    assert capfd.readouterr() == ("", "")
