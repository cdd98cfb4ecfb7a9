"""The command, with fakes in the place of the detectors."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fakes import FACE, FakeFaces
from picture_files import RED, encode
from PIL import Image as PillowImage

import face_detector
from age_pipeline.data import Box, Face
from age_pipeline.errors import PackageMissing
from benchmarks import composed_scenes
from benchmarks.detectors import main
from benchmarks.face_boxes import NOBODY, Scene
from benchmarks.found_faces import SAME_FACE

ROOT = Path(__file__).parent.parent
HEADER = "file,left,top,right,bottom\n"
PNG = encode(PillowImage.new("RGB", (60, 40), RED), "PNG")
BLACK = encode(PillowImage.new("RGB", (60, 40)), "PNG")


@pytest.fixture(autouse=True)
def absent(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Fakes for all detectors: the first finds a face, each other one a ghost too.

    Returns:
        The names of those that are not installed, to be added to.
    """
    gone: set[str] = set()

    def load(name: str, *, looks: str) -> FakeFaces:  # noqa: ARG001
        if name in gone:
            raise PackageMissing(f"no {name}: run `pip`")
        ghost = Face(Box(40, 20, 55, 38), 0.8)
        return FakeFaces([FACE] if name == face_detector.NAMES[0] else [FACE, ghost])

    monkeypatch.setattr(face_detector, "load", load)
    return gone


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two pictures of one face, one of nobody; the current folder is above."""
    monkeypatch.chdir(tmp_path)
    faces = tmp_path / "faces"
    faces.mkdir()
    (faces / "a.png").write_bytes(PNG)
    (faces / "b.png").write_bytes(PNG)
    (faces / "dark.png").write_bytes(BLACK)
    rows = "a.png,4,6,24,30\nb.png,30,6,50,30\ndark.png,,,,\n"
    (faces / "boxes.csv").write_text(HEADER + rows)
    return faces


def rows_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("|")]


def error_of(capfdbinary: pytest.CaptureFixture[bytes], *argv: str) -> str:
    """The one line on stderr of a run that says nothing else."""
    code = main(argv)
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert err.count(b"\n") == 1
    return f"{code} {err.decode().removeprefix('detectors: error: ').strip()}"


def test_a_folder_is_measured(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder)]) == 0
    out, err = capsys.readouterr()
    rows = rows_of(out)
    assert err == ""
    assert rows[0] == "| looks: single | pictures | ssd | yunet | haar | hog |"
    assert rows[2] == (
        "| one face: a.png, b.png | 2 | 1 of 2 (1) | 1 of 2 (3) | 1 of 2 (3) | 1 of 2 (3) |"
    )
    assert rows[3] == (
        "| nobody: dark.png | 1 | 0 of 0 (0) | 0 of 0 (0) | 0 of 0 (0) | 0 of 0 (0) |"
    )
    assert rows[4].startswith("| all | 3 | 1 of 2 (1) |")
    assert [row for row in rows if "looks" in row][1].startswith("| looks: again |")


def test_some_detectors_looks_and_levels_can_be_chosen(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = [str(folder), "--detector", "hog", "ssd", "--looks", "again", "--levels"]
    assert main(argv) == 0
    rows = rows_of(capsys.readouterr().out)
    assert rows[0] == "| looks: again | pictures | hog | ssd |"
    assert rows[2:5] == [
        "| one face: a.png | 1 | 1 of 1 (1) | 1 of 1 (0) |",
        "| one face: b.png | 1 | 0 of 1 (2) | 0 of 1 (1) |",
        "| nobody: dark.png | 1 | 0 of 0 (0) | 0 of 0 (0) |",
    ]


def test_a_table_from_elsewhere_counts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.csv").write_text(f"{HEADER}a.png,4,6,24,30\na.png,40,20,55,38\n")
    assert main([str(folder), "--boxes", "mine.csv", "--detector", "hog", "--looks", "single"]) == 0
    rows = rows_of(capsys.readouterr().out)
    assert rows[2] == "| several faces: a.png | 1 | 2 of 2 (0) |"


def test_without_a_folder_samples_and_scenes_are_measured(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Few:
        def __len__(self) -> int:
            return 1

        def __iter__(self) -> Iterator[Scene]:
            yield Scene(NOBODY, "noise", np.full((40, 60, 3), 9, np.uint8), ())

    monkeypatch.setattr(composed_scenes, "ComposedScenes", Few)
    assert main(["--detector", "ssd", "--looks", "single"]) == 0
    assert rows_of(capsys.readouterr().out)[2:7] == [
        "| portrait: 1.png, 2.jpg, einstein_1947.jpg | 3 | 0 of 3 (3) |",
        "| group of 23: nasa_group15.jpg | 1 | 0 of 23 (1) |",
        "| group of 29: solvay_1927.jpg | 1 | 0 of 29 (1) |",
        "| nobody: noise | 1 | 0 of 0 (1) |",
        "| all | 6 | 0 of 55 (6) |",
    ]


def test_what_is_not_installed_is_left_out(
    folder: Path, absent: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    absent |= {"hog", "ssd"}
    assert main([str(folder), "--looks", "single"]) == 0
    out, err = capsys.readouterr()
    assert rows_of(out)[0] == "| looks: single | pictures | yunet | haar |"
    assert "times the" not in out
    assert err.splitlines() == [
        "detectors: warning: ssd is left out: no ssd: run `pip`",
        "detectors: warning: hog is left out: no hog: run `pip`",
    ]


def test_what_is_named_must_be_installed(
    folder: Path, absent: set[str], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    absent.add("hog")
    argv = [str(folder), "--detector", "ssd", "hog", "--json", "out.json"]
    assert error_of(capfdbinary, *argv) == "1 no hog: run `pip`"
    assert [path.name for path in Path().iterdir()] == ["faces"]


def test_where_nothing_is_installed_nothing_is_measured(
    folder: Path, absent: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    absent |= set(face_detector.NAMES)
    assert main([str(folder)]) == 1
    *warnings, error = capsys.readouterr().err.splitlines()
    assert len(warnings) == 4
    assert error.startswith("detectors: error: no face detector can be used here")


def test_a_picture_that_cannot_be_read_costs_a_line_and_the_exit_code(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a.png").write_bytes(PNG[:50])
    assert main([str(folder), "--json", "out.json"]) == 1
    out, err = capsys.readouterr()
    assert err.startswith(f"detectors: error: {folder}/a.png is damaged")
    assert err.count("\n") == 1
    assert rows_of(out)[2].startswith("| one face: b.png | 1 | 0 of 1 (1) |")
    assert [each["file"] for each in json.loads(Path("out.json").read_bytes())["unreadable"]] == [
        "a.png"
    ]


def test_where_nothing_can_be_read_nothing_is_reported(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in folder.glob("*.png"):
        path.unlink()
    assert main([str(folder), "--json", "out.json"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith(f"error: {folder}: none of its pictures could be read\n")
    assert [path.name for path in Path().iterdir()] == ["faces"]


def test_json_has_the_figures_of_each_picture(folder: Path) -> None:
    assert main([str(folder), "--json", "out.json", "--looks", "single"]) == 0
    known = json.loads(Path("out.json").read_bytes())
    assert known["asked"] == {"folder": str(folder), "boxes": None}
    assert [each["name"] for each in known["detectors"]] == list(face_detector.NAMES)
    assert [each["level"] for each in known["detectors"][0]["cases"]] == [
        "a.png",
        "b.png",
        "dark.png",
    ]


def test_json_on_standard_output_stands_alone(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main([str(folder), "--json", "-"]) == 0
    assert json.loads(capfdbinary.readouterr().out)["schema"] == 1


def test_stopped_in_the_middle_nothing_is_reported(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    Path("out.json").write_text("earlier")
    monkeypatch.setattr(FakeFaces, "detect", stop)
    assert main([str(folder), "--json", "out.json"]) == 130
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert err.endswith(b": stopped; nothing is kept but what was printed or written before\n")
    assert Path("out.json").read_text() == "earlier"
    assert sorted(path.name for path in Path().iterdir()) == ["faces", "out.json"]


@pytest.mark.parametrize(
    ("argv", "error"),
    [
        (["gone"], "gone does not exist; check the name"),
        (["faces", "--boxes", "gone.csv"], "gone.csv does not exist; check the name"),
        (["--boxes", "a.csv"], "--boxes tells where the faces of FOLDER are: name the folder too"),
        (
            ["faces", "--json", "faces/boxes.csv"],
            "--json faces/boxes.csv would overwrite an input: name another file",
        ),
        (
            ["faces", "--boxes", "a.csv", "--json", "./a.csv"],
            "--json a.csv would overwrite an input: name another file",
        ),
    ],
)
@pytest.mark.usefixtures("folder")
def test_wrong_options_are_one_line(
    capfdbinary: pytest.CaptureFixture[bytes], argv: list[str], error: str
) -> None:
    assert error_of(capfdbinary, *argv) == f"2 {error}"


def test_a_bad_table_is_one_line(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    (folder / "boxes.csv").write_text(f"{HEADER}a.png,9,6,4,30\n")
    error = error_of(capfdbinary, "faces")
    assert error.startswith("2 faces/boxes.csv, line 2: it has left '9', top '6', right '4'")


def test_help_teaches_and_waits_for_nothing_heavy() -> None:
    program = (
        "import sys, benchmarks.detectors\n"
        "try: benchmarks.detectors.main(['--help'])\n"
        "except SystemExit: print(sorted({'cv2', 'numpy', 'PIL', 'tqdm'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    *shown, heavy = done.stdout.splitlines()
    assert heavy == "[]"
    assert shown[0] == "usage: python -m benchmarks.detectors [FOLDER] [options]"
    assert max(map(len, shown)) <= 100
    assert set(face_detector.NAMES) <= set(re.findall(r"[\w-]+", done.stdout))
    assert f"at least {SAME_FACE} of what" in done.stdout
