"""Writes a file of age_net.caffemodel's format, architecture and size, with other weights.

The real file may not be handed on with this program. This one is written field by field, after
caffe.proto (BVLC): NetParameter in its old form, with V1LayerParameter and four-sided blobs.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from benchmarks.protobuf_fields import content, number, text

FloatArray = npt.NDArray[np.float32]

SHAPES: dict[str, tuple[int, ...]] = {
    "conv1": (96, 3, 7, 7),
    "conv2": (256, 96, 5, 5),
    "conv3": (384, 256, 3, 3),
    "fc6": (1, 1, 512, 384 * 7 * 7),
    "fc7": (1, 1, 512, 512),
    "fc8": (1, 1, 8, 512),
}
"""Weights of each layer that has some, in the order of the file; fc6 reads 384 maps of 7x7."""

OUTPUTS = {
    name: shape[0] if name.startswith("conv") else shape[2] for name, shape in SHAPES.items()
}

CONVOLUTION, INNER_PRODUCT = 4, 14
"""V1LayerParameter.LayerType"""


SCALES = {"conv1": 0.5, "fc8": 0.06}
"""So that the first maps are large enough for their normalisation to matter, and the outputs small
enough for no bracket to have it all."""


@cache
def weights(seed: int = 0) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Random weights and biases by layer, of a size that keeps the eight outputs apart."""
    random = np.random.default_rng(seed)
    drawn = {}
    for name, shape in SHAPES.items():
        inputs = int(np.prod(shape)) // OUTPUTS[name]
        spread = np.sqrt(2 / inputs) * SCALES.get(name, 1)
        kernel = random.standard_normal(shape, dtype=np.float32) * np.float32(spread)
        bias = random.standard_normal(OUTPUTS[name], dtype=np.float32) * np.float32(0.1)
        drawn[name] = kernel, bias
    return drawn


def age_net(winner: int | None = None, *, seed: int = 0) -> bytes:
    """The content of a file, about 45 MB.

    Args:
        winner: Index of the bracket that wins for every face; None leaves it to the weights.
        seed: Of the random weights.
    """
    layers = []
    for name, (kernel, bias) in weights(seed).items():
        if winner is not None and name == "fc8":
            kernel, bias = np.zeros_like(kernel), np.eye(8, dtype=np.float32)[winner] * 5
        kind = CONVOLUTION if name.startswith("conv") else INNER_PRODUCT
        layer = text(4, name) + number(5, kind) + blob(kernel) + blob(bias.reshape(1, 1, 1, -1))
        layers.append(content(2, layer))
    return text(1, "CaffeNet") + b"".join(layers)


def blob(values: FloatArray) -> bytes:
    """A four-sided array as a field of a layer."""
    sides = b"".join(number(field, side) for field, side in enumerate(values.shape, start=1))
    return content(6, sides + content(5, values.astype("<f4").tobytes()))
