import contextlib
import sys
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from picture_files import corners, encode, webp_canvas
from PIL import AvifImagePlugin

from age_pipeline.errors import InputError
from age_pipeline.picture_formats import FORMATS, SUFFIXES, recognise

SAVED = ["PNG", "JPEG", "WebP", "BMP", "TIFF", "GIF", "AVIF"]


@pytest.mark.parametrize("name", SAVED)
def test_each_format_is_told_from_its_first_bytes(name: str) -> None:
    assert recognise(encode(corners(), name.upper())[:64]).name == name


def test_other_varieties_are_told_too() -> None:
    assert recognise(encode(corners(), "HEIF")[:64]).name == "HEIC"
    assert recognise(encode(corners(), "MPO")[:64]).name == "JPEG"
    assert recognise(encode(corners(), "TIFF", big_tiff=True)[:64]).name == "TIFF"
    assert recognise(webp_canvas(9, 9)[:64]).name == "WebP"
    assert recognise(b"MM\0*" + bytes(60)).name == "TIFF"
    assert recognise(b"GIF87a" + bytes(60)).name == "GIF"


@pytest.mark.parametrize(
    ("major", "others", "name"),
    [
        (b"heic", b"mif1heic", "HEIC"),
        (b"heix", b"", "HEIC"),
        (b"hevc", b"msf1", "HEIC"),
        (b"mif1", b"miafheic", "HEIC"),
        (b"mif1", b"miafavif", "AVIF"),
        (b"msf1", b"avis", "AVIF"),
        (b"avif", b"mif1miaf", "AVIF"),
    ],
)
def test_a_file_of_the_heif_family_is_told_by_all_its_brands(
    major: bytes, others: bytes, name: str
) -> None:
    box = b"ftyp" + major + bytes(4) + others
    assert recognise((len(box) + 4).to_bytes(4, "big") + box).name == name


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\0\0\0\x18ftypmp42\0\0\0\0isommp42", "detect_age_video"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "detect_age_video"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"%PDF-1.7", "PDF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "PostScript"),
        (b"8BPS\0\1", "Photoshop"),
    ],
)
def test_what_is_known_but_not_read_is_named(data: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        recognise(data)
    assert caught.value.kind == "unsupported"


@pytest.mark.parametrize(
    "data",
    [b"<!DOCTYPE html><html>", b"BMW, Audi, Volkswagen, Opel", b"BM", b"\xff\xd8", b"RIFF1234WAVE"],
)
def test_anything_else_is_no_picture(data: bytes) -> None:
    with pytest.raises(InputError, match="begins with") as caught:
        recognise(data)
    assert caught.value.kind == "not_an_image"


@given(data=st.binary(min_size=1, max_size=80))
def test_any_bytes_are_a_format_or_an_error(data: bytes) -> None:
    with contextlib.suppress(InputError):
        assert recognise(data) in FORMATS


def test_no_suffix_stands_for_two_formats() -> None:
    assert len(SUFFIXES) == sum(len(each.suffixes) for each in FORMATS)
    assert {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".heic"} <= SUFFIXES
    assert all(suffix == suffix.lower() for suffix in SUFFIXES)


def opener_of(name: str) -> object:
    return next(each for each in FORMATS if each.name == name).opener()


def test_heic_without_its_package_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)

    with pytest.raises(InputError, match=r"pip install 'pillow-heif>=1\.8'") as caught:
        opener_of("HEIC")
    assert caught.value.kind == "unsupported"


@pytest.mark.parametrize(
    ("release", "refused"), [("1.7.0", True), ("0.22.0", True), ("2.0", False)]
)
def test_a_release_that_crashes_on_damaged_files_is_not_used(
    monkeypatch: pytest.MonkeyPatch, release: str, refused: bool
) -> None:
    package = ModuleType("pillow_heif")
    vars(package).update(__version__=release, HeifImageFile=len)
    monkeypatch.setitem(sys.modules, "pillow_heif", package)

    if refused:
        with pytest.raises(InputError, match=r"1\.8 or newer"):
            opener_of("HEIC")
    else:
        assert opener_of("HEIC") is len


def test_avif_without_a_reader_names_the_release_of_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AvifImagePlugin, "SUPPORTED", False)
    with pytest.raises(InputError, match=r"Pillow 11\.3") as caught:
        opener_of("AVIF")
    assert caught.value.kind == "unsupported"

    monkeypatch.setitem(sys.modules, "PIL.AvifImagePlugin", None)
    with pytest.raises(InputError, match=r"pillow>=11\.3"):
        opener_of("AVIF")
