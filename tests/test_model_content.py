from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from age_pipeline.model_content import damage, foreign_format

NETWORK = b"\x0a\x08CaffeNet" + b"\x12\x80\x02" + bytes(range(256)) + b"\x10\x96\x01"
"""A text field, a field of 256 bytes and a number, as Caffe and ONNX files have them."""

CASCADE = b'<?xml version="1.0"?>\n<opencv_storage>\n<a>1</a></opencv_storage>\n'


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><title>Quota exceeded</title>", "an HTML page"),
        (b"\xef\xbb\xbf\r\n <HTML lang=en>", "an HTML page"),
        ("<html><body>Datei größer".encode("latin-1"), "an HTML page"),
        (b"<?xml version='1.0'?><html xmlns=", "an HTML page"),
        (b"<!-- cached --><html>" + b"x" * 1000, "an HTML page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:6d", "a Git LFS pointer"),
        (b"404: Not Found", "a text that begins with '404: Not Found'"),
        ("größer ".encode() * 200, "a text that begins with 'größer größer"),
        (b"PK\x03\x04\x14\x00", "a ZIP archive"),
        (b"\x1f\x8b\x08\x00", "a gzip archive"),
        (b"\x89HDF\r\n\x1a\n\x00", "an HDF5 file"),
        (b"\x89PNG\r\n\x1a\n", "neither a Caffe nor an ONNX file"),
        (bytes(1000), "neither a Caffe nor an ONNX file"),
        (b"\xff" * 1000, "neither a Caffe nor an ONNX file"),
        (b"\x08" + b"\xff" * 20, "neither a Caffe nor an ONNX file"),
        (b"\x0b\x00", "neither a Caffe nor an ONNX file"),
        (b"\x0a\xff\xff\xff\xff\x7f" + bytes(50), "neither a Caffe nor an ONNX file"),
        (CASCADE, "a cascade, XML as OpenCV writes it"),
        (CASCADE[:50], "a cascade, XML as OpenCV writes it"),
        (b"<?xml version='1.0'?>\n<cascade>", 'a text that begins with "<?xml'),
        (NETWORK[:-1], "truncated (it ends after 271 bytes)"),
        (NETWORK[:100], "truncated (it ends after 100 of at least 269 bytes)"),
    ],
)
def test_names_what_a_file_is_instead_of_a_network(content: bytes, what: str) -> None:
    assert str(damage(content)).startswith(what)


@pytest.mark.parametrize("content", [NETWORK, NETWORK + b"\x0d1234", NETWORK + b"\x0912345678"])
def test_a_whole_network_has_nothing_wrong(content: bytes) -> None:
    assert foreign_format(content) is None
    assert damage(content) is None


def test_a_whole_cascade_has_nothing_wrong() -> None:
    assert damage(CASCADE, "cascade") is None
    assert damage(b"\n" + CASCADE + b"\r\n", "cascade") is None


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><title>Quota exceeded</title>", "an HTML page"),
        (b"<?xml version='1.0'?>\n<cascade>", 'a text that begins with "<?xml'),
        (CASCADE[:50], "truncated (it ends after 50 bytes)"),
        (NETWORK, "a network, a Caffe or ONNX file"),
        (NETWORK[:100], "no text"),
        (b"\x89PNG\r\n\x1a\n", "no text"),
    ],
)
def test_names_what_a_file_is_instead_of_a_cascade(content: bytes, what: str) -> None:
    assert str(damage(content, "cascade")).startswith(what)


@given(st.integers(1, len(NETWORK) - 1))
def test_a_cut_is_noticed_unless_it_falls_between_two_fields(length: int) -> None:
    between_fields = length in (10, 269)
    assert (damage(NETWORK[:length]) is None) == between_fields


@given(st.binary())
def test_any_bytes_get_an_answer(content: bytes) -> None:
    assert damage(content) != ""
    assert damage(content, "cascade") != ""
