from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from age_pipeline.errors import CameraError, InputError
from age_pipeline.frame_folder import FrameFolder
from age_pipeline.live_source import LiveSource
from age_pipeline.network_video import NetworkVideo
from age_pipeline.video_file import VideoFile
from age_pipeline.video_source import Cut, Moment, local_name, open_video


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("0", LiveSource),
        ("12", LiveSource),
        ("/dev/video3", LiveSource),
        ("./0", VideoFile),
        ("-1", VideoFile),
        ("-", VideoFile),
        ("", VideoFile),
        ("²", VideoFile),
        ("٣", VideoFile),
        ("a\0b", VideoFile),
        ("film.mp4", VideoFile),
        ("99999999999999999999", VideoFile),
        ("rtsp://192.0.2.1/stream", NetworkVideo),
        ("https://192.0.2.1/film.mp4", NetworkVideo),
        (".", FrameFolder),
        ("file:///film.mp4", VideoFile),
        ("file:.", VideoFile),
        ("file://frames/%2504d.png", FrameFolder),
        ("frames/%04d.png", FrameFolder),
        ("100%.mp4", VideoFile),
        ("there%d.mp4", VideoFile),
    ],
)
def test_what_a_name_stands_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, kind: type
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there%d.mp4").touch()
    assert type(open_video(source)) is kind


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("file:///films/a%20b%25.mp4", "/films/a b%.mp4"),
        ("FILE:///film.mp4", "/film.mp4"),
        ("file://localhost/film.mp4", "/film.mp4"),
        ("file://film.mp4", "film.mp4"),
        ("file:film.mp4", "file:film.mp4"),
        ("a%20b.mp4", "a%20b.mp4"),
    ],
)
def test_the_address_of_a_file(source: str, name: str) -> None:
    assert local_name(source) == name
    assert open_video(source).name == name


def test_a_camera_is_called_by_its_number() -> None:
    assert open_video("3").name == open_video("/dev/video03").name == "camera 3"


@pytest.mark.parametrize("source", ["-1", "99999999999999999999", "", "a\0b", "-"])
def test_odd_names_of_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught, open_video(source):
        pass
    assert caught.value.kind == "missing"


def test_a_pattern_of_the_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught, open_video("frames/*.png"):
        pass
    assert caught.value.kind == "missing"
    assert str(caught.value) == (
        "frames/*.png does not exist; pictures are their folder, or like frames/%04d.png"
    )


def test_a_camera_that_no_machine_has(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CameraError, match="camera 999999999 gives no pictures"):
        open_video("999999999").__enter__()
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"start_s": -1.0},
        {"start_s": math.inf},
        {"start_s": math.nan},
        {"duration_s": 0.0},
        {"duration_s": math.nan},
        {"duration_s": math.inf},
        {"every": 0},
    ],
)
def test_a_cut_that_cannot_be(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Cut(**wrong)  # type: ignore[arg-type]


RATE = Fraction(30000, 1001)
FILM = [Moment(index, float(index / RATE), None) for index in range(60)]


def taken(cut: Cut) -> list[int]:
    return [moment.index for moment in cut.taken_from(FILM)]


def test_the_whole_film() -> None:
    assert taken(Cut()) == list(range(60))


@pytest.mark.parametrize(
    ("cut", "indices"),
    [
        (Cut(every=25), [0, 25, 50]),
        (Cut(start_s=1.9352), [58, 59]),
        (Cut(start_s=1.935), [58, 59]),
        (Cut(start_s=1.9367), [59]),
        (Cut(duration_s=0.1), [0, 1, 2]),
        (Cut(start_s=1.001, duration_s=0.1001), [30, 31, 32]),
        (Cut(start_s=1.001, duration_s=0.2, every=4), [30, 34]),
        (Cut(start_s=3), []),
    ],
)
def test_parts_of_it(cut: Cut, indices: list[int]) -> None:
    assert taken(cut) == indices


def test_nothing_is_read_beyond_the_end() -> None:
    film = iter(FILM)
    assert len(list(Cut(duration_s=1.001).taken_from(film))) == 30
    assert next(film).index == 31


def test_of_pictures_that_came_by_chance_every_third_is_at_least_three_on() -> None:
    came = [FILM[index] for index in (0, 2, 5, 6, 7, 8, 20)]
    assert [moment.index for moment in Cut(every=3).taken_from(came)] == [0, 5, 8, 20]


@pytest.mark.parametrize(
    ("cut", "count"),
    [
        (Cut(0.28), 1),
        (Cut(0.04), 7),
        (Cut(0.04, 0.12), 3),
        (Cut(0.32), 0),
        (Cut(1e9), 0),
        (Cut(1e308, 1e308), 0),
        (Cut(0.04, 1e9, 2), 4),
        (Cut(0.04, 1e308), 7),
    ],
)
def test_how_many_of_eight_at_25_a_second(cut: Cut, count: int) -> None:
    moments = [Moment(index, index / 25, None) for index in range(8)]
    assert cut.count(8, Fraction(25)) == count
    assert len(list(cut.taken_from(moments))) == count


@given(
    cut=st.builds(
        Cut,
        st.floats(0, 2.5),
        st.none() | st.floats(0.01, 3),
        st.integers(1, 70),
    )
)
def test_a_film_has_as_many_frames_as_foretold(cut: Cut) -> None:
    # One more or less where a border falls upon a picture.
    assert cut.count(len(FILM), RATE) == pytest.approx(len(taken(cut)), abs=1)
