"""From a Caffe network to an ONNX file, which every engine reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from onnx import ModelProto

from age_pipeline.caffe_description import Description
from age_pipeline.caffe_layers import Step
from age_pipeline.caffe_shapes import top_shape
from age_pipeline.onnx_graph import Graph


def caffe_to_onnx(
    description: Description,
    weights: Mapping[str, Sequence[npt.NDArray[np.float32]]],
    outputs: Sequence[str],
    *,
    least_channels: int = 1,
) -> ModelProto:
    """Convert a network, as far as some of its outputs need it.

    Args:
        description: Its layers.
        weights: The numbers of each layer, by its name.
        outputs: Names of what it is to give, in this order.
        least_channels: A convolution with a stride that reads fewer than these is to read several
            pixels as one of more channels: see `space_to_depth`.

    Returns:
        A network for any number of pictures. Its input and outputs have the names that they have
        in Caffe.

    Raises:
        ValueError: The weights are those of another network, or a layer says what is not
            supported; the message names the layer.
    """
    if description.input in outputs:
        raise ValueError(f"{description.input} is the network's input, and no output of it")
    description = description.up_to(outputs)
    graph = Graph(taken=[description.input, *(each.tops[0] for each in description.layers)])
    # Where layers replace what they read, only the last one's result has the name for itself.
    last = {top: layer for layer in description.layers for top in layer.tops}
    names = {description.input: description.input}
    shapes = {description.input: description.shape}
    for layer in description.layers:
        [top] = layer.tops
        inputs = [shapes[bottom] for bottom in layer.bottoms]
        step = Step(
            layer=layer,
            inputs=[names[bottom] for bottom in layer.bottoms],
            output=top if last[top] is layer and top != description.input else graph.made_up(top),
            shapes=inputs,
            shape=top_shape(layer, inputs),
            weights=weights.get(layer.name, ()),
            graph=graph,
            least_channels=least_channels,
        )
        step.convert()
        names[top], shapes[top] = step.output, step.shape
    return graph.model(
        (description.input, description.shape), [(each, shapes[each]) for each in outputs]
    )
