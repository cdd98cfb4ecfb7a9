"""Programs for benchmarks.speed that are a few lines of Python, and the benches they run on."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.speed_programs import Program, Programs
from benchmarks.speed_runs import Bench
from benchmarks.speed_scenes import Scene

_LINES = """
import sys
from pathlib import Path
pictures, output = map(Path, sys.argv[1:])
output.mkdir()
for path in sorted(pictures.iterdir()):
    (output / path.name).write_bytes(path.read_bytes())
    print(path.name)
"""

SMALL, LARGE = Scene(640, 480, 1), Scene(4000, 3000, 1)


def fake_program(name: str, code: str = _LINES) -> Program:
    """One that copies pictures and tells each one's name, or does something else."""
    return Program(name, (sys.executable, "-S", "-c", code, "PICTURES", "OUTPUT"))


def fake_programs(code: str = _LINES) -> Programs:
    """All five, which differ in nothing but their names."""
    ours = fake_program("ours", code), fake_program("ours --jobs 1", code)
    return Programs(
        fake_program("original", code),
        fake_program("floor", code),
        ours,
        fake_program("ours, no copies", code),
    )


def fake_bench(folder: Path, programs: Programs) -> Bench:
    """With a file of two bytes for each of two pictures of the scenes."""
    for scene in (SMALL, LARGE):
        inside = scene.folder(folder / "inputs")
        inside.mkdir(parents=True)
        for number in range(2):
            (inside / f"{number}.jpg").write_text(f"{number}\n")
    return Bench(folder, folder / "inputs", programs)
