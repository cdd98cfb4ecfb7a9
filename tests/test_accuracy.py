import importlib.util
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from fakes import FakeAges, FakeFaces, bell
from picture_files import RED, encode
from PIL import Image as PillowImage

import age_detector
import face_detector
from age_pipeline.records import Record
from benchmarks.accuracy import main
from benchmarks.accuracy_options import make_parser

ROOT = Path(__file__).parent.parent
PNG = encode(PillowImage.new("RGB", (40, 40), RED), "PNG")
BLACK = encode(PillowImage.new("RGB", (40, 40)), "PNG")


LIMIT = "argument --limit: expected a whole number, 1 or more"
HINT = " (--help shows the options)"


class Loaded:
    """What the program loaded, as fakes."""

    def __init__(self) -> None:
        self.faces: dict[str, FakeFaces] = {}
        self.ages: list[tuple[str | None, Path | None]] = []

    def load_faces(self, name: str) -> FakeFaces:
        self.faces[name] = FakeFaces()
        return self.faces[name]

    def load_ages(self, name: str | None, folder: Path | None) -> FakeAges:
        self.ages.append((name, folder))
        return FakeAges([bell(44 if name == "levi-hassner" else 33)])


@pytest.fixture(autouse=True)
def loaded(monkeypatch: pytest.MonkeyPatch) -> Loaded:
    own = Loaded()
    monkeypatch.setattr(face_detector, "load", own.load_faces)
    monkeypatch.setattr(age_detector, "load", own.load_ages)
    return own


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four pictures, in one of which nobody is found; the current folder is above."""
    monkeypatch.chdir(tmp_path)
    faces = tmp_path / "faces"
    faces.mkdir()
    for name in "abc":
        (faces / f"{name}.png").write_bytes(PNG)
    (faces / "dark.png").write_bytes(BLACK)
    rows = ["a.png,30,f,1", "b.png,35,m,2", "c.png,15,f,3", "dark.png,40,m,4"]
    (faces / "labels.csv").write_text("\n".join(["file,age,sex,number", *rows]))
    return faces


def text_of(capfdbinary: pytest.CaptureFixture[bytes]) -> str:
    return capfdbinary.readouterr().out.decode()


def error_of(capfdbinary: pytest.CaptureFixture[bytes], *argv: str) -> str:
    """The one line on stderr of a run that says nothing else."""
    code = main(argv)
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert err.count(b"\n") == 1
    return f"{code} {err.decode().removeprefix('accuracy: error: ').strip()}"


def record_of(*argv: str) -> Record:
    assert main([*argv, "--json", "out.json"]) == 0
    record: Record = json.loads(Path("out.json").read_bytes())
    return record


def names_of(record: Record) -> list[str]:
    [report] = record["reports"]
    return [face["name"] for face in report["faces"]]


def test_a_folder_is_reported(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main([str(folder)]) == 0

    text = text_of(capfdbinary)
    assert text.startswith(f"{folder}: pictures that could not be read: 0\n\nfake-ages, faces by")
    assert "  4 faces, 1 not found\n" in text
    assert "by sex " in text
    assert "lost: the face was not found" in text
    assert "compared" not in text


def test_by_default_the_usual_models_answer(folder: Path, loaded: Loaded) -> None:
    main([str(folder)])
    assert list(loaded.faces) == [face_detector.NAMES[0]]
    assert loaded.ages == [(None, None)]


def test_several_models_are_compared(
    folder: Path, loaded: Loaded, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    models = ["--age-model", "compact", "levi-hassner", "compact", "--age", str(folder)]
    assert main([str(folder), *models, "--detector", "ssd", "--whole"]) == 0

    assert loaded.ages == [("compact", folder), ("levi-hassner", folder)]
    assert len(loaded.faces["ssd"].seen) == 4
    text = text_of(capfdbinary)
    found, whole = "fake-ages, faces by fake-faces", "fake-ages, whole pictures"
    titles = [line for line in text.splitlines() if line in (found, whole)]
    assert titles == [found, found, whole, whole]
    assert text.count("\ncompared") == 1


def test_whole_pictures_need_no_detector(folder: Path, loaded: Loaded) -> None:
    record = record_of(str(folder), "--whole")
    assert not loaded.faces
    assert record["reports"][0]["figures"]["not_found"] == 0


def test_the_challenge_age_and_the_columns_can_be_chosen(folder: Path) -> None:
    record = record_of(str(folder), "--challenge-age", "31", "--by", "number")
    [report] = record["reports"]
    assert report["challenge"]["age"] == 31
    assert {part["column"] for part in report["parts"]} == {"decade", "number"}
    assert record["asked"]["by"] == ["number"]


def test_some_can_be_chosen(folder: Path) -> None:
    Path("only.txt").write_text("a\nc.webp\n")
    assert names_of(record_of(str(folder), "--only", "only.txt")) == ["a.png", "c.png"]
    assert names_of(record_of(str(folder), "--limit", "2")) == ["a.png", "c.png"]


def test_the_halves_are_a_whole(folder: Path) -> None:
    first, second = (
        names_of(record_of(str(folder), "--half", half)) for half in ("first", "second")
    )
    assert sorted([*first, *second]) == ["a.png", "b.png", "c.png", "dark.png"]
    assert "b.png" in first
    assert "a.png" in second


def test_an_empty_half_is_said_so(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    Path("mine.csv").write_text("file,age\na.png,30\n")
    argv = [str(folder), "--labels", "mine.csv", "--half", "first"]
    expected = "2 --half first: none of the pictures belongs to it"
    assert error_of(capfdbinary, *argv) == expected


def test_labels_from_elsewhere_count(folder: Path) -> None:
    Path("mine.csv").write_text("file,age_group\na.png,30-39\n")
    [report] = record_of(str(folder), "--labels", "mine.csv")["reports"]
    assert report["figures"]["groups"]["exact"]["count"] == 1
    assert report["figures"]["years"] is None


def test_groups_are_those_of_all_labels(folder: Path) -> None:
    Path("mine.csv").write_text("file,age_group\na.png,0-17\nb.png,18-49\nc.png,50+\n")
    record = record_of(str(folder), "--labels", "mine.csv", "--limit", "1")
    assert record["reports"][0]["groups"] == ["0-17", "18-49", "50+"]


def test_a_damaged_picture_costs_a_line_and_the_exit_code(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (folder / "b.png").write_bytes(PNG[:50])
    assert main([str(folder), "--json", "out.json"]) == 1

    out, err = capfdbinary.readouterr()
    assert err.decode().startswith(f"accuracy: error: {folder}/b.png is damaged")
    assert b"could not be read: 1\n" in out
    assert b"  3 faces, 1 not found\n" in out
    record = json.loads(Path("out.json").read_bytes())
    assert [each["file"] for each in record["unreadable"]] == ["b.png"]


def test_where_nothing_can_be_read_nothing_is_reported(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    for path in folder.glob("*.png"):
        path.unlink()
    assert main([str(folder), "--json", "out.json"]) == 1
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert err.decode().endswith(f"error: {folder}: none of its pictures could be read\n")
    assert sorted(path.name for path in Path().iterdir()) == ["faces"]


def test_json_on_standard_output_stands_alone(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main([str(folder), "--json", "-"]) == 0
    assert json.loads(text_of(capfdbinary))["schema"] == 1


def test_a_picture_is_drawn(folder: Path) -> None:
    pytest.importorskip("matplotlib")
    assert main([str(folder), "--plot", "out.png"]) == 0
    assert Path("out.png").read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_nothing_is_drawn(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert error_of(capfdbinary, str(folder), "--plot", "out.png") == (
        "1 --plot needs matplotlib: run `python -m pip install 'matplotlib>=3.9,<4'`"
    )


def test_stopped_in_the_middle_nothing_is_reported(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    Path("out.json").write_text("earlier")
    monkeypatch.setattr(FakeAges, "estimate", stop)
    assert main([str(folder), "--json", "out.json"]) == 130
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert err.endswith(b": stopped; nothing is kept but what was printed or written before\n")
    assert Path("out.json").read_text() == "earlier"
    assert sorted(path.name for path in Path().iterdir()) == ["faces", "out.json"]


@pytest.mark.parametrize(
    ("argv", "error"),
    [
        (["--by", "age"], "--by age: no label has this column; there is: sex, number"),
        (["--plot", "out.jpg"], "--plot out.jpg: the picture is a PNG, so name it .png"),
        (
            ["--plot", "out.png", "--json", "./out.png"],
            "--plot out.png would overwrite --json: name another file",
        ),
        (
            ["--labels", "faces/labels.csv", "--json", "faces/labels.csv"],
            "--json faces/labels.csv would overwrite --labels: name another file",
        ),
        (["--json", "faces"], "--json faces would overwrite FOLDER: name another file"),
        (["--labels", "gone.csv"], "gone.csv does not exist; check the name"),
        (["--age", "gone"], "--age gone: no such folder; without --age the own one is used"),
        *((["--limit", text], f"{LIMIT}, not {text!r}{HINT}") for text in ("0", "x", "1.5")),
        (
            ["--challenge-age", "101"],
            f"argument --challenge-age: expected a whole number, 0 to 100, not '101'{HINT}",
        ),
    ],
)
def test_wrong_options_are_one_line(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes], argv: list[str], error: str
) -> None:
    assert error_of(capfdbinary, folder.name, *argv) == f"2 {error}"


def test_several_people_are_no_whole_picture(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (folder / "labels.csv").write_text("file,age,x,y\na.png,30,1,1\n")
    assert error_of(capfdbinary, str(folder), "--whole") == (
        "2 --whole takes each picture as one face, but labels say where faces are"
    )


def test_without_a_folder_there_is_nothing_to_do(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    assert error_of(capfdbinary).startswith("2 the following arguments are required: FOLDER")


def test_help_teaches_and_waits_for_nothing_heavy() -> None:
    program = (
        "import sys, benchmarks.accuracy\n"
        "try: benchmarks.accuracy.main(['--help'])\n"
        "except SystemExit: print(sorted({'cv2', 'numpy', 'PIL', 'tqdm'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    *shown, heavy = done.stdout.splitlines()
    assert heavy == "[]"
    assert shown[0] == "usage: python -m benchmarks.accuracy FOLDER [options]"
    assert max(map(len, shown)) <= 100
    assert set(age_detector.NAMES) <= set(re.findall(r"[\w-]+", done.stdout))


def test_commands_that_the_readme_shows_are_understood() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    begins = "python -m benchmarks.accuracy "
    commands = [line.removeprefix(begins) for line in lines if line.startswith(begins)]
    assert len(commands) >= 3
    for command in commands:
        assert make_parser().parse_args(shlex.split(command)).folder


def test_the_sample_pictures_have_labels_for_all_whose_age_is_known() -> None:
    from benchmarks.labelled_folders import open_labelled

    pictures = open_labelled(ROOT / "images")
    ages = {label.name: label.first for label in pictures.labels if label.centre is None}
    assert ages == {"1.png": 42, "2.jpg": 77, "einstein_1947.jpg": 68}
    assert sum(label.name == "solvay_1927.jpg" for label in pictures.labels) == 29
