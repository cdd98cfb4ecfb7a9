"""What benchmarks.speed shows to the programs that it compares, written by a process of its own.

    python -m benchmarks.speed_inputs DIR --sizes 640x480 --faces 1 4

Composing large pictures takes memory, and a process that has held it could not tell how little
the programs that it starts hold: see `program_runs.run_program`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from benchmarks.caffe_files import age_net
from benchmarks.camera_pictures import camera_picture
from benchmarks.original_pictures import AGE_WEIGHTS
from benchmarks.speed_scenes import PICTURES, Scene, picture_size


def write_inputs(folder: Path, scenes: Sequence[Scene]) -> None:
    """Write age_net with random weights, and for each scene its pictures in a folder.

    Args:
        folder: Made where it does not exist.
        scenes: Whose `folder` below it gets the pictures.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / AGE_WEIGHTS).write_bytes(age_net())
    for scene in scenes:
        inside = scene.folder(folder)
        inside.mkdir(parents=True, exist_ok=True)
        for number in range(PICTURES):
            picture = camera_picture(scene.faces, scene.width, scene.height, seed=number)
            (inside / f"{number}.jpg").write_bytes(picture)


def main(argv: Sequence[str] | None = None) -> int:
    """Run on these arguments, or on the command line's; returns the exit code."""
    parser = argparse.ArgumentParser("python -m benchmarks.speed_inputs")
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--sizes", nargs="+", required=True, type=picture_size)
    parser.add_argument("--faces", nargs="+", required=True, type=int)
    asked = parser.parse_args(argv)
    each = product(asked.sizes, asked.faces)
    write_inputs(asked.folder, [Scene(width, height, faces) for (width, height), faces in each])
    return 0


if __name__ == "__main__":
    sys.exit(main())
