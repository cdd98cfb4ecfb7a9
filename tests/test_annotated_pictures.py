import logging
import weakref
from io import BytesIO
from pathlib import Path, PurePath

import cv2
import numpy as np
import pytest
from fakes import FACE, FakeAges, bell
from PIL import Image as PillowImage

from age_pipeline.annotated_pictures import encode, open_annotated
from age_pipeline.data import FailedInput, Frame, Image, Person
from age_pipeline.errors import InputError, OutputError, UsageError
from age_pipeline.output_names import WRITTEN
from age_pipeline.records import Reporting

REPORTING = Reporting(age_model=FakeAges().model)
PEOPLE = [Person(FACE, bell())]
FAILED = FailedInput("b.jpg", InputError("empty", "b.jpg is empty"))


def picture(width: int = 200, height: int = 160) -> Image:
    """Blue on the left, red on the right."""
    image = np.zeros((height, width, 3), np.uint8)
    image[:, : width // 2, 0] = 255
    image[:, width // 2 :, 2] = 255
    return image


def frame(relative: str = "a.png") -> Frame:
    return Frame(picture(), relative, relative=PurePath(relative))


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("suffix", WRITTEN)
def test_each_format_is_written_with_its_colours(suffix: str) -> None:
    decoded = PillowImage.open(BytesIO(encode(picture(), suffix.upper())))

    assert decoded.format == WRITTEN[suffix]
    pixels = np.asarray(decoded.convert("RGB"), dtype=int)
    assert np.abs(pixels[80, 20] - (0, 0, 255)).max() < 20
    assert np.abs(pixels[80, 180] - (255, 0, 0)).max() < 20


@pytest.mark.parametrize(("suffix", "width"), [(".webp", 16384), (".jpg", 65501)])
def test_a_picture_too_large_for_its_format_says_so(
    suffix: str, width: int, capfd: pytest.CaptureFixture[str]
) -> None:
    image = np.zeros((1, width, 3), np.uint8)
    reason = rf"no {WRITTEN[suffix]} can be made \({width} x 1 pixels.*name a .png"
    with pytest.raises(OutputError, match=reason):
        encode(image, suffix)
    assert encode(image[:, 1:], suffix)
    assert capfd.readouterr() == ("", "")


def test_copies_in_a_folder(tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    with open_annotated(str(out), [], REPORTING, one_picture=False) as sink:
        sink.write(frame("a.png"), PEOPLE)
        sink.fail(FAILED)
        sink.write(frame("sub/b.jpg"), [])
        sink.write(frame("sub/b.jpg"), [])

    assert names(out) == ["a.png", "sub/b-2.jpg", "sub/b.jpg"]
    drawn = np.asarray(PillowImage.open(BytesIO((out / "a.png").read_bytes())))[:, :, ::-1]
    assert drawn.shape == picture().shape
    assert (drawn != picture()).any()
    nobody = np.asarray(
        PillowImage.open(BytesIO((out / "sub/b.jpg").read_bytes())).convert("RGB"), dtype=int
    )
    assert np.abs(nobody[:, :, ::-1] - picture()).mean() < 3


@pytest.mark.parametrize("output", ["out", "out.jpg", "-"])
def test_a_copy_is_drawn_and_encoded_before_its_turn(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes], output: str
) -> None:
    one = output != "out"
    path = output if output == "-" else str(tmp_path / output)
    with open_annotated(path, [], REPORTING, one_picture=one) as sink:
        picture = frame("sub/a.jpg")
        pixels = weakref.ref(picture.image)
        ready = sink.prepare(picture, PEOPLE)
        del picture
        assert pixels() is None
        assert names(tmp_path) == []
        ready.write()

    (copy,) = [each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()] or [
        capfdbinary.readouterr().out
    ]
    assert len(copy) == ready.weight
    assert names(tmp_path) == {"out": ["out/sub/a.jpg"], "out.jpg": ["out.jpg"], "-": []}[output]


def test_names_are_chosen_in_turn_and_not_as_copies_are_prepared(tmp_path: Path) -> None:
    with open_annotated(str(tmp_path), [], REPORTING, one_picture=False) as sink:
        small = Frame(picture(24, 30), "a.png", relative=PurePath("a.png"))
        second = sink.prepare(small, PEOPLE)
        first = sink.prepare(frame("a.png"), PEOPLE)
        first.write()
        second.write()

    with PillowImage.open(tmp_path / "a-2.png") as numbered:
        assert numbered.size == (24, 30)


def test_the_folder_is_made_before_any_picture_is_done(tmp_path: Path) -> None:
    with open_annotated(str(tmp_path / "out"), [], REPORTING, one_picture=True):
        assert (tmp_path / "out").is_dir()


def test_files_of_an_earlier_run_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"earlier")

    with open_annotated(str(tmp_path), [], REPORTING, one_picture=True) as sink:
        sink.write(frame(), PEOPLE)

    assert names(tmp_path) == ["a.png"]
    assert PillowImage.open(BytesIO((tmp_path / "a.png").read_bytes())).size == (200, 160)


def test_one_picture_may_have_a_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    output = tmp_path / "chosen.jpg"
    with (
        caplog.at_level(logging.DEBUG, "detect_age"),
        open_annotated(str(output), [], REPORTING, one_picture=True) as sink,
    ):
        sink.fail(FAILED)
        assert names(tmp_path) == []
        sink.write(frame("a.png"), PEOPLE)

    assert PillowImage.open(BytesIO(output.read_bytes())).format == "JPEG"
    assert f"wrote {output}" in caplog.text


def test_the_input_itself_is_not_overwritten(tmp_path: Path) -> None:
    photo = tmp_path / "a.png"
    photo.write_bytes(b"photo")

    with open_annotated(str(photo), [photo], REPORTING, one_picture=True) as sink:
        sink.write(frame(), PEOPLE)

    assert photo.read_bytes() == b"photo"
    assert names(tmp_path) == ["a.ages.png", "a.png"]


def test_one_picture_may_go_to_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with open_annotated("-", [], REPORTING, one_picture=True) as sink:
        sink.fail(FAILED)
        sink.write(frame("a.heic"), PEOPLE)

    assert PillowImage.open(BytesIO(capfdbinary.readouterr().out)).format == "JPEG"


def test_several_pictures_do_not_fit_standard_output() -> None:
    with pytest.raises(UsageError, match="--output - takes one picture"):
        open_annotated("-", [], REPORTING, one_picture=False)


def test_a_file_needs_its_folder(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"missing/a\.png: its folder does not exist"):
        open_annotated(f"{tmp_path}/missing/a.png", [], REPORTING, one_picture=True)


def test_a_folder_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(OutputError, match=r"cannot make the folder .*/file/out \(Not a directory"):
        open_annotated(f"{tmp_path}/file/out", [], REPORTING, one_picture=False)


def test_a_copy_that_fails_keeps_the_next_from_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.png").mkdir()

    with open_annotated(str(tmp_path), [], REPORTING, one_picture=False) as sink:
        assert sink.outlives_errors
        with pytest.raises(OutputError, match="it is a folder"):
            sink.write(frame("a.png"), PEOPLE)
        sink.write(frame("b.png"), PEOPLE)

    assert names(tmp_path) == ["b.png"]


def test_the_labels_say_what_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = {}

    def draw(image: Image, _: object, **report: object) -> Image:
        asked.update(report)
        return image

    monkeypatch.setattr("age_pipeline.annotated_pictures.draw_people", draw)
    reporting = Reporting(REPORTING.age_model, interval_level=0.5, at_least=18)

    with open_annotated(str(tmp_path), [], reporting, one_picture=True) as sink:
        sink.write(frame(), PEOPLE)

    assert asked == {"interval_level": 0.5, "at_least": 18}


@pytest.mark.parametrize("error", [MemoryError(), cv2.error("no memory")])
def test_a_copy_that_the_memory_does_not_hold_is_an_output_error(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(cv2, "imencode", fail)
    with (
        open_annotated(str(tmp_path), [], REPORTING, one_picture=False) as sink,
        pytest.raises(OutputError, match=r"no memory|no JPEG can be made"),
    ):
        sink.write(frame("b.jpg"), PEOPLE)
    assert names(tmp_path) == []


def test_an_encoder_that_does_nothing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "imencode", lambda *_: (False, np.empty(0, np.uint8)))
    with pytest.raises(OutputError, match="no JPEG can be made"):
        encode(picture(), ".jpg")
