"""Caffe networks as ONNX, each converted once and then kept in the user's cache."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from age_pipeline.destinations import make_folder, write_whole
from age_pipeline.errors import OutputError
from age_pipeline.model_files import LoadedModel, cache_folder

_LOG = logging.getLogger("detect_age")

VERSION = 2
"""Of the conversion: to be raised where it makes another file of the same network."""

_FOLDER = "converted"
"""Below the user's cache. The name of each file is a hash of what it was made of, and one of what
it should hold."""


def converted(
    prototxt: bytes, weights: LoadedModel, outputs: Sequence[str], least_channels: int = 1
) -> bytes:
    """The content of an ONNX file that is the same network as two Caffe files.

    Where the cache cannot be read or written, the network is converted every time.

    Args:
        prototxt: What describes its layers.
        weights: What holds their numbers.
        outputs: Names of what the network is to give.
        least_channels: See `caffe_to_onnx`.

    Raises:
        ValueError: The two do not make a network that can be converted.
    """
    sources = [str(VERSION), str(least_channels), *outputs, weights.sha256]
    sources.append(hashlib.sha256(prototxt).hexdigest())
    name = _hash("\n".join(sources).encode())
    folder = cache_folder() / _FOLDER
    kept = _kept(folder, name)
    if kept is not None:
        return kept
    # Only now: what is kept is there before these are even imported.
    from age_pipeline.caffe_description import read_description
    from age_pipeline.caffe_to_onnx import caffe_to_onnx
    from age_pipeline.caffe_weights import read_weights

    description = read_description(prototxt.decode())
    numbers = read_weights(weights.data)
    network = caffe_to_onnx(description, numbers, outputs, least_channels=least_channels)
    content: bytes = network.SerializeToString()
    try:
        make_folder(folder)
        write_whole(folder / f"{name}-{_hash(content)}.onnx", content)
    except OutputError as error:
        _LOG.debug("the converted network is not kept: %s", error)
    return content


def _kept(folder: Path, name: str) -> bytes | None:
    for path in folder.glob(f"{name}-*.onnx"):
        try:
            content = path.read_bytes()
        except OSError as error:
            _LOG.debug("a converted network cannot be read: %s", error)
            continue
        if path.stem == f"{name}-{_hash(content)}":
            return content
        _LOG.debug("%s is damaged, and made anew", path)
        with suppress(OSError):
            path.unlink()
    return None


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
