"""Whether every engine reads the same ages out of the project's own networks.

    python -m benchmarks.engines

compares the installed OpenCV with the other engines that are installed: the networks' outputs for
the faces of images/ and for random crops. Exit code 1 where two differ by 1e-4 or more.

Another OpenCV is compared by way of a file, which holds the crops and the outputs:

    python -m benchmarks.engines --write-reference reference.npz
    python3 -m venv other
    other/bin/pip install 'opencv-python>=5' numpy pillow platformdirs tqdm
    other/bin/python -m benchmarks.engines --reference reference.npz

The second run needs no face detector.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

import age_detector
import face_detector
from age_pipeline import options
from age_pipeline.data import Image
from age_pipeline.errors import PackageMissing
from age_pipeline.model_files import LoadedModel, load
from age_pipeline.network_engines import ENGINES, Engine
from age_pipeline.networks import onnx_network
from benchmarks import running
from benchmarks.engine_reference import Answers, Reference, read_reference, write_reference
from benchmarks.own_models import folder_with, own_models
from benchmarks.sample_pictures import read_sample

LIMIT = 1e-4
"""Two engines agree where no probability differs by as much."""

PICTURES = ("1.png", "2.jpg", "einstein_1947.jpg", "nasa_group15.jpg", "solvay_1927.jpg")
RANDOM_CROPS = 32

FloatArray = npt.NDArray[np.float32]

log = logging.getLogger("detect_age")


def other_engines() -> list[Engine]:
    """Those besides OpenCV that are installed."""
    return [engine for engine in ENGINES[1:] if find_spec(engine) is not None]


def named(engine: Engine) -> str:
    """An engine and its version."""
    return f"OpenCV {cv2.__version__}" if engine == "opencv" else f"{engine} {version(engine)}"


def answers_of(
    engine: Engine, models: Mapping[str, LoadedModel], crops: Mapping[str, npt.NDArray[np.uint8]]
) -> dict[str, Answers]:
    """Show each network its crops.

    Args:
        engine: What runs them.
        models: By the name of the age model.
        crops: Likewise: uint8, shape (crops, height, width, 3), blue-green-red.
    """
    answers = {}
    for name, model in models.items():
        batch = np.ascontiguousarray(crops[name].transpose(0, 3, 1, 2), np.float32)
        answers[name] = Answers(model.sha256, crops[name], onnx_network(model, engine).run(batch))
    return answers


def sample_crops(names: Iterable[str], folder: Path | None) -> dict[str, npt.NDArray[np.uint8]]:
    """The faces of images/ as each age model cuts them out, and random pixels.

    Args:
        names: Of the age models.
        folder: Where their files are looked for first.
    """
    faces = face_detector.load()
    pictures: list[Image] = [read_sample(name) for name in PICTURES]
    found = [(picture, face) for picture in pictures for face in faces.detect(picture)]
    crops = {}
    for name in names:
        ages = age_detector.load(name, folder_with(age_detector.MODELS[name], folder))
        own = np.stack([ages.crop(picture, face) for picture, face in found])
        shape = (RANDOM_CROPS, *own.shape[1:])
        random = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        crops[name] = np.concatenate([own, random])
    return crops


def compare(ours: Reference, theirs: Reference) -> None:
    """Print how far each network's outputs are apart; too far is logged as an error."""
    for name, own in ours.answers.items():
        difference = np.abs(own.outputs - theirs.answers[name].outputs).max()
        print(
            f"{name}: {len(own.crops)} crops, {ours.engine} and {theirs.engine} differ"
            f" by {difference:.1e} at most"
        )
        # Written so that what is no number fails too.
        if not difference < LIMIT:
            log.error("%s: %s and %s do not agree to %g", name, ours.engine, theirs.engine, LIMIT)


def main(argv: Sequence[str] | None = None) -> int:
    """Run on these arguments, or on the command line's; returns the exit code."""
    return running.run(lambda: _run(_parser().parse_args(argv)), "engines")


def _run(asked: argparse.Namespace) -> None:
    folder = options.model_folder("--age", asked.age, options.AGE_FOLDER)
    engines = other_engines()
    if not engines and asked.reference is None and asked.write_reference is None:
        raise PackageMissing(
            f"there is nothing to compare OpenCV with: install {' or '.join(ENGINES[1:])},"
            " or give --reference"
        )
    models = {name: load(model, folder_with(model, folder)) for name, model in own_models().items()}
    others = []
    if asked.reference is None:
        crops = sample_crops(models, folder)
    else:
        sha256s = {name: model.sha256 for name, model in models.items()}
        others.append(read_reference(asked.reference, sha256s))
        crops = {name: answers.crops for name, answers in others[0].answers.items()}
    ours = Reference(named("opencv"), answers_of("opencv", models, crops))
    if asked.write_reference is not None:
        write_reference(asked.write_reference, ours)
    others += [Reference(named(each), answers_of(each, models, crops)) for each in engines]
    for theirs in others:
        compare(ours, theirs)


def _parser() -> argparse.ArgumentParser:
    parser = options.Parser("python -m benchmarks.engines", __doc__ or "", "")
    parser.add_argument(
        "--age",
        metavar="DIR",
        default=options.AGE_FOLDER,
        help="folder of files to use instead of the program's own, one or all",
    )
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "--write-reference", type=Path, metavar="FILE", help="write the crops and OpenCV's outputs"
    )
    either.add_argument(
        "--reference", type=Path, metavar="FILE", help="compare with what was written elsewhere"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
