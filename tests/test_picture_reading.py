"""A picture between its file and its frame. What reading makes of bad files: test_sources.py."""

from __future__ import annotations

import io
from pathlib import Path, PurePath
from types import SimpleNamespace

import pytest
from picture_files import BOMBS, corners, encode

from age_pipeline.data import FailedInput, Frame
from age_pipeline.errors import InputError
from age_pipeline.picture_formats import recognise
from age_pipeline.picture_reading import open_picture, read_picture
from age_pipeline.sources import PictureInput

FORMATS = ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "HEIF"]


def saved(folder: Path, data: bytes) -> PictureInput:
    path = folder / "a"
    path.write_bytes(data)
    return PictureInput("a", path, PurePath("a"))


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_weight_is_that_of_the_file_and_of_the_pixels_to_come(
    tmp_path: Path, file_format: str
) -> None:
    data = encode(corners(48, 32), file_format)
    weight = open_picture(saved(tmp_path, data)).weight
    assert weight == len(data) + 48 * 32 * recognise(data).bytes_a_pixel


@pytest.mark.parametrize("data", [b"", b"text", *BOMBS.values(), encode(corners(), "PNG")[:20]])
def test_what_will_not_be_decoded_weighs_what_its_file_does(tmp_path: Path, data: bytes) -> None:
    opened = open_picture(saved(tmp_path, data))
    assert opened.weight == len(data)
    assert isinstance(opened.decode(), FailedInput)


def test_a_file_that_cannot_be_read_weighs_nothing(tmp_path: Path) -> None:
    opened = open_picture(PictureInput("gone", tmp_path / "gone", PurePath("gone")))
    assert opened.weight == 0
    assert isinstance(opened.content, InputError)
    assert opened.content.kind == "missing"


def test_what_is_known_to_be_wrong_is_not_opened(tmp_path: Path) -> None:
    wrong = InputError("no_input", "a holds no picture")
    wanted = saved(tmp_path, encode(corners(), "PNG"))
    failed = read_picture(PictureInput("a", wanted.path, PurePath(), wrong))
    assert isinstance(failed, FailedInput)
    assert (failed.error.kind, str(failed.error)) == ("no_input", "a holds no picture")


def test_a_picture_that_was_opened_needs_its_file_no_more(tmp_path: Path) -> None:
    wanted = saved(tmp_path, encode(corners(48, 32), "PNG"))
    opened = open_picture(wanted)
    (tmp_path / "a").unlink()
    frame = opened.decode()
    assert isinstance(frame, Frame)
    assert (frame.name, frame.relative, frame.image.shape) == ("a", PurePath("a"), (32, 48, 3))


def test_standard_input_is_read_when_it_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.BytesIO(encode(corners(48, 32), "JPEG"))
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=stream))
    opened = open_picture(PictureInput("-", None, PurePath("stdin")))
    assert stream.read() == b""
    frame = opened.decode()
    assert isinstance(frame, Frame)
    assert (frame.name, frame.relative) == ("-", PurePath("stdin.jpg"))
