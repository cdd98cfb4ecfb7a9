"""The one seam to an engine: a network file goes in, batches of pixels come back as numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Lock

import cv2
import numpy as np
import numpy.typing as npt

from age_pipeline.errors import ModelDamaged, PackageMissing
from age_pipeline.model_files import LoadedModel, ModelFile


class Network:
    """A network with one input and one output, ready to run in OpenCV's DNN module.

    Threads may share it; their runs take turns.
    """

    def __init__(self, network: cv2.dnn.Net) -> None:
        self._network = network
        # OpenCV's network keeps its input between the two calls of a run.
        self._running = Lock()

    def run(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Run the network once.

        Args:
            batch: float32, shape (pictures, channels, height, width), as the network expects it.

        Returns:
            The output of the network's last layer: the caller's own copy.
        """
        with self._running:
            self._network.setInput(batch)
            return np.array(self._network.forward(), dtype=np.float32)


def caffe_network(prototxt: Path, weights: LoadedModel) -> Network:
    """Build a Caffe network from our description of its layers and somebody's weights.

    Raises:
        ModelDamaged: OpenCV cannot make a network of the two.
        PackageMissing: This OpenCV reads no Caffe networks.
    """
    if not hasattr(cv2.dnn, "readNetFromCaffe"):
        raise PackageMissing(
            f"OpenCV {cv2.__version__} reads no Caffe networks: "
            "run `python -m pip install 'opencv-python<5'`"
        )
    try:
        return Network(
            cv2.dnn.readNetFromCaffe(_buffer(prototxt.read_bytes()), _buffer(weights.data))
        )
    except cv2.error as error:
        raise _refused(weights, error) from error


def onnx_network(model: LoadedModel) -> Network:
    """Build a network from an ONNX file.

    Raises:
        ModelDamaged: OpenCV cannot make a network of it.
    """
    try:
        return Network(cv2.dnn.readNetFromONNX(_buffer(model.data)))
    except cv2.error as error:
        raise _refused(model, error) from error


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


def _buffer(data: bytes) -> npt.NDArray[np.uint8]:
    """OpenCV takes Python's bytes for the name of a file, and an array for what is in one."""
    return np.frombuffer(data, np.uint8)


def _refused(model: LoadedModel, error: cv2.error) -> ModelDamaged:
    reason = " ".join(str(error.err).split())[:200] or "no reason given"
    return ModelDamaged(f"{model.path}: OpenCV cannot load this network ({reason})")
