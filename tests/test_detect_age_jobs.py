"""detect_age.py with several pictures at once: the same in every byte, and the same manners."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from fakes import FakeAges, FakeFaces, bell
from installed_engines import EACH_ENGINE
from PIL import Image as PillowImage

import age_detector
import detect_age
import face_detector
from age_pipeline.data import Face, Image
from age_pipeline.in_order import is_working
from age_pipeline.network_engines import Engine

ROOT = Path(__file__).parent.parent

log = logging.getLogger("detect_age")


class Loaded:
    """What was loaded, and with how many threads of OpenCV's.

    Attributes:
        detectors: Every face detector that was made.
        threads: How many threads OpenCV had when each was made.
    """

    def __init__(self) -> None:
        self.detectors: list[FakeFaces] = []
        self.threads: list[int] = []
        self.make: Callable[[], FakeFaces] = FakeFaces

    def faces(self, *_: object, **__: object) -> FakeFaces:
        log.warning("faces.bin is not the known file")
        self.threads.append(cv2.getNumThreads())
        self.detectors.append(self.make())
        return self.detectors[-1]


@pytest.fixture(autouse=True)
def loaded(monkeypatch: pytest.MonkeyPatch) -> Loaded:
    loaded = Loaded()
    monkeypatch.setattr(face_detector, "load", loaded.faces)
    monkeypatch.setattr(age_detector, "load", lambda *_, **__: FakeAges([bell(30), bell(60)]))
    monkeypatch.setattr("age_pipeline.cores.usable_cores", lambda: 4)
    return loaded


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the program is started; `photos` has pictures of many sizes, and what is none."""
    monkeypatch.chdir(tmp_path)
    photos = tmp_path / "photos"
    (photos / "sub").mkdir(parents=True)
    random = np.random.default_rng(0)
    for number in range(24):
        height, width = (int(side) for side in random.integers(30, 90, 2))
        pixels = random.integers(0, 256, (height, width, 3), np.uint8)
        if number % 7 == 5:
            pixels[:] = 0
        place = photos / "sub" if number % 3 else photos
        suffix = ("png", "jpg", "webp", "gif")[number % 4]
        PillowImage.fromarray(pixels).save(place / f"{number % 5}{number}.{suffix}")
    (photos / "3.jpg").write_bytes(b"no picture")
    (photos / "sub" / "1.png").touch()
    return tmp_path


def run(*argv: object) -> int:
    return detect_age.main(["--files-from", "list", *(str(each) for each in argv)])


def jobs_running() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith("job ")]


@pytest.mark.parametrize("jobs", [2, 4, 30])
def test_more_jobs_change_no_byte(
    folder: Path, capfd: pytest.CaptureFixture[str], jobs: int
) -> None:
    (folder / "list").write_text("photos\ngone.png\nphotos/3.jpg\nphotos\n")
    talk = []
    files = []
    for count in (1, jobs):
        assert run(
            *("--jobs", count, "--recursive", "--json", "a.json", "--csv", "a.csv"),
            *("--output", f"out{count}"),
        )
        talk.append(capfd.readouterr())
        written = [*sorted((folder / f"out{count}").rglob("*.*")), folder / "a.json"]
        written.append(folder / "a.csv")
        files.append([(each.name, each.read_bytes()) for each in written])

    assert talk[0] == talk[1]
    assert files[0] == files[1]
    assert len(files[0]) == 2 * 24 + 2
    assert talk[0].err.count(" error: ") == 6
    assert jobs_running() == []


@pytest.mark.parametrize(
    ("jobs", "pictures", "threads"),
    [([], 1, 4), ([], 2, 2), ([], 9, 1), (["--jobs", 1], 9, 4), (["--jobs", 9], 9, 1)],
)
def test_the_cores_are_shared_out(
    folder: Path, loaded: Loaded, jobs: list[object], pictures: int, threads: int
) -> None:
    before = cv2.getNumThreads()
    names = sorted(str(path) for path in (folder / "photos").rglob("*.webp"))
    (folder / "list").write_text("\n".join((names * 9)[:pictures]))

    assert run(*jobs) == 0

    assert set(loaded.threads) == {threads}
    assert cv2.getNumThreads() == before


def test_a_bug_keeps_its_traceback_and_ends_the_program(folder: Path, loaded: Loaded) -> None:
    class Broken(FakeFaces):
        def detect(self, image: Image) -> list[Face]:
            if image[0, 0, 0] == 7:
                raise ZeroDivisionError("a bug")
            return super().detect(image)

    loaded.make = Broken
    for number in range(9):
        PillowImage.new("RGB", (40, 40), (7,) * 3 if number == 4 else (99,) * 3).save(
            f"{number}.png"
        )
    (folder / "list").write_text("\n".join(f"{number}.png" for number in range(9)))

    with pytest.raises(ZeroDivisionError, match="a bug") as raised:
        run("--jobs", 3, "--json", "a.json")

    assert any(frame.name == "detect" for frame in raised.traceback)
    assert len((folder / "a.json").read_text().splitlines()) == 4
    assert not is_working()


def test_nobody_reads_on_when_the_window_was_left(
    folder: Path, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Satisfied:
        ended = False

        def __init__(self, title: str) -> None: ...
        def __enter__(self) -> Satisfied:
            return self

        def __exit__(self, *_: object) -> None: ...
        def show(self, _: Image) -> None:
            self.ended = True

    monkeypatch.setattr("age_pipeline.shown_pictures.Window", Satisfied)
    PillowImage.new("RGB", (40, 40), (99, 99, 99)).save("a.png")
    (folder / "list").write_text("a.png\n" * 1000)

    assert run("--jobs", 3, "--show", "--json", "a.json") == 0

    assert len((folder / "a.json").read_text().splitlines()) == 1
    assert sum(len(each.seen) for each in loaded.detectors) < 300
    assert jobs_running() == []


@pytest.mark.parametrize("engine", EACH_ENGINE)
def test_the_networks_say_the_same_in_every_byte(tmp_path: Path, engine: Engine) -> None:
    written = []
    for jobs in ("1", "2"):
        subprocess.run(
            [
                *(sys.executable, ROOT / "detect_age.py", "-i", ROOT / "images", "--jobs", jobs),
                *(
                    "--engine",
                    engine,
                    "--single-look",
                    "--json",
                    "a.json",
                    "--csv",
                    "a.csv",
                    "--output",
                    "out",
                ),
            ],
            cwd=tmp_path,
            check=True,
            capture_output=True,
        )
        files = sorted(path for path in tmp_path.rglob("*.*"))
        written.append([(path.name, path.read_bytes()) for path in files])
    assert len(written[0]) == 7
    assert written[0] == written[1]
