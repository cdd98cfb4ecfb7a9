"""The reader of .caffemodel files, of both forms, and of what is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import numpy as np
import numpy.typing as npt
import pytest
from caffe_networks import caffe_file, old_caffe_file
from hypothesis import given
from hypothesis import strategies as st

from age_pipeline.caffe_weights import read_weights
from age_pipeline.model_files import load
from benchmarks.caffe_files import age_net, weights
from benchmarks.protobuf_fields import content, number, text
from face_detector.ssd import WEIGHTS

FloatArray = npt.NDArray[np.float32]


def drawn(*shape: int) -> FloatArray:
    return np.random.default_rng(len(shape)).standard_normal(shape, dtype=np.float32)


BLOBS = {"one": [drawn(2, 3, 1, 4), drawn(1, 1, 1, 2)], "two": [drawn(1, 1, 1, 1)]}


def single(value: float) -> bytes:
    """A number of a blob, written by itself."""
    return bytes([5 << 3 | 5]) + np.array(value, "<f4").tobytes()


@pytest.mark.parametrize("write", [caffe_file, old_caffe_file])
def test_both_forms_hold_the_same(
    write: Callable[[Mapping[str, Sequence[FloatArray]]], bytes],
) -> None:
    found = read_weights(write(BLOBS))
    assert list(found) == ["one", "two"]
    for name, arrays in BLOBS.items():
        assert len(found[name]) == len(arrays)
        for own, array in zip(found[name], arrays, strict=True):
            assert own.dtype == np.float32
            np.testing.assert_array_equal(own, array.reshape(-1))


def test_numbers_may_be_written_together_or_one_by_one_or_in_parts() -> None:
    values = [1.5, -2, 3e30, 0.1]
    one_by_one = b"".join(map(single, values))
    parts = single(values[0]) + content(5, np.array(values[1:3], "<f4").tobytes())
    for written in (one_by_one, parts + single(values[3])):
        [found] = read_weights(content(100, text(1, "a") + content(7, written)))["a"]
        np.testing.assert_array_equal(found, np.array(values, np.float32))


def test_what_is_not_needed_is_passed_over() -> None:
    # A type, parameters and a second name; then layers without numbers and without a name.
    layer = number(2, 4) + text(1, "old name") + text(1, "a") + content(106, b"\x08\x01")
    [blob] = BLOBS["two"]
    file = (
        content(100, layer + content(7, content(5, blob.tobytes())))
        + content(100, text(1, "b"))
        + content(100, content(7, content(5, blob.tobytes())))
        + content(8, b"state")
    )
    found = read_weights(file)
    assert list(found) == ["a"]
    np.testing.assert_array_equal(found["a"][0], blob.reshape(-1))


def test_the_ssds_own_file_is_read() -> None:
    found = read_weights(load(WEIGHTS).data)
    assert sum(array.size for own in found.values() for array in own) == 2_662_666
    assert found["conv1_h"][0].size == 32 * 3 * 7 * 7
    # A mean, a variance, and over how much both were summed up.
    assert [array.size for array in found["data_bn"]] == [3, 3, 1]


def test_a_file_like_that_of_age_net_is_read() -> None:
    found = read_weights(age_net())
    expected = weights()
    assert list(found) == list(expected)
    for name, (kernel, bias) in expected.items():
        np.testing.assert_array_equal(found[name][0], kernel.reshape(-1))
        np.testing.assert_array_equal(found[name][1], bias)


class TestDamage:
    FILE = caffe_file(BLOBS)

    @pytest.mark.parametrize("length", range(1, len(FILE)))
    def test_a_part_of_a_file_is_refused_or_lacks_layers(self, length: int) -> None:
        with suppress(ValueError):
            assert set(read_weights(self.FILE[:length])) < set(BLOBS)

    @pytest.mark.parametrize(
        "data",
        [
            b"abc",
            b"<html>",
            # A blob of five bytes, which make no number of four.
            content(100, text(1, "a") + content(7, content(5, b"12345"))),
            # A layer that is longer than the file, and one of nearly all lengths there are.
            b"\xa2\x06\x7fabc",
            b"\xa2\x06\xff\xff\xff\xff\x0f",
        ],
    )
    def test_what_is_no_network_is_refused(self, data: bytes) -> None:
        with pytest.raises(ValueError, match=r"."):
            read_weights(data)

    def test_what_is_empty_has_no_layers(self) -> None:
        assert read_weights(b"") == {}

    @given(st.binary(max_size=60), st.integers(0, len(FILE)))
    def test_whatever_is_written_into_it_nothing_else_is_raised(
        self, data: bytes, place: int
    ) -> None:
        with suppress(ValueError):
            read_weights(self.FILE[:place] + data + self.FILE[place:])
