"""The one seam to the engines: a network file goes in, batches of pixels come back as numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from age_pipeline.converted_networks import converted
from age_pipeline.copies import Copies
from age_pipeline.data import Image
from age_pipeline.errors import ModelDamaged
from age_pipeline.model_files import LoadedModel, ModelFile
from age_pipeline.network_engines import Engine, ready_forward

if TYPE_CHECKING:
    from age_pipeline.network_engines import Forward

FloatArray = npt.NDArray[np.float32]

_OPENCV_CHANNELS = 8
"""How many OpenCV 5 computes with at a time: where there are fewer, with zeros. The other engines
have ways of their own to read the colours of a picture."""


class Network:
    """A network with one input, ready to run. Which engine runs it does not show.

    Threads may share it, and run it at once.

    Args:
        forward: Runs it.
    """

    def __init__(self, forward: Forward) -> None:
        self._forward = forward

    def run(self, batch: FloatArray) -> FloatArray:
        """Run a network with one output once.

        Args:
            batch: float32, shape (pictures, channels, height, width), as the network expects it.

        Returns:
            Its output: the caller's own copy.
        """
        [output] = self._forward(batch)
        return output

    def run_all(self, batch: FloatArray) -> Sequence[FloatArray]:
        """Run it once, likewise, for all its outputs in the order in which they were asked for."""
        return self._forward(batch)


def caffe_network(
    prototxt: Path, weights: LoadedModel, outputs: Sequence[str], engine: Engine = "opencv"
) -> Network:
    """Build a Caffe network from our description of its layers and somebody's weights.

    Args:
        prototxt: The description.
        weights: The weights.
        outputs: Names of what the network is to give; layers that come later are left out.
        engine: What runs it.

    Raises:
        ModelDamaged: The two do not make a network.
        PackageMissing: The engine is not installed.
    """
    description = prototxt.read_bytes()
    if engine == "opencv" and hasattr(cv2.dnn, "readNetFromCaffe"):
        parts = _buffer(description), _buffer(weights.data)
        try:
            return Network(_opencv_forward(partial(cv2.dnn.readNetFromCaffe, *parts), outputs))
        except cv2.error as error:
            raise _refused(weights, engine, error) from error
    least_channels = _OPENCV_CHANNELS if engine == "opencv" else 1
    try:
        content = converted(description, weights, outputs, least_channels)
    except ValueError as error:
        raise _refused(weights, engine, error) from error
    return _ready(content, weights, outputs, engine)


def onnx_network(model: LoadedModel, engine: Engine = "opencv") -> Network:
    """Build a network from an ONNX file.

    Args:
        model: The file.
        engine: What runs it.

    Raises:
        ModelDamaged: The engine cannot make a network of it.
        PackageMissing: The engine is not installed.
    """
    return _ready(model.data, model, (), engine)


def squeezed_batch(image: Image, side: int, mean: tuple[float, float, float]) -> FloatArray:
    """A batch of one picture for a network that takes squares.

    Args:
        image: uint8, shape (height, width, 3), blue-green-red. Not modified.
        side: Of the square that it is squeezed to, in pixels.
        mean: What is subtracted from blue, green and red.

    Returns:
        Shape (1, 3, side, side).
    """
    return np.asarray(cv2.dnn.blobFromImage(image, 1, (side, side), mean), np.float32)


def try_out(answer: Callable[[], object], model: ModelFile, loaded: LoadedModel) -> None:
    """Let a network answer once, unless its file is the known one.

    Weights of something else, or such as are no numbers, show it only when they run.

    Args:
        answer: Runs the network on any input, and fails where what comes out makes no sense.
        model: What the file should be.
        loaded: What it is.

    Raises:
        ModelDamaged: It gave no answer.
    """
    if loaded.verified:
        return
    try:
        answer()
    except (cv2.error, ValueError) as error:
        raise ModelDamaged(
            f"{loaded.path} does not hold the weights of the {model.name} network; "
            f"delete it, then: {model.how_to_get}"
        ) from error


def _ready(content: bytes, model: LoadedModel, outputs: Sequence[str], engine: Engine) -> Network:
    """Load what is, or was made of, a model's file."""
    try:
        if engine == "opencv":
            read = partial(cv2.dnn.readNetFromONNX, _buffer(content))
            return Network(_opencv_forward(read, outputs))
        return Network(ready_forward(engine, content))
    except (cv2.error, ValueError) as error:
        raise _refused(model, engine, error) from error


def _opencv_forward(read: Callable[[], cv2.dnn.Net], outputs: Sequence[str]) -> Forward:
    """Run a network in OpenCV, for these of its outputs, or the last one where none is named."""
    # OpenCV's network keeps its input between the two calls of a run.
    networks = Copies(read)

    def forward(batch: FloatArray) -> Sequence[FloatArray]:
        with networks.lent() as network:
            network.setInput(batch)
            found = network.forward(list(outputs)) if outputs else [network.forward()]
            return [np.asarray(each, np.float32) for each in found]

    return forward


def _buffer(data: bytes) -> npt.NDArray[np.uint8]:
    """OpenCV takes Python's bytes for the name of a file, and an array for what is in one."""
    return np.frombuffer(data, np.uint8)


def _refused(model: LoadedModel, engine: str, error: Exception) -> ModelDamaged:
    reason = error.err if isinstance(error, cv2.error) else str(error)
    reason = " ".join(reason.split())[:200] or "no reason given"
    name = "OpenCV" if engine == "opencv" else engine
    return ModelDamaged(
        f"{model.path}: {name} cannot load this network ({reason}); delete it, and the next run"
        " says how to get it"
    )
