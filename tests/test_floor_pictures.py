from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.camera_pictures import camera_picture
from benchmarks.program_runs import ROOT


def floor(folder: Path) -> subprocess.CompletedProcess[str]:
    # A process of its own: it sets OpenCV's threads for good.
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.floor_pictures", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_all_pictures_are_looked_at_once(tmp_path: Path) -> None:
    for number, faces in enumerate((1, 2, 1, 4)):
        picture = camera_picture(faces, 640, 480, seed=0)
        (tmp_path / f"{number}.jpg").write_bytes(picture)
    done = floor(tmp_path)
    assert (done.returncode, done.stdout) == (0, "8 faces\n")


def test_what_is_no_picture_ends_it(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("a poem")
    done = floor(tmp_path)
    assert done.returncode == 1
    assert done.stderr.endswith("a.jpg is no picture that OpenCV reads\n")
