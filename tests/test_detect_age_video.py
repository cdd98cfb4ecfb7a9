from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import cv2
import numpy as np
import pytest
from fakes import FACE, FakeAges, FakeFaces, bell
from video_files import save_video
from virtual_screen import MISSING, VirtualScreen

import age_detector
import detect_age_video
import face_detector
from age_pipeline.data import Box, Face, Image
from age_pipeline.errors import WindowError
from age_pipeline.labels import age_line

FAKED = Path(__file__).parent / "detect_age_video_with_fakes.py"

AGES = [bell(30), bell(60)]
FACES = [FACE, Face(Box(30, 6, 40, 20), confidence=0.5)]

Run = Callable[..., tuple[int, str, str]]


class Loads:
    """What each `load` was called with."""

    def __init__(self) -> None:
        self.faces: list[dict[str, Any]] = []
        self.ages: list[tuple[str | None, Path | None, str]] = []

    def load_faces(self, name: str, folder: Path | None, **options: Any) -> FakeFaces:
        self.faces.append({"name": name, "folder": folder, **options})
        return FakeFaces(FACES)

    def load_ages(self, name: str | None, folder: Path | None, *, engine: str) -> FakeAges:
        self.ages.append((name, folder, engine))
        return FakeAges(AGES)


class FakeWindow:
    """A window without a screen.

    Attributes:
        shown: The pictures that were shown in the latest one.
        ends_after: How many pictures its user looks at.
        is_open: Whether it is.
    """

    shown: list[Image]
    ends_after = 1000
    is_open = False

    def __init__(self, title: str, instead: str) -> None:
        assert title
        assert instead
        FakeWindow.shown = []
        self.ended = False

    def __enter__(self) -> Self:
        FakeWindow.is_open = True
        return self

    def __exit__(self, *_: object) -> None:
        FakeWindow.is_open = False

    def entitle(self, title: str) -> None:
        assert title

    def show(self, image: Image, wait_s: float | None = None) -> str | None:
        assert wait_s is not None
        assert not self.ended
        FakeWindow.shown.append(image)
        self.ended = len(FakeWindow.shown) == self.ends_after
        return "q" if self.ended else None


class NoWindow(FakeWindow):
    def __enter__(self) -> Self:
        raise WindowError("no window can be opened: no screen")


@pytest.fixture(autouse=True)
def loads(monkeypatch: pytest.MonkeyPatch) -> Loads:
    loads = Loads()
    monkeypatch.setattr(face_detector, "load", loads.load_faces)
    monkeypatch.setattr(age_detector, "load", loads.load_ages)
    return loads


@pytest.fixture(autouse=True)
def no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("age_pipeline.window.Window", NoWindow)


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> type[FakeWindow]:
    monkeypatch.setattr("age_pipeline.window.Window", FakeWindow)
    monkeypatch.setattr(FakeWindow, "ends_after", 1000)
    return FakeWindow


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the program is started: `film.avi` has three frames, the second of them black."""
    monkeypatch.chdir(tmp_path)
    save_video(tmp_path / "film.avi", [120, 0, 120], frame_rate=5)
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the program in `folder`: exit code, stdout, stderr."""
    assert folder.is_dir()

    def run(*argv: str) -> tuple[int, str, str]:
        code = detect_age_video.main(argv)
        return code, *capsys.readouterr()

    return run


def test_a_line_for_each_person(run: Run) -> None:
    code, out, err = run("--source", "film.avi", "--no-show")
    assert code == 0
    assert out.splitlines() == [
        f"0.000 s  person {number}: {age_line(age)}" for number, age in enumerate(AGES, start=1)
    ]
    assert err == "detect_age_video: ages by fake-ages (ages.bin)\n"


def test_the_report_is_what_was_asked_for(run: Run) -> None:
    _, out, _ = run("--source", "film.avi", "--interval", "0.5", "--at-least", "18", "--quiet")
    assert out.splitlines()[0] == f"0.000 s  person 1: {age_line(AGES[0], 0.5, 18)}"


def test_the_models_are_what_was_asked_for(run: Run, loads: Loads) -> None:
    run("--source", "film.avi")
    models = ["-f", ".", "-a", ".", "-c", "0.2", "--age-model", "levi-hassner"]
    run("--source", "film.avi", *models, "--engine", "onnxruntime")
    first, second = loads.faces
    always = {"name": "ssd", "looks": "single"}
    assert first == {"folder": None, "min_confidence": 0.3, "engine": "opencv", **always}
    assert second == {"folder": Path(), "min_confidence": 0.2, "engine": "onnxruntime", **always}
    assert loads.ages == [(None, None, "opencv"), ("levi-hassner", Path(), "onnxruntime")]


@pytest.mark.parametrize("argv", [["--face", "face_detector", "--age", "age_detector"], []])
def test_the_originals_command_reads_the_first_camera(
    run: Run, monkeypatch: pytest.MonkeyPatch, screen: type[FakeWindow], argv: list[str]
) -> None:
    numbers = []

    class FakeCamera:
        def __init__(self, number: int) -> None:
            numbers.append(number)

        def read(self) -> tuple[bool, Image]:
            time.sleep(0.002)
            return True, np.full((48, 64, 3), 120, np.uint8)

        def release(self) -> None:
            numbers.append(-1)

    monkeypatch.setattr(cv2, "VideoCapture", FakeCamera)
    screen.ends_after = 1
    code, _, err = run(*argv)
    assert numbers == [0, -1]
    assert (code, len(screen.shown)) == (0, 1)
    assert "error" not in err


def test_people_are_drawn_in_the_window(run: Run, screen: type[FakeWindow]) -> None:
    assert run("--source", "film.avi")[0] == 0
    assert [np.ptp(image) > 100 for image in screen.shown] == [True, False, True]
    assert not screen.is_open


def test_q_ends_it(run: Run, screen: type[FakeWindow]) -> None:
    screen.ends_after = 2
    code, out, _ = run("--source", "film.avi", "--show")
    assert code == 0
    assert len(screen.shown) == 2
    assert "0.200" not in out


@pytest.mark.parametrize("show", [[], ["--show"]])
def test_without_a_screen_there_are_the_lines(run: Run, show: list[str]) -> None:
    code, out, err = run("--source", "film.avi", *show)
    assert code == 0
    assert len(out.splitlines()) == 2
    assert err.splitlines()[-1] == "detect_age_video: no window can be opened: no screen"


def test_no_window_where_none_is_wanted(run: Run, screen: type[FakeWindow]) -> None:
    screen.shown = []
    run("--source", "film.avi", "--no-show")
    assert screen.shown == []


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("63", "camera 63 gives no pictures: is it plugged in, and does nobody else use it?"),
        ("gone.mp4", "gone.mp4 does not exist; check the name"),
        ("rtsp://127.0.0.1:9/x", "rtsp://127.0.0.1:9/x cannot be opened: check the address"),
    ],
)
def test_a_source_that_is_not_there_is_one_line(folder: Path, source: str, complaint: str) -> None:
    done = run_faked(folder, "--source", source, "--no-show")
    assert done.returncode == 1
    assert done.stdout == ""
    first, error = done.stderr.splitlines()
    assert first == "detect_age_video: ages by fake-ages (ages.bin)"
    assert error.startswith(f"detect_age_video: error: {complaint}")


def test_wrong_options(run: Run) -> None:
    code, out, err = run("--sauce", "film.avi")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1


def test_no_standard_output(
    run: Run, monkeypatch: pytest.MonkeyPatch, screen: type[FakeWindow]
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    code, _, err = run("--source", "film.avi")
    assert (code, len(screen.shown)) == (0, 3)
    assert "error" not in err


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "DISPLAY"}


def run_faked(folder: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, FAKED, *argv],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture(scope="module")
def long_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20,000 frames with a person each."""
    return save_video(tmp_path_factory.mktemp("long") / "film.avi", [120] * 20_000, size=(32, 32))


def start(film: Path, *argv: str, **changes: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, FAKED, "--source", film, *argv],
        env={**environment(), **changes},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_ctrl_c(long_film: Path) -> None:
    with start(long_film, "--no-show") as program:
        assert program.stdout is not None
        assert program.stdout.readline().startswith("0.000 s  person 1: (")
        program.send_signal(signal.SIGINT)
        _, complaints = program.communicate(timeout=30)
    assert program.returncode == 130
    assert complaints.splitlines()[1:] == ["detect_age_video: stopped; what was finished is kept"]


def test_a_reader_that_has_gone(long_film: Path) -> None:
    with start(long_film, "--no-show") as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.readline()
        program.stdout.close()
        complaints = program.stderr.read()
        assert program.wait(30) == 0
    assert complaints.count("\n") == 1


@pytest.fixture(scope="module")
def real_screen() -> Iterator[VirtualScreen]:
    if MISSING:
        pytest.skip(f"a real window needs {' and '.join(MISSING)}")
    with VirtualScreen() as virtual_screen:
        yield virtual_screen


@pytest.mark.parametrize("how", ["q", "Escape", "close"])
def test_a_real_window_is_ended(real_screen: VirtualScreen, long_film: Path, how: str) -> None:
    with start(long_film, DISPLAY=real_screen.environment["DISPLAY"]) as program:
        assert program.stdout is not None
        assert program.stdout.readline()
        number = real_screen.find("detect_age_video.*")
        if how == "close":
            real_screen.close(number)
        else:
            real_screen.press(number, how)
        out, complaints = program.communicate(timeout=30)
    assert program.returncode == 0
    assert len(out.splitlines()) < 1000, "it ended because it was asked to"
    assert complaints == "detect_age_video: ages by fake-ages (ages.bin)\n"
