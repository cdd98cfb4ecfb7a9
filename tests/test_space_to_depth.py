"""Two convolutions without overlap and without stride beside the one that they stand for."""

from __future__ import annotations

import numpy as np
from caffe_networks import convolve
from hypothesis import assume, given
from hypothesis import strategies as st

from age_pipeline.caffe_shapes import Window
from age_pipeline.space_to_depth import space_to_depth

heights = widths = st.integers(1, 17)
kernels = st.tuples(st.integers(1, 7), st.integers(1, 7))
strides = st.tuples(st.integers(1, 5), st.integers(1, 5))
paddings = st.tuples(st.integers(0, 4), st.integers(0, 4))


@given(heights, widths, kernels, strides, paddings, st.integers(1, 3))
def test_the_two_give_what_the_one_gives(
    height: int,
    width: int,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    channels: int,
) -> None:
    sides = height, width
    assume(all(n + 2 * p >= k for n, p, k in zip(sides, padding, kernel, strict=True)))
    random = np.random.default_rng(7)
    pictures = random.standard_normal((2, channels, *sides), dtype=np.float32)
    weights = random.standard_normal((4, channels, *kernel), dtype=np.float32)
    expected = convolve(pictures, weights, stride=stride, padding=padding)
    window = Window(kernel, stride, padding, (1, 1))

    split = space_to_depth(weights, window, pictures.shape, expected.shape)

    above, left, below, right = split.pads
    assert min(split.pads) >= 0
    padded = np.pad(pictures, ((0, 0), (0, 0), (above, below), (left, right)))
    blocks = convolve(padded, split.selection, stride=stride)
    found = convolve(blocks, split.weights)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_a_block_has_a_channel_for_each_colour_of_each_pixel() -> None:
    weights = np.zeros((32, 3, 7, 7), np.float32)
    window = Window((7, 7), (2, 2), (3, 3), (1, 1))
    split = space_to_depth(weights, window, (1, 3, 300, 300), (1, 32, 150, 150))
    assert split.selection.shape == (12, 3, 2, 2)
    assert split.weights.shape == (32, 12, 4, 4)
    assert split.pads == (3, 3, 3, 3)
    # The pixels of a block from left to right and down, each with its colours in their order.
    pixels = np.arange(12, dtype=np.float32).reshape(1, 2, 2, 3).transpose(0, 3, 1, 2)
    assert convolve(pixels, split.selection).ravel().tolist() == list(range(12))
