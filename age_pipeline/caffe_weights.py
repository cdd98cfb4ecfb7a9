"""The numbers of a Caffe network: what a .caffemodel file holds of each of its layers.

The file is one protobuf message, a NetParameter of caffe.proto (BVLC/caffe). Only the names of the
layers and their numbers are read. How these are arranged is left to the description, because the
old form of the file and the new one state it differently.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

FloatArray = npt.NDArray[np.float32]

_MESSAGES = {
    "Blob": {"data": (5, "float")},
    "Layer": {"name": (1, "string"), "blobs": (7, "Blob")},
    "OldLayer": {"name": (4, "string"), "blobs": (6, "Blob")},
    "Network": {"layers": (2, "OldLayer"), "layer": (100, "Layer")},
}
"""The fields that are read, with their numbers and types: of BlobProto, LayerParameter,
V1LayerParameter and NetParameter. All count as repeated, as which single ones can be read too."""


def read_weights(data: bytes) -> dict[str, list[FloatArray]]:
    """Read the content of a .caffemodel file.

    Returns:
        The numbers of each layer that has some, by its name: float32, one-dimensional.

    Raises:
        ValueError: It is no such file, or not the whole of one.
    """
    try:
        network = _network_class().FromString(data)
    except DecodeError as error:
        raise ValueError(str(error)) from error
    return {
        layer.name[-1]: [np.array(blob.data, np.float32) for blob in layer.blobs]
        for layer in [*network.layers, *network.layer]
        if layer.name and layer.blobs
    }


def _network_class() -> Any:
    """What protobuf makes of `_MESSAGES`."""
    file = FileDescriptorProto(name="caffe_weights", syntax="proto2")
    scalars = {"float": FieldDescriptorProto.TYPE_FLOAT, "string": FieldDescriptorProto.TYPE_STRING}
    for name, fields in _MESSAGES.items():
        described = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            described.field.add(
                name=field,
                number=number,
                label=FieldDescriptorProto.LABEL_REPEATED,
                type=scalars.get(kind, FieldDescriptorProto.TYPE_MESSAGE),
                type_name=None if kind in scalars else kind,
            )
    pool = DescriptorPool()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName("Network"))
