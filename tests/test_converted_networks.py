"""Converted networks are kept, and a cache that is of no use costs nothing but time."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import onnx
import pytest
from tiny_networks import PROTOTXT, caffe_file

from age_pipeline import converted_networks
from age_pipeline.converted_networks import converted
from age_pipeline.model_files import LoadedModel

MIX = np.array([[0.25, 0.5, -2], [3, 1, 0.125]], np.float32)
DESCRIBED = PROTOTXT.encode()
WEIGHTS = LoadedModel(Path("a.caffemodel"), caffe_file(MIX), "ab" * 32, verified=False)
OTHER = LoadedModel(Path("a.caffemodel"), caffe_file(-MIX), "cd" * 32, verified=False)


class Counted:
    """How often a network was converted."""

    def __init__(self) -> None:
        self.times = 0


@pytest.fixture
def conversions() -> Iterator[Counted]:
    from age_pipeline.caffe_to_onnx import caffe_to_onnx as plain

    counted = Counted()

    def convert(*arguments: Any, **says: Any) -> onnx.ModelProto:
        counted.times += 1
        return plain(*arguments, **says)

    with patch("age_pipeline.caffe_to_onnx.caffe_to_onnx", convert):
        yield counted


def test_once_converted_it_is_kept(cache: Path, conversions: Counted) -> None:
    first = converted(DESCRIBED, WEIGHTS, ["mix"])
    [file] = (cache / "converted").iterdir()
    # What is kept is an ONNX file that anybody can look at.
    assert file.suffix == ".onnx"
    assert onnx.load(str(file)).SerializeToString() == file.read_bytes() == first
    before = file.stat().st_mtime_ns
    assert converted(DESCRIBED, WEIGHTS, ["mix"]) == first
    assert conversions.times == 1
    assert file.stat().st_mtime_ns == before


def test_for_another_engine_it_is_another_file(cache: Path, conversions: Counted) -> None:
    for least_channels in (1, 8, 8, 1):
        converted(DESCRIBED, WEIGHTS, ["mix"], least_channels)
    assert conversions.times == 2
    assert len(list((cache / "converted").iterdir())) == 2


def test_what_is_kept_needs_neither_onnx_nor_a_conversion(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = converted(DESCRIBED, WEIGHTS, ["mix"])
    for name in ("onnx", "google.protobuf", "age_pipeline.caffe_to_onnx"):
        monkeypatch.setitem(sys.modules, name, None)
    assert converted(DESCRIBED, WEIGHTS, ["mix"]) == first


def test_another_network_is_another_file(
    cache: Path, conversions: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = DESCRIBED + b'layers { name: "b" type: RELU bottom: "mix" top: "b" }'
    made = [
        converted(DESCRIBED, WEIGHTS, ["mix"]),
        converted(DESCRIBED, OTHER, ["mix"]),
        converted(more, WEIGHTS, ["b"]),
        converted(more, WEIGHTS, ["mix", "b"]),
    ]
    assert len(set(made)) == conversions.times == 4
    # The same network, made in another way.
    monkeypatch.setattr(converted_networks, "VERSION", converted_networks.VERSION + 1)
    assert converted(DESCRIBED, WEIGHTS, ["mix"]) == made[0]
    assert conversions.times == 5
    assert len(list((cache / "converted").iterdir())) == 5


@pytest.mark.parametrize("spoil", ["cut", "changed", "emptied", "a folder"])
def test_a_damaged_file_is_made_anew(cache: Path, conversions: Counted, spoil: str) -> None:
    first = converted(DESCRIBED, WEIGHTS, ["mix"])
    [file] = (cache / "converted").iterdir()
    if spoil == "a folder":
        file.unlink()
        file.mkdir()
    else:
        changed = bytes([first[0] ^ 1]) + first[1:]
        file.write_bytes({"cut": first[:-7], "changed": changed, "emptied": b""}[spoil])
    assert converted(DESCRIBED, WEIGHTS, ["mix"]) == first
    assert conversions.times == 2
    if spoil != "a folder":
        assert file.read_bytes() == first


def test_what_cannot_be_read_or_is_damaged_hides_nothing_and_goes(
    cache: Path, conversions: Counted
) -> None:
    first = converted(DESCRIBED, WEIGHTS, ["mix"])
    [file] = (cache / "converted").iterdir()
    name = file.name[:32]
    file.with_name(f"{name}-0.onnx").mkdir()
    damaged = file.with_name(f"{name}-1.onnx")
    damaged.write_bytes(b"abc")
    file.rename(file.with_name(f"{name}-2.onnx"))
    assert converted(DESCRIBED, WEIGHTS, ["mix"]) == first
    assert conversions.times == 2
    assert not damaged.exists()
    assert converted(DESCRIBED, WEIGHTS, ["mix"]) == first
    assert conversions.times == 2


@pytest.mark.parametrize("way", ["read-only", "a file", "full", "a file inside"])
def test_a_cache_that_cannot_be_written_is_no_error(
    cache: Path,
    conversions: Counted,
    way: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG, "detect_age")
    if way == "read-only":
        # Whoever runs the tests may be root, whom no permission stops.
        monkeypatch.setattr(Path, "mkdir", _raise(PermissionError(13, "Permission denied")))
    elif way == "a file":
        cache.write_bytes(b"")
    elif way == "full":
        monkeypatch.setattr(Path, "open", _raise(OSError(28, "No space left on device")))
    else:
        cache.mkdir()
        (cache / "converted").write_bytes(b"")
    first = converted(DESCRIBED, WEIGHTS, ["mix"])
    assert converted(DESCRIBED, WEIGHTS, ["mix"]) == first
    assert conversions.times == 2
    assert {record.levelname for record in caplog.records} == {"DEBUG"}


def test_a_cache_that_cannot_be_read_is_no_error(
    conversions: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = converted(DESCRIBED, WEIGHTS, ["mix"])
    monkeypatch.setattr(Path, "read_bytes", _raise(PermissionError(13, "Permission denied")))
    assert converted(DESCRIBED, WEIGHTS, ["mix"]) == first
    assert conversions.times == 2


@pytest.mark.parametrize(
    ("described", "weights"),
    [
        (b"no layers", WEIGHTS),
        (b"\xff", WEIGHTS),
        (DESCRIBED.replace(b'"mix" type', b'"max" type'), WEIGHTS),
        (DESCRIBED, LoadedModel(Path("a"), b"abc", "ef" * 32, verified=False)),
    ],
)
def test_what_cannot_be_converted_is_a_value_error_and_not_kept(
    described: bytes, weights: LoadedModel, cache: Path
) -> None:
    with pytest.raises(ValueError, match=r"."):
        converted(described, weights, ["mix"])
    assert not cache.exists()


def _raise(error: OSError) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail
