"""Find the labelled face of every picture of an archive, once, with the project's detector.

    python -m training.find_faces DATA/fairface-train.tar DATA/fairface-val.tar DATA/utkface-dev.tar

writes training/runs/fairface-train.csv and so on: file, left, top, right, bottom, confidence. The
39,000 pictures of FairFace's training set take about a quarter of an hour on two cores.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from tqdm import tqdm

import face_detector
from benchmarks.labelled_folders import labelled_face
from training.data_sets import pictures

RUNS = Path(__file__).parent / "runs"

MIN_CONFIDENCE = 0.3
"""Every picture has a face, so a doubtful box is likelier right than wrong."""


def main() -> None:
    """Write one file of boxes for each archive."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("archives", nargs="+", type=Path)
    parser.add_argument("--runs", type=Path, default=RUNS, help="folder of the result")
    options = parser.parse_args()
    options.runs.mkdir(parents=True, exist_ok=True)
    detector = face_detector.load(min_confidence=MIN_CONFIDENCE)
    for archive in options.archives:
        result = options.runs / f"{archive.stem}.csv"
        part = result.with_suffix(".part")
        with part.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["file", "left", "top", "right", "bottom", "confidence"])
            for picture in tqdm(pictures(archive), desc=archive.stem):
                face = labelled_face(detector.detect(picture.image), picture)
                if face is not None:
                    box = face.box
                    edges = (box.left, box.top, box.right, box.bottom)
                    writer.writerow([picture.name, *edges, face.confidence])
        part.replace(result)


if __name__ == "__main__":
    main()
