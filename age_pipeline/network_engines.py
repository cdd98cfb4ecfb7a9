"""The engines that can run a network: their names, and how those besides OpenCV run an ONNX file.

Nothing heavy is imported before an engine is made ready, so that `--help` can name them all.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, Literal, get_args

from age_pipeline.copies import Copies
from age_pipeline.cores import usable_cores
from age_pipeline.errors import PackageMissing
from age_pipeline.installed_packages import pip_install

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    FloatArray = npt.NDArray[np.float32]

    Forward = Callable[[FloatArray], Sequence[FloatArray]]
    """Runs a network on a batch and gives all its outputs, the caller's own. Threads may share it,
    and run it at once.

    Where the network cannot take such a batch, it raises ValueError, and where the memory does not
    suffice, MemoryError."""

Engine = Literal["opencv", "onnxruntime", "openvino"]

ENGINES: tuple[Engine, ...] = get_args(Engine)
"""The default first."""

REQUIREMENTS = {
    "onnxruntime": "onnxruntime>=1.20,<2",
    "openvino": "openvino>=2025.0,<2027",
}
"""The engines that need not be installed; likewise in pyproject.toml."""

_PREPARING = Lock()


def ready_forward(engine: Engine, content: bytes) -> Forward:
    """Make an engine other than OpenCV ready to run a network.

    Args:
        engine: Which one.
        content: Of an ONNX file.

    Raises:
        PackageMissing: The engine is not installed here.
        ValueError: It cannot load this network.
    """
    make = {"onnxruntime": _onnxruntime, "openvino": _openvino}[engine]
    try:
        return make(content)
    except ImportError as error:
        raise PackageMissing(
            f"the engine {engine} cannot be used ({error}):"
            f" run `{pip_install(REQUIREMENTS[engine])}`"
        ) from error


def _threads() -> int:
    """As many as OpenCV takes for each of its functions: one setting for every engine."""
    import cv2

    return int(cv2.getNumThreads())


def _onnxruntime(content: bytes) -> Forward:
    # It would tell its makers over the network of every network that it runs, and keep an
    # identifier in the user's home.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    onnxruntime = import_module("onnxruntime")
    # Its errors have no common ancestor of their own.
    native = vars(import_module("onnxruntime.capi.onnxruntime_pybind11_state")).values()
    errors = tuple(
        each for each in native if isinstance(each, type) and issubclass(each, Exception)
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _threads()
    # Threads that wait for work by asking again and again slow down everybody else's.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # What fails is raised; in its log it would be told a second time.
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except errors as error:
        raise ValueError(str(error)) from error
    [pictures] = session.get_inputs()

    def forward(batch: FloatArray) -> Sequence[FloatArray]:
        try:
            outputs: list[FloatArray] = session.run(None, {pictures.name: batch})
        except errors as error:
            raise _failure(str(error)) from error
        return outputs

    return forward


def _openvino(content: bytes) -> Forward:
    # It would tell its makers over the network of every import, and keep an identifier in the
    # user's home; where this package is absent, it does not.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import numpy as np

    openvino = import_module("openvino")
    core = openvino.Core()
    threads = _threads()
    streams = max(usable_cores() // threads, 1)
    asked = {
        # So many runs at once, and the threads of all together.
        "NUM_STREAMS": streams,
        "INFERENCE_NUM_THREADS": streams * threads,
        # A thread that may use one core alone waits for whoever else uses that one.
        "ENABLE_CPU_PINNING": False,
        # Where the processor has bfloat16, that would be taken, and ages would differ.
        "INFERENCE_PRECISION_HINT": "f32",
    }
    try:
        network = core.compile_model(core.read_model(content), "CPU", asked)
    except RuntimeError as error:
        raise ValueError(_last_line(error)) from error
    with _PREPARING:
        # When its binding first sees an array it prepares itself; two threads at once would wait
        # for each other for ever.
        _ = openvino.Tensor(np.zeros(1, np.float32)).data
    # A request keeps its input between the steps of a run.
    requests = Copies(network.create_infer_request)

    def forward(batch: FloatArray) -> Sequence[FloatArray]:
        try:
            with requests.lent() as request:
                # Run in OpenVINO's own threads: in the caller's it leaves something that is cleared
                # away when that one ends, and ends the process where the network is gone by then.
                request.start_async([batch])
                request.wait()
                return [output.data.copy() for output in request.output_tensors]
        except RuntimeError as error:
            raise _failure(_last_line(error)) from error

    return forward


def _failure(reason: str) -> ValueError | MemoryError:
    """What a failed run is: the engines tell a lack of memory by their words alone."""
    lacks_memory = re.search(r"bad_alloc|failed to allocate", reason, re.IGNORECASE)
    return MemoryError(reason) if lacks_memory else ValueError(reason)


def _last_line(error: RuntimeError) -> str:
    """What an error of OpenVINO says, without the places in its code before it."""
    return str(error).strip().splitlines()[-1]
