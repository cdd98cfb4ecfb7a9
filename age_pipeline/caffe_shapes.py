"""How large everything is that flows through a Caffe network, by its description alone.

The first side of every shape counts pictures, and no layer may touch it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

from age_pipeline.caffe_description import Description, Layer, Shape

Pair = tuple[int, int]
"""Downwards and across."""


@dataclass(frozen=True, slots=True)
class Window:
    """What a convolution or a pooling slides over its input."""

    kernel: Pair
    stride: Pair
    padding: Pair
    dilation: Pair

    @property
    def reach(self) -> Pair:
        """How many rows and columns lie under the window, its gaps included."""
        down, across = (
            gap * (side - 1) + 1 for side, gap in zip(self.kernel, self.dilation, strict=True)
        )
        return down, across


def window_of(layer: Layer, shape: Shape) -> Window:
    """The window of a convolution or pooling layer that reads something of this shape.

    Raises:
        ValueError: It has none that makes sense.
    """
    says = layer.parameters
    is_global = says.flag("global_pooling", False)
    kernel = (shape[2], shape[3]) if is_global else _pair(layer, "kernel", "kernel_size", 0)
    window = Window(
        kernel,
        _pair(layer, "stride", "stride", 1),
        _pair(layer, "pad", "pad", 0),
        _pair(layer, "dilation", "dilation", 1),
    )
    least = *window.kernel, *window.stride, *window.dilation
    if min(least) < 1 or min(window.padding) < 0:
        raise ValueError("expected sides of its window from 1, and a padding from 0")
    return window


def top_shape(layer: Layer, bottoms: Sequence[Shape]) -> Shape:
    """The shape of what a layer gives, when what it reads has these shapes.

    Raises:
        ValueError: They do not fit, or nobody knows for layers of this kind.
    """
    shape_of = _SHAPES.get(layer.kind)
    if shape_of is None:
        raise layer.problem("its results have no shape of their own")
    if layer.kind not in ("concat", "eltwise") and len(bottoms) != 1:
        raise layer.problem(f"expected one bottom, not {len(bottoms)}")
    if layer.kind in ("convolution", "pooling") and len(bottoms[0]) != 4:
        raise layer.problem(f"expected an input of four sides, not {len(bottoms[0])}")
    try:
        shape = shape_of(layer, bottoms)
    except (IndexError, ValueError) as error:
        raise layer.problem(f"{error}; its input is of shape {bottoms[0]}") from error
    if min(shape) < 1:
        raise layer.problem(f"nothing is left of its input of shape {bottoms[0]}")
    return shape


def shapes_in(description: Description) -> dict[str, Shape]:
    """The shape of everything in a network, by its name, for the batch of its description.

    Raises:
        ValueError: Some of them do not fit.
    """
    shapes = {description.input: description.shape}
    for layer in description.layers:
        [top] = layer.tops
        shapes[top] = top_shape(layer, [shapes[bottom] for bottom in layer.bottoms])
    return shapes


def axis_of(layer: Layer, shape: Shape, name: str = "axis", default: int = 1) -> int:
    """One of the sides of a shape, which may be counted from its end, as -1 and so on.

    Raises:
        ValueError: There is no such side, or it is the first one.
    """
    axis = layer.parameters.integer(name, default)
    if axis % len(shape) == 0 or not -len(shape) < axis < len(shape):
        raise ValueError(f"{name} cannot be {axis}")
    return axis % len(shape)


def order_of(layer: Layer, shape: Shape) -> list[int]:
    """Which of the sides a Permute layer puts where; those that it leaves out follow.

    Raises:
        ValueError: Some side stands twice, or is none, or the first one is moved.
    """
    order = layer.parameters.integers("order")
    order += [side for side in range(len(shape)) if side not in order]
    if sorted(order) != list(range(len(shape))) or order[0] != 0:
        raise ValueError(f"not an order of {len(shape)} sides that leaves the first: {order}")
    return order


def _pair(layer: Layer, prefix: str, name: str, default: int) -> Pair:
    """A side for both directions, one for each in this order, or one for each by name."""
    says = layer.parameters
    values = says.integers(name) or [default]
    if len(values) > 2:
        raise ValueError(f"expected {name} to be one or two numbers, not {len(values)}")
    return says.integer(f"{prefix}_h", values[0]), says.integer(f"{prefix}_w", values[-1])


def _same(layer: Layer, bottoms: Sequence[Shape]) -> Shape:  # noqa: ARG001
    return bottoms[0]


def _equal(layer: Layer, bottoms: Sequence[Shape]) -> Shape:  # noqa: ARG001
    if len(set(bottoms)) != 1:
        raise ValueError(f"expected the same for all, not {bottoms}")
    return bottoms[0]


def _convolution(layer: Layer, bottoms: Sequence[Shape]) -> Shape:
    [(pictures, _, *sides)] = bottoms
    window = window_of(layer, bottoms[0])
    height, width = (
        (side + 2 * padding - reach) // stride + 1
        for side, reach, stride, padding in zip(
            sides, window.reach, window.stride, window.padding, strict=True
        )
    )
    return pictures, layer.parameters.integer("num_output", 0), height, width


def _pooling(layer: Layer, bottoms: Sequence[Shape]) -> Shape:
    [(pictures, channels, *sides)] = bottoms
    window = window_of(layer, bottoms[0])
    pooled = []
    for side, kernel, stride, padding in zip(
        sides, window.kernel, window.stride, window.padding, strict=True
    ):
        # An incomplete last window counts, unless it starts in the padding or behind it.
        count = -((kernel - side - 2 * padding) // stride) + 1
        pooled.append(count - ((count - 1) * stride >= side + padding))
    return pictures, channels, *pooled


def _inner_product(layer: Layer, bottoms: Sequence[Shape]) -> Shape:
    return bottoms[0][0], layer.parameters.integer("num_output", 0)


def _permute(layer: Layer, bottoms: Sequence[Shape]) -> Shape:
    return tuple(bottoms[0][side] for side in order_of(layer, bottoms[0]))


def _softmax(layer: Layer, bottoms: Sequence[Shape]) -> Shape:
    axis_of(layer, bottoms[0])
    return bottoms[0]


def _flatten(layer: Layer, bottoms: Sequence[Shape]) -> Shape:
    first = axis_of(layer, bottoms[0])
    last = axis_of(layer, bottoms[0], "end_axis", -1)
    if last < first:
        raise ValueError(f"axis {first} is behind end_axis {last}")
    return *bottoms[0][:first], prod(bottoms[0][first : last + 1]), *bottoms[0][last + 1 :]


def _concat(layer: Layer, bottoms: Sequence[Shape]) -> Shape:
    axis = axis_of(layer, bottoms[0])
    _equal(layer, [(*shape[:axis], *shape[axis + 1 :]) for shape in bottoms])
    return *bottoms[0][:axis], sum(shape[axis] for shape in bottoms), *bottoms[0][axis + 1 :]


def _reshape(layer: Layer, bottoms: Sequence[Shape]) -> Shape:
    sides = layer.parameters.message("shape").integers("dim")
    if sides[:1] != [0]:
        raise ValueError("expected dim: 0 in front")
    sides = [side or bottoms[0][place] for place, side in enumerate(sides)]
    if -1 in sides:
        sides[sides.index(-1)] = prod(bottoms[0]) // max(-prod(sides), 1)
    if prod(sides) != prod(bottoms[0]):
        raise ValueError(f"it cannot become {sides}")
    return tuple(sides)


_SHAPES: dict[str, Callable[[Layer, Sequence[Shape]], Shape]] = {
    "batchnorm": _same,
    "concat": _concat,
    "convolution": _convolution,
    "dropout": _same,
    "eltwise": _equal,
    "flatten": _flatten,
    "innerproduct": _inner_product,
    "lrn": _same,
    "normalize": _same,
    "permute": _permute,
    "pooling": _pooling,
    "relu": _same,
    "reshape": _reshape,
    "scale": _same,
    "softmax": _softmax,
}
