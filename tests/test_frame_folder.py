from __future__ import annotations

import logging
from fractions import Fraction
from pathlib import Path

import cv2
import pytest
from video_files import plain

from age_pipeline.errors import InputError
from age_pipeline.frame_folder import FrameFolder, is_pattern
from age_pipeline.video_source import Cut


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`frames` in the folder where the program is started: 12 pictures, numbered with gaps."""
    monkeypatch.chdir(tmp_path)
    frames = tmp_path / "frames"
    frames.mkdir()
    for number in range(12):
        save(frames / f"{number * 5:04d}.png", 10 * number)
    (frames / "notes.txt").write_text("no picture")
    return frames


def save(path: Path, grey: int, size: tuple[int, int] = (64, 48)) -> None:
    assert cv2.imwrite(str(path), plain(grey, size))


def greys(source: FrameFolder) -> list[int]:
    return [int(frame.image[24, 32, 0]) for frame in source]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ["frames", "./frames/", "frames/%04d.png"])
def test_pictures_as_a_video(name: str) -> None:
    with FrameFolder(name) as source:
        assert (source.name, source.is_live, source.sound_file) == (name, False, None)
        assert (source.width, source.height) == (64, 48)
        assert (source.frame_rate, source.frame_count) == (Fraction(25), 12)
        frames = list(source)
    assert [frame.index for frame in frames] == list(range(12))
    assert [frame.time_s for frame in frames] == [number / 25 for number in range(12)]
    assert [int(frame.image[0, 0, 0]) for frame in frames] == list(range(0, 120, 10))
    assert {frame.name for frame in frames} == {name}


@pytest.mark.usefixtures("folder")
def test_a_part_of_them() -> None:
    with FrameFolder("frames", cut=Cut(0.1, 0.28, 3)) as source:
        assert source.frame_rate == Fraction(25, 3)
        assert source.frame_count == 3
        frames = list(source)
    assert [frame.index for frame in frames] == [3, 6, 9]


@pytest.mark.usefixtures("folder")
def test_the_last_of_them() -> None:
    with FrameFolder("frames", cut=Cut(0.28, 0.01)) as source:
        assert [frame.index for frame in source] == [7]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("cut", "message"),
    [
        (Cut(3), "after 3 s: start earlier"),
        (Cut(1e9), "after 1e+09 s: start earlier"),
        (Cut(0.01, 0.01), "between 0.01 and 0.02 s: start earlier, or take more"),
    ],
)
def test_none_of_them(cut: Cut, message: str) -> None:
    with pytest.raises(InputError) as caught, FrameFolder("frames", cut=cut):
        pass
    assert str(caught.value) == f"frames has no picture {message}"
    assert caught.value.kind == "no_input"


def test_they_are_read_only_when_they_are_wanted(folder: Path) -> None:
    (folder / "0000.png").write_bytes(b"damaged")
    with FrameFolder("frames", cut=Cut(start_s=0.04, every=11)) as source:
        assert greys(source) == [10]


def test_a_damaged_picture_leaves_its_place_empty(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "0000.png").write_bytes(b"")
    (folder / "0010.png").write_bytes((folder / "0010.png").read_bytes()[:-40])
    with FrameFolder("frames") as source:
        indices = [frame.index for frame in source]
    assert indices == [1, *range(3, 12)]
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
    first, second = [record.message for record in caplog.records]
    assert first == "frames/0000.png is empty: it has no bytes"
    assert second.startswith("frames/0010.png is damaged (PNG): ")


def test_nothing_but_damaged_pictures(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    for path in folder.iterdir():
        path.write_bytes(b"")
    with pytest.raises(InputError, match="none of its pictures"), FrameFolder("frames"):
        pass
    assert len(caplog.records) == 12


def test_other_sizes_are_shown_in_that_of_the_first(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save(folder / "0005.png", 200, (30, 48))
    with caplog.at_level("INFO", "detect_age"), FrameFolder("frames") as source:
        frames = list(source)
    assert len([each for each in caplog.messages if "64 x 48" in each]) == 1
    assert {(frame.width, frame.height) for frame in frames} == {(64, 48)}
    assert (frames[1].image == 200).mean() == pytest.approx(30 / 64)


def test_pictures_made_for_another_pattern_are_left_out(folder: Path) -> None:
    for name in ("7.png", "00007.png", "a0007.png", "0007.ages.png", "-007.png", "٠٠٠٧.png"):
        save(folder / name, 255)
    save(folder / "10000.png", 240)
    with FrameFolder("frames/%04d.png") as source:
        assert greys(source) == [*range(0, 120, 10), 240]


def test_a_folder_may_be_named_like_a_pattern(tmp_path: Path) -> None:
    folder = tmp_path / "take%d"
    folder.mkdir()
    save(folder / "a.png", 5)
    with FrameFolder(str(folder)) as source:
        assert greys(source) == [5]


def test_plain_numbers_count_by_their_value(tmp_path: Path) -> None:
    for number in (2, 10, 9):
        save(tmp_path / f"100%_{number}.png", number)
    save(tmp_path / "100%_03.png", 3)
    with FrameFolder(f"{tmp_path}/100%_%d.png") as source:
        assert greys(source) == [2, 9, 10]


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("empty", "no_input", "empty holds no picture, by the names of its files"),
        ("%04d.png", "no_input", "%04d.png is no file and, as a pattern, matches none"),
        ("gone/%04d.png", "missing", "gone does not exist; check the name"),
    ],
)
def test_no_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty" / "below").mkdir(parents=True)
    save(tmp_path / "empty" / "below" / "1.png", 5)
    with pytest.raises(InputError) as caught, FrameFolder(name):
        pass
    assert (caught.value.kind, str(caught.value)) == (kind, message)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("%d.png", True),
        ("a/%06d", True),
        ("%d/a.png", False),
        ("%d-%d.png", False),
        ("%0d.png", False),
        ("%4d.png", False),
        ("%s.png", False),
        ("a.png", False),
        ("", False),
    ],
)
def test_patterns(name: str, expected: bool) -> None:
    assert is_pattern(name) is expected
