"""What detect_age_video.py writes, whole files at a time, with fake stages."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from fakes import FakeAges, FakeFaces
from sounding_videos import FRAME_RATE, TONE_FROM_S, hear, save_sounding_video
from video_files import save_video
from written_videos import times_in

import age_detector
import detect_age_video
import face_detector

FAKED = Path(__file__).parent / "detect_age_video_with_fakes.py"

EVERYTHING = (
    "--output=out.mp4",
    "--json=frames.jsonl",
    "--people=people.csv",
    "--best-faces=faces",
)


@pytest.fixture
def faces(monkeypatch: pytest.MonkeyPatch) -> FakeFaces:
    faces = FakeFaces()
    monkeypatch.setattr(face_detector, "load", lambda *_, **__: faces)
    monkeypatch.setattr(age_detector, "load", lambda *_, **__: FakeAges())
    return faces


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the program is started: film.mp4 has two seconds of brighter and brighter grey."""
    monkeypatch.chdir(tmp_path)
    save_sounding_video(tmp_path / "film.mp4")
    return tmp_path


def run(*argv: str) -> int:
    return detect_age_video.main(["--source", "film.mp4", "--quiet", *argv])


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.usefixtures("faces")
def test_all_outputs_of_a_part_of_a_film(folder: Path) -> None:
    assert run(*EVERYTHING, "--start=0.4", "--duration=1.2", "--every=2") == 0

    header, *frames = lines(folder / "frames.jsonl")
    assert (header["width"], header["height"], header["frame_rate"]) == (64, 48, FRAME_RATE / 2)
    assert [each["frame"] for each in frames] == list(range(10, 40, 2))
    assert [each["time_s"] for each in frames] == [n / FRAME_RATE for n in range(10, 40, 2)]
    assert {each["track"] for frame in frames for each in frame["people"]} == {1}

    assert times_in(folder / "out.mp4") == pytest.approx([n / 12.5 for n in range(15)])
    with av.open(str(folder / "out.mp4")) as video:
        pictures = [each.to_ndarray(format="bgr24") for each in video.decode(video=0)]
    assert all(picture.shape == (48, 64, 3) for picture in pictures)
    assert all(int(np.ptp(picture)) > 100 for picture in pictures), "people are drawn"
    heard = hear(folder / "out.mp4")
    assert heard.tone_from_s == pytest.approx(TONE_FROM_S - 0.4, abs=0.03)
    assert heard.until_s == pytest.approx(1.2, abs=0.05)

    (person,) = csv.DictReader((folder / "people.csv").read_text().splitlines())
    assert (person["track"], person["frames"], person["first_s"]) == ("1", "15", "0.4")
    assert [each.name for each in (folder / "faces").iterdir()] == ["person-001.jpg"]
    assert not list(folder.rglob("*.part"))


@pytest.mark.parametrize(("pace", "looks"), [("1", 8), ("4", 2), ("auto", 2)])
def test_how_often_faces_are_looked_for(
    folder: Path, faces: FakeFaces, pace: str, looks: int
) -> None:
    texture = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    (folder / "frames").mkdir()
    for number in range(8):
        cv2.imwrite(str(folder / "frames" / f"{number}.png"), texture)
    assert run("--source=frames", "--no-show", f"--detect-every={pace}") == 0
    assert len(faces.seen) == looks


def test_all_outputs_of_a_stopped_run(folder: Path) -> None:
    save_video(folder / "long.avi", [120] * 20_000, size=(32, 32))
    argv = ["--source", "long.avi", *EVERYTHING, "--json=-", "--detect-every=1"]
    with subprocess.Popen(
        [sys.executable, str(FAKED), *argv],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        first = [program.stdout.readline() for _ in range(20)]
        program.send_signal(signal.SIGINT)
        told, complaints = "".join(first) + program.stdout.read(), program.stderr.read()
    assert program.returncode == 130
    assert complaints.splitlines()[-1].endswith("stopped; what was finished is kept")
    assert told.endswith("}\n")
    assert [json.loads(line)["frame"] for line in told.splitlines()[1:]][-1] >= 18
    assert len(times_in(folder / "out.mp4")) >= 18
    assert len((folder / "people.csv").read_text().splitlines()) == 2
    assert [each.name for each in (folder / "faces").iterdir()] == ["person-001.jpg"]
    assert not list(folder.rglob("*.part"))


@pytest.mark.usefixtures("faces")
def test_an_output_that_does_not_open_leaves_nothing_of_the_others(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(folder.iterdir())
    assert run("--json=a.json", "--people=p.csv", "--output=nowhere/out.mp4") == 1
    assert "nowhere/out.mp4: its folder does not exist" in capsys.readouterr().err
    assert sorted(folder.iterdir()) == before


@pytest.mark.usefixtures("faces")
@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (["--start", "inf"], "expected seconds, 0 to 1e9"),
        (["--duration", "1e308"], "expected seconds, above 0 to 1e9"),
        (["--duration", "0"], "expected seconds, above 0 to 1e9"),
        (["--output", "film.mp4"], "would overwrite an input"),
        (["--source", "file://film.mp4", "--output", "film.mp4"], "would overwrite an input"),
        (["--json", "a", "--people", "a"], "cannot both go to a"),
        (["--people", "a.txt"], "not written: use .csv or .json"),
        (["--source", "frames", "--best-faces", "frames/."], "is read: name another folder"),
        (["--source", "frames/person-%03d.jpg", "--best-faces", "frames"], "is read"),
    ],
)
def test_what_is_refused_before_any_work(
    folder: Path, capsys: pytest.CaptureFixture[str], argv: list[str], complaint: str
) -> None:
    (folder / "frames").mkdir()
    assert run(*argv) == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.usefixtures("faces")
@pytest.mark.parametrize("when", ["1e9", "2.5"])
def test_nothing_is_left_so_late(
    folder: Path, capsys: pytest.CaptureFixture[str], when: str
) -> None:
    assert folder.is_dir()
    assert run("--start", when) == 1
    assert "no picture after" in capsys.readouterr().err


@pytest.mark.usefixtures("folder", "faces")
@pytest.mark.parametrize("asked", [True, False])
def test_reconnecting_is_asked_for(monkeypatch: pytest.MonkeyPatch, asked: bool) -> None:
    from age_pipeline import video_source

    opened = video_source.open_video
    reconnects = []

    def remember(source: str, **options: Any) -> object:
        reconnects.append(options["reconnect"])
        return opened(source, **options)

    monkeypatch.setattr(video_source, "open_video", remember)
    assert run(*(["--reconnect"] if asked else []), "--no-show") == 0
    assert reconnects == [asked]
