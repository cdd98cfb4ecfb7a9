"""The smallest network files: one 1x1 convolution without a bias, in Caffe's format and in ONNX.

Field numbers after caffe.proto (BVLC) and onnx.proto (ONNX).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from benchmarks.caffe_files import CONVOLUTION, blob
from benchmarks.protobuf_fields import content, number, text

FloatArray = npt.NDArray[np.float32]

PROTOTXT = """
input: "data"
input_shape { dim: 1 dim: 3 dim: 4 dim: 5 }
layers { name: "mix" type: CONVOLUTION bottom: "data" top: "mix"
  convolution_param { num_output: 2 kernel_size: 1 bias_term: false } }
"""
"""Reads pictures of 5x4 pixels with three channels, gives two channels."""

SHAPE = (3, 4, 5)


def caffe_file(mix: FloatArray) -> bytes:
    """Weights for `PROTOTXT`: shape (2, 3), outputs by inputs."""
    layer = text(4, "mix") + number(5, CONVOLUTION) + blob(mix[..., None, None])
    return text(1, "tiny") + content(2, layer)


def onnx_file(mix: FloatArray) -> bytes:
    """The same network as one ONNX file, for any number of pictures."""
    kernel = mix[..., None, None]
    node = text(1, "data") + text(1, "kernel") + text(2, "mix") + text(4, "Conv")
    # OpenCV 4.10 has to be told.
    node += content(5, text(1, "kernel_shape") + number(8, 1) * 2 + number(20, 7))
    weights = (
        b"".join(number(1, side) for side in kernel.shape)
        + number(2, 1)
        + text(8, "kernel")
        + content(9, kernel.astype("<f4").tobytes())
    )
    graph = (
        content(1, node)
        + text(2, "tiny")
        + content(5, weights)
        + content(11, _value("data", SHAPE))
        + content(12, _value("mix", (len(mix), *SHAPE[1:])))
    )
    return number(1, 8) + content(7, graph) + content(8, text(1, "") + number(2, 13))


def _value(name: str, shape: tuple[int, ...]) -> bytes:
    sides = content(1, text(2, "pictures")) + b"".join(content(1, number(1, n)) for n in shape)
    return text(1, name) + content(2, content(1, number(1, 1) + content(2, sides)))
