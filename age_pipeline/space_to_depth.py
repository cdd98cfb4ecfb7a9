"""A convolution with a stride as one without, of pixels that lie together as channels.

An engine that computes with eight channels at a time computes mostly with zeros where a network
reads the three colours of a picture. With a stride of two, four pixels make one of twelve channels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from age_pipeline.caffe_description import Shape
from age_pipeline.caffe_shapes import Window

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class SpaceToDepth:
    """Two convolutions that follow each other, and do what one with a stride does.

    Attributes:
        selection: Weights of the first, shape (channels of a block, inputs, *block). Its kernel and
            its stride are a block of pixels, as large as the stride that it replaces, and it makes
            a channel of each of them.
        pads: Of the first: above, to the left, below, to the right.
        weights: Of the second, which has neither stride nor padding; shape (outputs, channels of a
            block, *kernel).
    """

    selection: FloatArray
    pads: tuple[int, int, int, int]
    weights: FloatArray


def space_to_depth(
    weights: FloatArray, window: Window, given: Shape, wanted: Shape
) -> SpaceToDepth:
    """Take a convolution apart.

    Args:
        weights: Shape (outputs, inputs, *kernel): of one group.
        window: Without dilation.
        given: Of what it reads: (pictures, inputs, height, width).
        wanted: Likewise of what it gives.
    """
    outputs, inputs, *_ = weights.shape
    (high, wide), (above, left) = window.stride, window.padding
    down, across = (
        -(-side // stride) for side, stride in zip(window.kernel, window.stride, strict=True)
    )
    below, right = (
        max((count + blocks - 1) * stride - side - before, 0)
        for count, blocks, stride, side, before in zip(
            wanted[2:], (down, across), window.stride, given[2:], window.padding, strict=True
        )
    )
    channels = high * wide * inputs
    selection = np.eye(channels, dtype=np.float32).reshape(channels, high, wide, inputs)
    missing = down * high - window.kernel[0], across * wide - window.kernel[1]
    whole = np.pad(weights, ((0, 0), (0, 0), (0, missing[0]), (0, missing[1])))
    blocks = whole.reshape(outputs, inputs, down, high, across, wide)
    return SpaceToDepth(
        selection.transpose(0, 3, 1, 2),
        (above, left, below, right),
        blocks.transpose(0, 3, 5, 1, 2, 4).reshape(outputs, channels, down, across),
    )
