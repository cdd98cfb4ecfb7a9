import csv
import io
import json
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import numpy as np
import pytest
from fakes import FACE, FakeAges, FakeFaces, bell
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage

import age_detector
import detect_age
import face_detector
from age_pipeline import __version__
from age_pipeline.data import Box, Face, Image
from age_pipeline.errors import ModelMissing, WindowError
from age_pipeline.labels import age_line
from age_pipeline.pictures import decode
from age_pipeline.records import CSV_COLUMNS

AGES = [bell(30), bell(60)]
LINES = [age_line(age) for age in AGES]


class Loads:
    """The fake stages, and what each `load` was called with."""

    def __init__(self) -> None:
        self.faces: list[tuple[object, ...]] = []
        self.ages: list[tuple[object, ...]] = []
        self.engines: list[str] = []
        self.found = FakeFaces([FACE, Face(Box(30, 6, 40, 20), confidence=0.5)])

    def load_faces(
        self, name: str, folder: Path | None, *, min_confidence: float, looks: str, engine: str
    ) -> FakeFaces:
        self.faces.append((name, folder, min_confidence, looks))
        self.engines.append(engine)
        return self.found

    def load_ages(self, name: str | None, folder: Path | None, *, engine: str) -> FakeAges:
        self.ages.append((name, folder))
        self.engines.append(engine)
        return FakeAges(AGES)


@pytest.fixture(autouse=True)
def loads(monkeypatch: pytest.MonkeyPatch) -> Loads:
    loads = Loads()
    monkeypatch.setattr(face_detector, "load", loads.load_faces)
    monkeypatch.setattr(age_detector, "load", loads.load_ages)
    return loads


class FakeWindow:
    """A window without a screen; `keys` are what its user presses."""

    keys = ""
    shown: list[Image]

    def __init__(self, title: str) -> None:
        assert title
        self.ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        FakeWindow.shown.append(np.zeros((0, 0, 3), np.uint8))

    def show(self, image: Image, wait_s: float | None = None) -> str | None:
        assert wait_s is None
        assert not self.ended
        FakeWindow.shown.append(image)
        key = FakeWindow.keys[len(FakeWindow.shown) - 1 :][:1]
        self.ended = key == "q"
        return key or None


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> type[FakeWindow]:
    monkeypatch.setattr("age_pipeline.shown_pictures.Window", FakeWindow)
    FakeWindow.shown = []
    FakeWindow.keys = ""
    return FakeWindow


class NoWindow(FakeWindow):
    def __enter__(self) -> Self:
        raise WindowError("no window can be opened: no screen; use --output")


@pytest.fixture(autouse=True)
def no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("age_pipeline.shown_pictures.Window", NoWindow)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the program is started."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def save(path: Path, grey: int = 128, size: tuple[int, int] = (64, 48), **options: Any) -> Path:
    """A picture in which the fakes see two people; in a wholly black one they see nobody."""
    path.parent.mkdir(parents=True, exist_ok=True)
    PillowImage.new("RGB", size, (grey, grey, grey)).save(path, **options)
    return path


@pytest.fixture
def photo(folder: Path) -> Path:
    return save(folder / "photo.png")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs the program: exit code, stdout, stderr."""

    def run(*argv: object) -> tuple[int, str, str]:
        code = detect_age.main([str(each) for each in argv])
        out, err = capsys.readouterr()
        return code, out, err

    return run


Run = Callable[..., tuple[int, str, str]]


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# What is printed.


def test_a_line_for_each_face(run: Run, photo: Path) -> None:
    code, out, err = run("-i", photo, "--no-show")

    assert (code, out) == (0, "".join(f"{line}\n" for line in LINES))
    assert err == "detect_age: ages by fake-ages (ages.bin)\n"


def test_the_long_form_of_the_original_does_the_same(run: Run, photo: Path, loads: Loads) -> None:
    short = run("-i", photo)
    long = run("--image", photo, "--face", "face_detector", "--age", "age_detector")

    assert short == long
    assert loads.faces[0] == loads.faces[1] == ("ssd", None, 0.5, "again")
    assert loads.ages[0] == loads.ages[1] == (None, None)


def test_several_pictures_are_named(run: Run, folder: Path) -> None:
    save(folder / "a.png")
    save(folder / "b.png")

    code, out, _ = run("-i", "a.png", "b.png")

    assert code == 0
    assert out.splitlines() == [f"{name}: {line}" for name in ("a.png", "b.png") for line in LINES]


def test_image_may_be_given_more_than_once(run: Run, folder: Path) -> None:
    save(folder / "a.png")
    save(folder / "b.png")

    assert run("-i", "a.png", "-i", "b.png") == run("-i", "a.png", "b.png")


def test_a_folder_names_its_pictures_even_if_there_is_one(run: Run, folder: Path) -> None:
    save(folder / "photos" / "a.png")

    _, out, _ = run("-i", "photos")

    assert out.startswith(f"photos/a.png: {LINES[0]}\n")


def test_subfolders_are_taken_when_asked_for(run: Run, folder: Path) -> None:
    save(folder / "photos" / "a.png")
    save(folder / "photos" / "sub" / "b.png")

    _, flat, _ = run("-i", "photos")
    _, deep, _ = run("-i", "photos", "--recursive")

    assert {line.partition(":")[0] for line in flat.splitlines()} == {"photos/a.png"}
    assert "photos/sub/b.png" in {line.partition(":")[0] for line in deep.splitlines()}


def test_names_may_come_from_a_list(run: Run, folder: Path) -> None:
    save(folder / "a.png")
    save(folder / "b.png")
    (folder / "list.txt").write_text("b.png\n")

    _, out, _ = run("-i", "a.png", "--files-from", "list.txt")

    assert [line.partition(":")[0] for line in out.splitlines()] == ["a.png"] * 2 + ["b.png"] * 2


@pytest.mark.parametrize("argv", [["--json", "list"], ["--csv", "./list"], ["--output", "list"]])
def test_the_list_of_names_is_never_overwritten(run: Run, photo: Path, argv: list[str]) -> None:
    names = photo.parent / "list"
    names.write_text("photo.png\n")

    code, out, _ = run("--files-from", "list", *argv)

    assert (code, out) == (2, "")
    assert below(photo.parent) == ["list", "photo.png"]
    assert names.read_text() == "photo.png\n"


@pytest.mark.parametrize("argv", [[], ["--json", "a.json"], ["--csv", "a.csv"]])
def test_a_picture_without_a_face_is_a_note_and_no_error(
    run: Run, folder: Path, argv: list[str]
) -> None:
    save(folder / "night.png", grey=0)

    code, out, err = run("-i", "night.png", *argv)

    assert (code, out) == (0, "")
    assert "detect_age: night.png: no face found\n" in err


def test_interval_and_at_least_are_reported(run: Run, photo: Path, folder: Path) -> None:
    options = ["--interval", "0.5", "--at-least", "40", "--json", "a.json", "--csv", "a.csv"]

    _, out, _ = run("-i", photo, *options)

    assert out.splitlines() == [age_line(age, 0.5, 40) for age in AGES]
    ages = [face["age"] for face in records(folder / "a.json")[0]["faces"]]
    assert [age["interval_level"] for age in ages] == [0.5, 0.5]
    assert [age["at_least"]["age"] for age in ages] == [40, 40]
    rows = list(csv.DictReader((folder / "a.csv").read_text().splitlines()))
    assert [float(row["at_least"]) for row in rows] == [
        age["at_least"]["probability"] for age in ages
    ]


# What is asked of the two stages.


@pytest.mark.parametrize(
    ("argv", "asked"),
    [
        (["-c", "0.7"], ("ssd", None, 0.7, "again")),
        (["--detector", "ssd"], ("ssd", None, 0.5, "again")),
        (["--thorough"], ("ssd", None, 0.5, "thorough")),
        (["--single-look"], ("ssd", None, 0.5, "single")),
        (["-f", "."], ("ssd", Path(), 0.5, "again")),
    ],
)
def test_the_face_detector_is_asked_for(
    run: Run, photo: Path, loads: Loads, argv: list[str], asked: tuple[object, ...]
) -> None:
    assert run("-i", photo, *argv)[0] == 0
    assert loads.faces == [asked]


@pytest.mark.parametrize(
    ("argv", "asked"),
    [
        (["--age-model", "levi-hassner"], ("levi-hassner", None)),
        (["-a", "."], (None, Path())),
    ],
)
def test_the_age_model_is_asked_for(
    run: Run, photo: Path, loads: Loads, argv: list[str], asked: tuple[object, ...]
) -> None:
    assert run("-i", photo, *argv)[0] == 0
    assert loads.ages == [asked]


@pytest.mark.parametrize("argv", [[], ["--engine", "openvino"]])
def test_one_engine_runs_both_networks(
    run: Run, photo: Path, loads: Loads, argv: list[str]
) -> None:
    run("-i", str(photo), *argv)
    assert loads.engines == [argv[-1] if argv else "opencv"] * 2


def test_whole_asks_no_detector(run: Run, photo: Path, folder: Path, loads: Loads) -> None:
    code, out, _ = run("-i", photo, "--whole", "--json", "a.json")

    assert (code, out) == (0, f"{LINES[0]}\n")
    (record,) = records(folder / "a.json")
    assert record["faces"][0]["box"] == [0, 0, 64, 48]
    assert record["faces"][0]["confidence"] is None
    assert record["models"]["face"] is None
    assert loads.faces == []


def test_quiet_says_nothing_but_errors(run: Run, folder: Path) -> None:
    save(folder / "night.png", grey=0)

    code, _, err = run("-i", "night.png", "gone.png", "--quiet")

    assert code == 1
    assert len(err.splitlines()) == 1
    assert err.startswith("detect_age: error: ")


def test_verbose_says_what_was_written(run: Run, photo: Path) -> None:
    _, _, err = run("-i", photo, "--output", "out.png", "--verbose")

    assert "wrote out.png" in err


# Wrong options: one line, exit code 2, and nothing is done.


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "no picture is named: use -i PICTURE, or --files-from LIST"),
        (["-i"], "expected at least one argument"),
        (["-i", "a.png", "-c", "2"], "expected a number from 0 to 1"),
        (["-i", "a.png", "--jobs", "0"], "--jobs: expected a whole number from 1 to 1000, not '0'"),
        (["-i", "a.png", "--jobs", "-1"], "--jobs: expected a whole number"),
        (["-i", "a.png", "--jobs", "2.5"], "--jobs: expected a whole number"),
        (["-i", "a.png", "--thorough", "--single-look"], "not allowed with"),
        (["-i", "a.png", "--whole", "--thorough"], "not allowed with"),
        (["-i", "a.png", "--face", "nowhere"], "--face nowhere: no such folder"),
        (["-i", "a.png", "--age", "nowhere"], "--age nowhere: no such folder"),
        (["-i", "a.png", "--json", "-", "--csv", "-"], "--json and --csv cannot both go to"),
        (["-i", "a.png", "--output", "-", "--csv", "-"], "--output and --csv cannot both go to"),
        (["-i", "-", "-"], "- is given more than once"),
        (["-i", "-", "--files-from", "-"], "-i and --files-from cannot both read standard input"),
        (["-i", "a.png", "--json", "a.png"], "--json a.png would overwrite an input"),
        (["-i", "a.png", "--output", "a.gif"], "--output a.gif is of a format that is not written"),
        (["-i", "a.png", "a.png", "--output", "-"], "--output - takes one picture"),
        (["-i", "a.png", "a.png", "--output", "b.png"], "several pictures need a folder"),
    ],
)
def test_wrong_options(run: Run, folder: Path, loads: Loads, argv: list[str], message: str) -> None:
    save(folder / "a.png")

    code, out, err = run(*argv)

    assert (code, out) == (2, "")
    line = err.splitlines()[-1]
    assert line.startswith("detect_age: error: ")
    assert message in line
    assert below(folder) == ["a.png"]
    assert loads.ages == []


def test_a_list_on_standard_input_can_name_no_picture_there(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"a.png\n-\n")))

    code, _, err = run("--files-from", "-")

    assert code == 2
    assert "the names come from standard input" in err


def test_a_model_that_is_missing_is_one_line(
    run: Run, photo: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(*_: object, **__: object) -> FakeAges:
        raise ModelMissing("compact.onnx is nowhere: fetch it")

    monkeypatch.setattr(age_detector, "load", load)
    (folder / "a.json").write_text("earlier")

    code, out, err = run("-i", photo, "--json", "a.json")

    assert (code, out, err) == (1, "", "detect_age: error: compact.onnx is nowhere: fetch it\n")
    assert (folder / "a.json").read_text() == "earlier"


# Records.


def test_one_record_for_each_input_in_their_order(run: Run, folder: Path) -> None:
    save(folder / "a.png")
    save(folder / "night.png", grey=0)
    (folder / "empty.jpg").touch()

    code, out, err = run("-i", "a.png", "empty.jpg", "gone.jpg", "night.png", "--json", "a.json")

    assert code == 1
    found = records(folder / "a.json")
    assert [(each["image"], each["status"], len(each["faces"])) for each in found] == [
        ("a.png", "ok", 2),
        ("empty.jpg", "error", 0),
        ("gone.jpg", "error", 0),
        ("night.png", "ok", 0),
    ]
    assert [(each["error"] or {}).get("kind") for each in found] == [None, "empty", "missing", None]
    assert out.count("a.png: ") == 2
    errors = [line for line in err.splitlines() if " error: " in line]
    assert [name in line for name, line in zip(("empty.jpg", "gone.jpg"), errors, strict=True)]
    assert {each["program"] for each in found} == {__version__}
    assert found[0]["models"] == {
        "face": {"name": "fake-faces", "file": "faces.bin", "sha256": "f" * 64},
        "age": {"name": "fake-ages", "file": "ages.bin", "sha256": "a" * 64},
    }


def test_a_table_has_the_promised_columns(run: Run, folder: Path) -> None:
    save(folder / "a.png")

    assert run("-i", "a.png", "gone.jpg", "--csv", "a.csv")[0] == 1

    rows = list(csv.reader((folder / "a.csv").read_text().splitlines()))
    assert tuple(rows[0]) == CSV_COLUMNS
    assert [row[:3] for row in rows[1:]] == [
        ["a.png", "ok", ""],
        ["a.png", "ok", ""],
        ["gone.jpg", "error", "missing"],
    ]


@pytest.mark.parametrize("option", ["--json", "--csv"])
def test_records_on_standard_output_are_alone_there(run: Run, photo: Path, option: str) -> None:
    _, out, _ = run("-i", photo, option, "-")

    if option == "--json":
        assert len(json.loads(out)["faces"]) == 2
    else:
        assert len(list(csv.DictReader(io.StringIO(out)))) == 2


def test_a_picture_that_a_stage_has_no_memory_for_is_one_error(
    run: Run, folder: Path, loads: Loads, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["a.png", "b.png", "c.png"]
    for name in names:
        save(folder / name)
    detect = loads.found.detect

    def hungry(image: Image) -> list[Face]:
        if len(loads.found.seen) == 1:
            loads.found.seen.append(image.shape)
            raise MemoryError
        return detect(image)

    monkeypatch.setattr(loads.found, "detect", hungry)
    code, out, err = run("-i", *names, "--jobs", 1, "--json", "a.json")

    assert (code, len(out.splitlines())) == (1, 4)
    assert err.count("detect_age: error: b.png needs more memory") == 1
    found = records(folder / "a.json")
    assert [each["error"] and each["error"]["kind"] for each in found] == [None, "too_large", None]


BAD = {
    "empty.jpg": "empty",
    "text.jpg": "not_an_image",
    "gone.jpg": "missing",
    "hollow": "no_input",
}
GOOD = {"a.png": 2, "night.png": 0}


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(names=st.lists(st.sampled_from([*BAD, *GOOD]), min_size=1, max_size=6))
def test_records_and_exit_code_tell_what_happened(run: Run, folder: Path, names: list[str]) -> None:
    save(folder / "a.png")
    save(folder / "night.png", grey=0)
    (folder / "empty.jpg").touch()
    (folder / "text.jpg").write_text("not a picture")
    (folder / "hollow").mkdir(exist_ok=True)

    code, _, err = run("-i", *names, "--json", "a.json")

    found = records(folder / "a.json")
    assert [each["image"] for each in found] == names
    assert [each["error"] and each["error"]["kind"] for each in found] == [
        BAD.get(name) for name in names
    ]
    assert [len(each["faces"]) for each in found] == [GOOD.get(name, 0) for name in names]
    assert code == (1 if any(name in BAD for name in names) else 0)
    assert err.count(" error: ") == sum(name in BAD for name in names)


def test_a_list_that_names_nothing_is_no_error(run: Run, folder: Path) -> None:
    (folder / "list.txt").touch()

    code, _, err = run("--files-from", "list.txt", "--csv", "a.csv")

    assert code == 0
    assert "warning: --files-from list.txt names no picture" in err
    assert (folder / "a.csv").read_text() == ",".join(CSV_COLUMNS) + "\n"


@pytest.mark.parametrize("on_a_terminal", [False, True])
def test_a_job_has_one_picture_in_memory_at_a_time(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, on_a_terminal: bool
) -> None:
    for number in range(4):
        save(folder / f"{number}.png")
    decoded: list[weakref.ref[Image]] = []
    still_there: list[int] = []

    def watched(data: bytes, name: str, max_pixels: int) -> Image:
        still_there.append(sum(image() is not None for image in decoded))
        image = decode(data, name, max_pixels)
        decoded.append(weakref.ref(image))
        return image

    monkeypatch.setattr("age_pipeline.picture_reading.decode", watched)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: on_a_terminal)

    assert run("-i", ".", "--jobs", 1, "--output", "out", "--json", "a.json")[0] == 0
    assert still_there == [0, 0, 0, 0]


# Annotated pictures.


def test_one_picture_may_be_annotated_into_a_file(run: Run, photo: Path, folder: Path) -> None:
    code, out, _ = run("-i", photo, "--output", "out.jpg")

    assert (code, len(out.splitlines())) == (0, 2)
    with PillowImage.open(folder / "out.jpg") as drawn:
        assert (drawn.format, drawn.size) == ("JPEG", (64, 48))


def test_a_folder_is_mirrored(run: Run, folder: Path) -> None:
    save(folder / "photos" / "a.jpg")
    save(folder / "photos" / "sub" / "b.webp")
    save(folder / "photos" / "sub" / "c.gif")

    assert run("-i", "photos", "--recursive", "--output", "new/out")[0] == 0
    assert below(folder / "new/out") == ["a.jpg", "sub/b.webp", "sub/c.gif.png"]


def test_inputs_of_one_name_are_numbered_and_a_second_run_replaces_them(
    run: Run, folder: Path
) -> None:
    save(folder / "x" / "a.png", size=(64, 48))
    save(folder / "y" / "a.png", size=(48, 64))

    for _ in range(2):
        assert run("-i", "x/a.png", "y/a.png", "--output", "out")[0] == 0
        assert below(folder / "out") == ["a-2.png", "a.png"]
        with PillowImage.open(folder / "out" / "a-2.png") as second:
            assert second.size == (48, 64)


def test_an_input_is_not_overwritten(run: Run, folder: Path) -> None:
    photo = save(folder / "photos" / "a.png")
    before = photo.read_bytes()

    assert run("-i", "photos", "--output", "photos")[0] == 0
    assert photo.read_bytes() == before
    assert below(folder / "photos") == ["a.ages.png", "a.png"]


@pytest.mark.parametrize(
    "argv",
    [
        ["photos", "--output", "photos"],
        ["photos", "--recursive", "--output", "photos"],
        ["photos", "--recursive", "--output", "photos/out"],
        ["photos/**/*", "--output", "photos/out"],
        ["photos/*.*", "--output", "photos"],
    ],
)
def test_a_further_run_takes_no_copy_for_an_input(
    run: Run, folder: Path, loads: Loads, argv: list[str]
) -> None:
    save(folder / "photos" / "a.png")
    save(folder / "photos" / "b.gif")
    runs = []

    for _ in range(3):
        before = len(loads.found.seen)
        assert run("-i", *argv)[0] == 0
        runs.append((below(folder), len(loads.found.seen) - before))

    assert len(runs[0][0]) == 4
    assert runs == [(runs[0][0], 2)] * 3


def test_it_is_said_which_folder_is_left_out(run: Run, folder: Path) -> None:
    save(folder / "a.png")
    save(folder / "out" / "a.png")

    _, _, err = run("-i", ".", "--recursive", "--output", "out")

    assert err.count("detect_age: out: no picture is taken from there") == 1


def test_position_and_other_exif_data_are_not_copied(run: Run, folder: Path) -> None:
    exif = PillowImage.Exif()
    exif[0x010F] = "a camera"
    exif.get_ifd(0x8825)[1] = "N"
    save(folder / "a.jpg", exif=exif)

    assert run("-i", "a.jpg", "--output", "out")[0] == 0
    with PillowImage.open(folder / "out" / "a.jpg") as drawn:
        assert not drawn.getexif()
    assert b"camera" not in (folder / "out" / "a.jpg").read_bytes()


def test_a_copy_that_fails_is_told_and_the_rest_is_done(run: Run, folder: Path) -> None:
    save(folder / "a.png")
    save(folder / "b.png")
    (folder / "out" / "a.png").mkdir(parents=True)

    code, out, err = run("-i", "a.png", "b.png", "--output", "out", "--json", "a.json")

    assert code == 1
    assert "error: cannot write out/a.png (it is a folder)" in err
    assert len(out.splitlines()) == 4
    assert below(folder / "out") == ["b.png"]
    assert [each["status"] for each in records(folder / "a.json")] == ["ok", "ok"]


def test_an_output_that_cannot_be_opened_leaves_no_traces(
    run: Run, photo: Path, folder: Path
) -> None:
    code, out, err = run("-i", photo, "--json", "a.json", "--csv", "missing/a.csv")

    assert (code, out) == (1, "")
    assert "error: cannot write missing/a.csv: its folder does not exist" in err
    assert below(folder) == ["photo.png"]


# The window.


@pytest.mark.parametrize(
    ("argv", "count"),
    [
        (["-i", "a.png"], 1),
        (["-i", "a.png", "--no-show"], 0),
        (["-i", "a.png", "--json", "a.json"], 0),
        (["-i", "a.png", "--csv", "a.csv"], 0),
        (["-i", "a.png", "--output", "out.png"], 0),
        (["-i", "a.png", "--output", "out.png", "--show"], 1),
        (["-i", "a.png", "b.png"], 0),
        (["-i", "."], 0),
        (["-i", "gone.png"], 0),
        (["-i", "a.png", "b.png", "gone.png", "--show"], 2),
    ],
)
def test_when_there_is_a_window(
    screen: type[FakeWindow], folder: Path, argv: list[str], count: int
) -> None:
    save(folder / "a.png")
    save(folder / "b.png")

    detect_age.main(argv)

    assert len([image for image in screen.shown if image.size]) == count
    assert len(screen.shown) == (count + 1 if count else 0)


def test_the_window_shows_the_picture_annotated(screen: type[FakeWindow], photo: Path) -> None:
    assert detect_age.main(["-i", str(photo)]) == 0

    assert screen.shown[0].shape == (48, 64, 3)
    assert (screen.shown[0] != 128).any()


def test_q_in_the_window_ends_the_program_well(
    screen: type[FakeWindow], folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    names = ["a.png", "b.png", "c.png"]
    for name in names:
        save(folder / name)
    screen.keys = "nq"

    assert detect_age.main(["-i", *names, "--show", "--json", "a.json"]) == 0
    assert [each["image"] for each in records(folder / "a.json")] == names[:2]
    assert "detect_age: ended after 2 of 3 pictures\n" in capfd.readouterr().err


@pytest.mark.parametrize("argv", [[], ["--show"]])
def test_without_a_screen_it_is_said_what_to_use_instead(
    run: Run, photo: Path, argv: list[str]
) -> None:
    code, out, err = run("-i", photo, *argv)

    assert (code, len(out.splitlines())) == (0, 2)
    assert err.count("detect_age: no window can be opened: no screen; use --output\n") == 1


def test_that_is_said_once_however_many_pictures(run: Run, photo: Path) -> None:
    _, _, err = run("-i", photo, photo, "--show")

    assert err.count("no window can be opened") == 1
