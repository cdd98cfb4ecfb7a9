"""One small Caffe network for each thing that a layer can say, and what it computes in numpy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from caffe_networks import convolve, pool

FloatArray = npt.NDArray[np.float32]

Shapes = Sequence[tuple[int, ...]]

SHAPE = (1, 6, 11, 8)
"""Of every input."""


def layer(
    type_: str, says: str = "", bottoms: str = "data", top: str = "out", name: str = ""
) -> str:
    """A layer with the parameters of its kind."""
    reads = " ".join(f'bottom: "{bottom}"' for bottom in bottoms.split())
    return f'layer {{ name: "{name or top}" type: "{type_}" {reads} top: "{top}" {says} }}\n'


@dataclass(frozen=True, eq=False)
class Case:
    """A network, the shapes of its layers' numbers, and what it should give.

    The expected result is a function of the input and all numbers, in the order of their layers.
    """

    id: str
    layers: str
    expected: Callable[..., FloatArray]
    blobs: Mapping[str, Shapes]
    is_imported: bool = True
    """Whether OpenCV's importer does the same."""


def across(values: FloatArray) -> FloatArray:
    """One number for each channel, for arithmetic with maps."""
    return values.reshape(1, -1, 1, 1)


def softmax(values: FloatArray, axis: int) -> FloatArray:
    powers = np.exp(values - values.max(axis=axis, keepdims=True))
    return np.asarray(powers / powers.sum(axis=axis, keepdims=True), np.float32)


def neighbours(x: FloatArray, size: int, alpha: float, beta: float, k: float) -> FloatArray:
    """Local response normalisation (Krizhevsky 2012)."""
    squares = np.pad(x**2, ((0, 0), (size // 2, size // 2), (0, 0), (0, 0)))
    sums = np.lib.stride_tricks.sliding_window_view(squares, size, axis=1).sum(axis=-1)
    return np.asarray(x / (k + alpha / size * sums) ** beta, np.float32)


def normalised(x: FloatArray, mean: FloatArray, variance: FloatArray, n: FloatArray) -> FloatArray:
    variance = variance / n
    return np.asarray((x - across(mean / n)) / np.sqrt(across(variance) + np.float32(1e-5)))


def norm(x: FloatArray, axis: int | tuple[int, ...], scale: FloatArray) -> FloatArray:
    length = np.sqrt((x**2).sum(axis=axis, keepdims=True) + np.float32(1e-10))
    return np.asarray(x / length * across(scale))


BN, SCALE = layer("BatchNorm", top="bn"), "scale_param { bias_term: true }"
SIX: Shapes = [(6,), (6,), (1,)]

CASES = [
    Case(
        "convolution",
        layer("Convolution", "convolution_param { num_output: 4 kernel_size: 3 }"),
        convolve,
        {"out": [(4, 6, 3, 3), (4,)]},
    ),
    Case(
        "convolution-without-bias-with-padding-and-stride",
        layer(
            "Convolution",
            "convolution_param { num_output: 4 kernel_size: 3 pad: 1 stride: 2 bias_term: false }",
        ),
        lambda x, w: convolve(x, w, stride=(2, 2), padding=(1, 1)),
        {"out": [(4, 6, 3, 3)]},
    ),
    Case(
        "convolution-in-groups-dilated",
        layer(
            "Convolution",
            "convolution_param { num_output: 4 kernel_size: 3 pad: 2 dilation: 2 group: 2 }",
        ),
        lambda x, w, b: convolve(x, w, b, padding=(2, 2), dilation=(2, 2), groups=2),
        {"out": [(4, 3, 3, 3), (4,)]},
    ),
    Case(
        "convolution-depthwise",
        layer("Convolution", "convolution_param { num_output: 6 kernel_size: 3 group: 6 }"),
        lambda x, w, b: convolve(x, w, b, groups=6),
        {"out": [(6, 1, 3, 3), (6,)]},
    ),
    Case(
        "convolution-with-sides-by-name",
        layer(
            "Convolution",
            "convolution_param { num_output: 4 kernel_h: 5 kernel_w: 2 pad_h: 2 pad_w: 1"
            " stride_h: 1 stride_w: 3 }",
        ),
        lambda x, w, b: convolve(x, w, b, stride=(1, 3), padding=(2, 1)),
        {"out": [(4, 6, 5, 2), (4,)]},
    ),
    Case(
        "convolution-with-two-sides-each",
        layer(
            "Convolution",
            "convolution_param { num_output: 4 kernel_size: 1 kernel_size: 3 pad: 0 pad: 1"
            " stride: 3 stride: 1 dilation: 1 dilation: 2 }",
        ),
        lambda x, w, b: convolve(x, w, b, stride=(3, 1), padding=(0, 1), dilation=(1, 2)),
        {"out": [(4, 6, 1, 3), (4,)]},
    ),
    Case("batch-norm", layer("BatchNorm"), normalised, {"out": SIX}),
    Case(
        "batch-norm-without-batches",
        layer("BatchNorm", "batch_norm_param { eps: 0.01 use_global_stats: true }"),
        lambda x, _mean, _variance, _n: x / np.float32(0.1),
        {"out": SIX},
        # Of it OpenCV makes nothing but infinities.
        is_imported=False,
    ),
    Case(
        "scale",
        layer("Scale", SCALE),
        lambda x, a, b: x * across(a) + across(b),
        {"out": [(6,), (6,)]},
    ),
    Case("scale-without-bias", layer("Scale"), lambda x, a: x * across(a), {"out": [(6,)]}),
    Case(
        "batch-norm-scaled-in-place",
        layer("BatchNorm") + layer("Scale", SCALE, "out", name="scale"),
        lambda x, m, v, n, a, b: normalised(x, m, v, n) * across(a) + across(b),
        {"out": SIX, "scale": [(6,), (6,)]},
    ),
    Case(
        "batch-norm-scaled-twice-in-place",
        layer("BatchNorm")
        + layer("Scale", SCALE, "out", name="scale")
        + layer("Scale", "", "out", name="again"),
        lambda x, m, v, n, a, b, c: (normalised(x, m, v, n) * across(a) + across(b)) * across(c),
        {"out": SIX, "scale": [(6,), (6,)], "again": [(6,)]},
    ),
    Case(
        "batch-norm-scaled-beside",
        BN + layer("Scale", SCALE, "bn", "scale") + layer("Eltwise", "", "bn scale"),
        lambda x, m, v, n, a, b: normalised(x, m, v, n) * across(1 + a) + across(b),
        {"bn": SIX, "scale": [(6,), (6,)]},
    ),
    Case(
        "batch-norm-scaled-in-place-after-somebody-read-it",
        layer("BatchNorm")
        + layer("ReLU", "", "out", "positive")
        + layer("Scale", SCALE, "out", name="scale")
        + layer("Eltwise", "", "out positive", "out", name="sum"),
        lambda x, m, v, n, a, b: (
            (y := normalised(x, m, v, n)) * across(a) + across(b) + np.maximum(y, 0)
        ),
        {"out": SIX, "scale": [(6,), (6,)]},
    ),
    Case("relu", layer("ReLU"), lambda x: np.maximum(x, 0), {}),
    Case(
        "relu-with-slope",
        layer("ReLU", "relu_param { negative_slope: 0.25 }"),
        lambda x: np.where(x < 0, x * np.float32(0.25), x),
        {},
    ),
    Case(
        "pooling-of-an-incomplete-window",
        layer("Pooling", "pooling_param { kernel_size: 3 stride: 2 }"),
        lambda x: pool(x, "MAX", (3, 3), (2, 2)),
        {},
    ),
    Case(
        "pooling-by-name",
        layer(
            "Pooling",
            "pooling_param { pool: AVE kernel_h: 4 kernel_w: 3 stride_h: 3 stride_w: 2 pad_h: 2"
            " pad_w: 1 }",
        ),
        lambda x: pool(x, "AVE", (4, 3), (3, 2), (2, 1)),
        {},
    ),
    Case(
        "pooling-of-everything",
        layer("Pooling", "pooling_param { pool: AVE global_pooling: true }"),
        lambda x: x.mean(axis=(2, 3), keepdims=True),
        {},
    ),
    Case(
        "lrn",
        layer("LRN", "lrn_param { alpha: 0.0001 beta: 0.75 local_size: 5 }"),
        lambda x: neighbours(x, 5, 0.0001, 0.75, 1),
        {},
    ),
    # Without a word, OpenCV takes another alpha than caffe.proto has, and it never reads k.
    Case(
        "lrn-by-default",
        layer("LRN"),
        lambda x: neighbours(x, 5, 1, 0.75, 1),
        {},
        is_imported=False,
    ),
    Case(
        "lrn-of-three",
        layer("LRN", "lrn_param { local_size: 3 alpha: 0.5 beta: 0.6 k: 2 }"),
        lambda x: neighbours(x, 3, 0.5, 0.6, 2),
        {},
        is_imported=False,
    ),
    Case(
        "normalize",
        layer("Normalize", "norm_param { across_spatial: false channel_shared: false }"),
        lambda x, scale: norm(x, 1, scale),
        {"out": [(6,)]},
    ),
    Case(
        "normalize-everything",
        layer("Normalize"),
        lambda x, scale: norm(x, (1, 2, 3), scale),
        {"out": [(1,)]},
    ),
    Case("eltwise", layer("Eltwise", "", "data data"), lambda x: x + x, {}),
    Case(
        "eltwise-of-three",
        layer("ReLU", top="relu") + layer("Eltwise", "", "data relu data"),
        lambda x: x + np.maximum(x, 0) + x,
        {},
    ),
    Case(
        "eltwise-product",
        layer("ReLU", top="relu")
        + layer("Eltwise", "eltwise_param { operation: PROD }", "data relu"),
        lambda x: x * np.maximum(x, 0),
        {},
    ),
    Case(
        "eltwise-largest",
        layer("Scale", top="scale")
        + layer("Eltwise", "eltwise_param { operation: MAX }", "data scale"),
        lambda x, a: np.maximum(x, x * across(a)),
        {"scale": [(6,)]},
    ),
    Case(
        "inner-products",
        layer("InnerProduct", "inner_product_param { num_output: 7 }", top="one")
        + layer("InnerProduct", "inner_product_param { num_output: 3 bias_term: false }", "one"),
        lambda x, w, b, v: (x.reshape(len(x), -1) @ w.T + b) @ v.T,
        {"one": [(7, 6 * 11 * 8), (7,)], "out": [(3, 7)]},
    ),
    Case(
        "permute",
        layer("Permute", "permute_param { order: 0 order: 2 order: 3 order: 1 }"),
        lambda x: x.transpose(0, 2, 3, 1),
        {},
    ),
    Case(
        "permute-some",
        layer("Permute", "permute_param { order: 0 order: 3 }"),
        lambda x: x.transpose(0, 3, 1, 2),
        {},
        is_imported=False,
    ),
    Case("flatten", layer("Flatten"), lambda x: x.reshape(len(x), -1), {}),
    Case(
        "flatten-the-last",
        layer("Flatten", "flatten_param { axis: 2 }"),
        lambda x: x.reshape(*x.shape[:2], -1),
        {},
    ),
    Case(
        "flatten-the-middle",
        layer("Flatten", "flatten_param { axis: 1 end_axis: -2 }"),
        lambda x: x.reshape(len(x), -1, x.shape[3]),
        {},
    ),
    Case(
        "concat",
        layer("ReLU", top="relu") + layer("Concat", "", "data relu data"),
        lambda x: np.concatenate([x, np.maximum(x, 0), x], axis=1),
        {},
    ),
    Case(
        "concat-below",
        layer("ReLU", top="relu") + layer("Concat", "concat_param { axis: -2 }", "data relu"),
        lambda x: np.concatenate([x, np.maximum(x, 0)], axis=2),
        {},
    ),
    Case(
        "reshape",
        layer("Reshape", "reshape_param { shape { dim: 0 dim: -1 dim: 2 } }"),
        lambda x: x.reshape(len(x), -1, 2),
        {},
    ),
    Case(
        "reshape-with-a-side-kept",
        layer("Reshape", "reshape_param { shape { dim: 0 dim: 0 dim: 4 dim: 22 } }"),
        lambda x: x.reshape(*x.shape[:2], 4, 22),
        {},
    ),
    Case("softmax", layer("Softmax"), lambda x: softmax(x, 1), {}),
    Case(
        "softmax-of-the-last",
        layer("Softmax", "softmax_param { axis: -1 }"),
        lambda x: softmax(x, 3),
        {},
    ),
    Case(
        "dropout",
        layer("Dropout", "dropout_param { dropout_ratio: 0.5 }"),
        lambda x: x,
        {},
    ),
    Case(
        "replaced-again-and-again",
        layer("ReLU", top="data")
        + layer("Scale", SCALE, "data", "data", "scale")
        + layer("Dropout", "", "data", "data")
        + layer("Eltwise", "", "data data"),
        lambda x, a, b: 2 * (np.maximum(x, 0) * across(a) + across(b)),
        {"scale": [(6,), (6,)]},
    ),
]
