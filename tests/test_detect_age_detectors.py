"""detect_age.py as its user runs it with each face detector, and where one is not to be had."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
from detector_files import detector_folder

import face_detector
from age_pipeline.data import Box
from age_pipeline.model_files import CACHE_VARIABLE
from face_detector import yunet

ROOT = Path(__file__).parent.parent

WITHOUT = """
import sys
sys.path.insert(0, {root!r})
{broken}
import detect_age
sys.exit(detect_age.main(sys.argv[1:]))
"""
"""The program, in a Python that lacks something."""


def run(
    *command: str, folder: Path | None = None, cache: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Look for faces in 1.png, in `cache` as the user's cache."""
    argv = ["-i", str(ROOT / "images" / "1.png"), "--no-show", "--json", "-"]
    if folder is not None:
        argv += ["--face", str(folder)]
    environment = dict(os.environ)
    if cache is not None:
        environment[CACHE_VARIABLE] = str(cache)
    return subprocess.run(
        [sys.executable, *command, *argv],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=False,
    )


def error_of(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that a run that failed has to say."""
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    start = "detect_age: error: "
    assert line.startswith(start)
    return line.removeprefix(start)


@pytest.mark.parametrize("name", face_detector.NAMES)
def test_each_detector_finds_the_face(name: str) -> None:
    folder = detector_folder(name)
    if name == "hog":
        pytest.importorskip("dlib")
    done = run(str(ROOT / "detect_age.py"), "--detector", name, folder=folder)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["models"]["face"]["name"] == name
    [face] = record["faces"]
    assert Box(*face["box"]).iou(Box(179, 57, 271, 177)) > 0.7
    assert face["confidence"] >= 0.9
    assert 25 <= face["age"]["years"] <= 50
    [line] = done.stderr.splitlines()
    assert line.startswith("detect_age: ages by compact (")


def test_yunet_without_its_file_says_how_to_fetch_it(tmp_path: Path) -> None:
    done = run(str(ROOT / "detect_age.py"), "--detector", "yunet", folder=tmp_path, cache=tmp_path)
    error = error_of(done)
    assert error.startswith(f"yunet: {yunet.WEIGHTS.file} is not in {tmp_path}, ")
    assert error.endswith("; to get it: python -m face_detector fetch yunet")


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("haar", "import cv2; vars(cv2).pop('CascadeClassifier', None)"),
        ("hog", "sys.modules['dlib'] = None"),
    ],
)
def test_what_is_not_there_is_said_with_the_cure(name: str, broken: str) -> None:
    program = WITHOUT.format(root=str(ROOT), broken=broken)
    error = error_of(run("-c", program, "--detector", name))
    model = face_detector.MODELS[name]
    assert error.startswith(f"{name} needs {model.needs} (")
    assert error.endswith(f": run `{model.how_to_get}`")


@pytest.mark.skipif(hasattr(cv2, "CascadeClassifier"), reason="this OpenCV has cascades")
def test_haar_on_an_opencv_without_cascades() -> None:
    done = run(str(ROOT / "detect_age.py"), "--detector", "haar")
    assert error_of(done).startswith("haar needs cv2.CascadeClassifier (")
