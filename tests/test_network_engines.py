"""The engines besides OpenCV. What they compute is tested where networks are loaded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from installed_engines import OTHER_ENGINES, needs
from tiny_networks import SHAPE, onnx_file

from age_pipeline.errors import PackageMissing
from age_pipeline.network_engines import ENGINES, REQUIREMENTS, Engine, ready_forward

ROOT = Path(__file__).parent.parent
MIX = np.array([[0.25, 0.5, -2], [3, 1, 0.125]], np.float32)

RUN = """
import json, os, sys, threading

told = []


def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "os.mkdir", "subprocess.Popen"):
        told.append(f"{event} {arguments}")


sys.addaudithook(watch)
engine, path, *core = sys.argv[1:]
if core:
    os.sched_setaffinity(0, {int(core[0])})
import numpy as np
from age_pipeline.network_engines import ready_forward

forward = ready_forward(engine, open(path, "rb").read())
[output] = forward(np.ones((1, 3, 4, 5), np.float32))
threads = len(os.listdir("/proc/self/task"))
print(json.dumps([output.shape, told, threads]))
"""


def in_another_process(engine: Engine, tmp_path: Path, *core: str) -> tuple[list[str], int]:
    """What an engine did besides running a network, and how many threads there were then."""
    (tmp_path / "tiny.onnx").write_bytes(onnx_file(MIX))
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-B", "-c", RUN, engine, str(tmp_path / "tiny.onnx"), *core],
        cwd=ROOT,
        # Nothing that says that tests are run, which keeps some engines quiet.
        env={"HOME": str(home), "PATH": os.environ["PATH"]},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    shape, told, threads = json.loads(done.stdout)
    assert shape == [1, 2, *SHAPE[1:]]
    assert list(home.iterdir()) == []
    return told, threads


def test_opencv_is_the_default() -> None:
    assert ENGINES == ("opencv", "onnxruntime", "openvino")


def test_what_a_missing_engine_asks_for_is_what_the_extra_installs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for engine, requirement in REQUIREMENTS.items():
        assert project["optional-dependencies"][engine] == [requirement]


@pytest.mark.parametrize("engine", OTHER_ENGINES)
def test_nothing_leaves_the_machine_and_nothing_is_left_on_it(
    engine: Engine, tmp_path: Path
) -> None:
    told, _ = in_another_process(engine, tmp_path)
    assert told == []


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is only one core")
@pytest.mark.parametrize("engine", OTHER_ENGINES)
def test_it_takes_the_cores_that_the_process_may_use(engine: Engine, tmp_path: Path) -> None:
    core = str(min(os.sched_getaffinity(0)))
    _, threads = in_another_process(engine, tmp_path)
    _, threads_on_one = in_another_process(engine, tmp_path, core)
    assert threads_on_one < threads


@pytest.mark.parametrize("engine", OTHER_ENGINES)
def test_what_it_cannot_run_is_a_value_error_and_no_talk(
    engine: Engine, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValueError, match=r"."):
        ready_forward(engine, b"abc")
    forward = ready_forward(engine, onnx_file(MIX))
    with pytest.raises(ValueError, match=r"."):
        forward(np.zeros((1, 3, 9, 9), np.float32))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("engine", OTHER_ENGINES)
def test_an_engine_that_does_not_load_says_why(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"{engine}.py").write_text("raise ImportError('libgomp.so.1: cannot open')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, engine, raising=False)
    with pytest.raises(PackageMissing, match=f"the engine {engine} .*libgomp.*pip install"):
        ready_forward(engine, onnx_file(MIX))


@pytest.mark.parametrize("engine", OTHER_ENGINES)
def test_it_does_not_talk_of_a_network(engine: Engine, capfd: pytest.CaptureFixture[str]) -> None:
    network = onnx.load_from_string(onnx_file(MIX))
    unused = onnx.numpy_helper.from_array(np.zeros(3, np.float32), "unused")
    network.graph.initializer.append(unused)
    ready_forward(engine, network.SerializeToString())
    assert capfd.readouterr() == ("", "")


@needs("onnxruntime")
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="nothing counts threads here")
def test_onnxruntime_takes_as_many_threads_as_opencv(monkeypatch: pytest.MonkeyPatch) -> None:
    ready_forward("onnxruntime", onnx_file(MIX))
    before = len(os.listdir("/proc/self/task"))  # noqa: PTH208
    monkeypatch.setattr(cv2, "getNumThreads", lambda: 6)
    forward = ready_forward("onnxruntime", onnx_file(MIX))
    # Whoever runs a network is one of them.
    assert len(os.listdir("/proc/self/task")) == before + 5  # noqa: PTH208
    del forward


@needs("openvino")
def test_openvino_is_asked_for_as_many_and_for_all_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    openvino = import_module("openvino")
    asked: list[dict[str, object]] = []
    plain = openvino.Core.compile_model

    def compile_model(
        core: object, model: object, device: str, config: dict[str, object]
    ) -> object:
        asked.append(config)
        return plain(core, model, device, config)

    monkeypatch.setattr(openvino.Core, "compile_model", compile_model)
    monkeypatch.setattr("age_pipeline.network_engines.usable_cores", lambda: 5)
    for threads in (6, 2, 1):
        monkeypatch.setattr(cv2, "getNumThreads", lambda threads=threads: threads)
        ready_forward("openvino", onnx_file(MIX))
    # Processors with bfloat16 would otherwise answer to three digits; others could not tell.
    assert {each["INFERENCE_PRECISION_HINT"] for each in asked} == {"f32"}
    counts = [(each["NUM_STREAMS"], each["INFERENCE_NUM_THREADS"]) for each in asked]
    assert counts == [(1, 6), (2, 4), (5, 5)]


@pytest.mark.parametrize(
    ("engine", "step"),
    [
        pytest.param("onnxruntime", "InferenceSession.run", marks=needs("onnxruntime")),
        pytest.param("openvino", "InferRequest.wait", marks=needs("openvino")),
    ],
)
@pytest.mark.parametrize(
    "reason", ["std::bad_alloc", "Failed to allocate memory for requested buffer of size 46080000"]
)
def test_a_lack_of_memory_is_told_from_a_wrong_batch(
    engine: Engine, step: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    native = import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    error = {"onnxruntime": native.Fail, "openvino": RuntimeError}[engine]

    name, method = step.split(".")
    runner = getattr(import_module(engine), name)
    plain = getattr(runner, method)

    def fail(*arguments: object) -> None:
        plain(*arguments)
        raise error(reason)

    forward = ready_forward(engine, onnx_file(MIX))
    batch = np.zeros((1, *SHAPE), np.float32)
    with monkeypatch.context() as patched:
        patched.setattr(runner, method, fail)
        with pytest.raises(MemoryError, match=reason):
            forward(batch)
    assert len(forward(batch)) == 1


AT_ONCE = """
import sys, threading

import numpy as np
from age_pipeline.network_engines import ready_forward

forward = ready_forward("openvino", open(sys.argv[1], "rb").read())
sys.setswitchinterval(1e-6)
meeting = threading.Barrier(8)


def run():
    meeting.wait()
    forward(np.ones((1, 3, 4, 5), np.float32))


threads = [threading.Thread(target=run) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


@needs("openvino")
def test_the_first_runs_may_be_at_once(tmp_path: Path) -> None:
    (tmp_path / "tiny.onnx").write_bytes(onnx_file(MIX))
    for _ in range(4):
        subprocess.run(
            [sys.executable, "-c", AT_ONCE, str(tmp_path / "tiny.onnx")],
            cwd=ROOT,
            check=True,
            timeout=60,
        )
