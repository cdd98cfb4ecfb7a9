"""Small Caffe networks with random weights: as files, and as plain numpy computes their layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import numpy.typing as npt

from benchmarks.caffe_files import blob as old_blob
from benchmarks.protobuf_fields import content, number, text

FloatArray = npt.NDArray[np.float32]
Pair = tuple[int, int]

INPUT = 'input: "data" input_shape {{ dim: {} dim: {} dim: {} dim: {} }}\n'


def prototxt(shape: Sequence[int], layers: str) -> str:
    """The description of a network with such an input and these layers."""
    return INPUT.format(*shape) + layers


def caffe_file(blobs: Mapping[str, Sequence[FloatArray]]) -> bytes:
    """A .caffemodel file in the newer form, with the numbers of each layer."""
    layers = b""
    for name, arrays in blobs.items():
        layers += content(100, text(1, name) + b"".join(content(7, new_blob(a)) for a in arrays))
    return text(1, "tiny") + layers


def old_caffe_file(blobs: Mapping[str, Sequence[FloatArray]]) -> bytes:
    """Likewise in the form of before 2015."""
    layers = b""
    for name, arrays in blobs.items():
        layers += content(2, text(4, name) + b"".join(old_blob(array) for array in arrays))
    return text(1, "tiny") + layers


def new_blob(values: FloatArray) -> bytes:
    """The numbers of a layer with their shape."""
    sides = b"".join(number(1, side) for side in values.shape)
    return content(7, sides) + content(5, values.astype("<f4").tobytes())


def convolve(
    pictures: FloatArray,
    kernel: FloatArray,
    bias: FloatArray | None = None,
    *,
    stride: Pair = (1, 1),
    padding: Pair = (0, 0),
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> FloatArray:
    """A convolution as Caffe has it, without turning the kernel round."""
    down, across = padding
    padded = np.pad(pictures, ((0, 0), (0, 0), (down, down), (across, across)))
    rows, columns = (
        1 + (side - gap * (reach - 1) - 1) // step
        for side, gap, reach, step in zip(
            padded.shape[2:], dilation, kernel.shape[2:], stride, strict=True
        )
    )
    results = []
    maps = np.split(padded, groups, axis=1)
    for own, weights in zip(maps, np.split(kernel, groups), strict=True):
        result = np.zeros((len(pictures), len(weights), rows, columns), np.float32)
        for y, x in product(*map(range, kernel.shape[2:])):
            top, left = y * dilation[0], x * dilation[1]
            seen = own[:, :, top :: stride[0], left :: stride[1]][:, :, :rows, :columns]
            result += np.einsum("oc,bchw->bohw", weights[:, :, y, x], seen)
        results.append(result)
    together = np.concatenate(results, axis=1)
    return together if bias is None else together + bias.reshape(1, -1, 1, 1)


def pool(
    pictures: FloatArray, kind: str, kernel: Pair, stride: Pair, padding: Pair = (0, 0)
) -> FloatArray:
    """Caffe's pooling, window by window, as the loops of its pooling_layer.cpp go."""
    height, width = pictures.shape[2:]
    rows, columns = (
        _windows(*sides) for sides in zip((height, width), kernel, stride, padding, strict=True)
    )
    result = np.empty((*pictures.shape[:2], rows, columns), np.float32)
    for row, column in product(range(rows), range(columns)):
        top, left = row * stride[0] - padding[0], column * stride[1] - padding[1]
        bottom = min(top + kernel[0], height + padding[0])
        right = min(left + kernel[1], width + padding[1])
        area = (bottom - top) * (right - left)
        window = pictures[:, :, max(top, 0) : min(bottom, height), max(left, 0) : min(right, width)]
        result[:, :, row, column] = (
            window.max(axis=(2, 3)) if kind == "MAX" else window.sum(axis=(2, 3)) / area
        )
    return result


def _windows(side: int, kernel: int, stride: int, padding: int) -> int:
    count = int(np.ceil((side + 2 * padding - kernel) / stride)) + 1
    if padding and (count - 1) * stride >= side + padding:
        count -= 1
    return count
