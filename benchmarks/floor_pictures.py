"""The least that telling ages in pictures costs: reading them, and looking once for faces.

    python -m benchmarks.floor_pictures FOLDER

Every core that this process may use takes the next picture, decodes it and runs the SSD on one
thread: the pictures are independent of each other, so no other division of the work is faster.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue

import cv2

from age_pipeline.cores import usable_cores
from benchmarks.original_pictures import add_face_option, load_faces, read


def main(argv: Sequence[str] | None = None) -> int:
    """Run on these arguments, or on the command line's; returns the exit code."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.floor_pictures",
        description="Reads the pictures of a folder and looks for faces, on all cores.",
    )
    parser.add_argument("pictures", type=Path, metavar="FOLDER", help="holds nothing but pictures")
    add_face_option(parser)
    asked = parser.parse_args(argv)
    cv2.setNumThreads(1)
    waiting: SimpleQueue[Path] = SimpleQueue()
    for path in sorted(asked.pictures.iterdir()):
        waiting.put(path)
    cores = usable_cores()
    with ThreadPoolExecutor(cores) as threads:
        workers = [threads.submit(_look, waiting, asked.face) for _ in range(cores)]
    print(f"{sum(worker.result() for worker in workers)} faces")
    return 0


def _look(waiting: SimpleQueue[Path], folder: Path) -> int:
    """Look for faces in one waiting picture after another, and count them."""
    find = load_faces(folder)
    count = 0
    while True:
        try:
            path = waiting.get_nowait()
        except Empty:
            return count
        count += len(find(read(path)))


if __name__ == "__main__":
    sys.exit(main())
