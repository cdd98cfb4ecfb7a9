"""Find the temperature that makes a network's probabilities as sure as they may be.

    python -m training.calibrate compact-free --on DATA/fairface-val.tar

Fitted on the first half of the archives' faces (`benchmarks.labelled_folders.half_of`), so that the
second half shows whether it holds: `python -m benchmarks.accuracy ARCHIVE --half second`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from benchmarks.labelled_folders import half_of
from training.data_sets import validation_pictures
from training.evaluation import negative_log_likelihood
from training.faces import plain_batches, with_boxes
from training.find_faces import RUNS
from training.recipes import RECIPES
from training.soft_labels import load_network

CANDIDATES = [round(0.80 + 0.02 * step, 2) for step in range(51)]


def main() -> None:
    """Print the best temperature."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipe", choices=RECIPES)
    parser.add_argument("--on", nargs="+", type=Path, required=True, help="archives to fit on")
    parser.add_argument("--runs", type=Path, default=RUNS, help="folder of boxes and checkpoints")
    options = parser.parse_args()
    network = load_network(options.runs / f"{options.recipe}.pt")
    faces = [
        face
        for archive in options.on
        for face in with_boxes(validation_pictures(archive), options.runs / f"{archive.stem}.csv")
        if half_of(face.name) == "first"
    ]
    with torch.no_grad():
        batches = plain_batches(faces, network.shape.side)
        logits = torch.cat([network(batch)[0] for batch in batches])
    likelihoods = {
        temperature: negative_log_likelihood((logits / temperature).softmax(1), faces)
        for temperature in CANDIDATES
    }
    best = min(likelihoods, key=likelihoods.__getitem__)
    print(f"{len(faces)} faces: temperature {best:.2f}, NLL {likelihoods[best]:.4f}")
    print(f"(at 1.00: {likelihoods[1.0]:.4f})")


if __name__ == "__main__":
    main()
