"""How fast an age is told, beside the network of Levi and Hassner, on one thread.

    python -m benchmarks.age_speed
    python -m benchmarks.age_speed --rounds 200 --age FOLDER

"whole" is what detect_age.py does with faces that are found: cut them out and estimate their ages.
"network" is the part of it that the network runs. Both are the thread's time on a processor, where
what else runs on the machine counts little; the models take turns, so that it slows all of them.
"times faster" is the median of the rounds' ratios, and what 80% of them lie between.

Where age_net.caffemodel is nowhere, random weights of its layers stand in for it: how long the
network takes does not depend on them.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import thread_time
from unittest.mock import patch

import cv2
import numpy as np
import numpy.typing as npt

import age_detector
import face_detector
from age_detector.levi_hassner import WEIGHTS as AGE_NET
from age_pipeline import options
from age_pipeline.data import Face, Image
from age_pipeline.errors import UsageError
from age_pipeline.model_files import places
from age_pipeline.networks import Network
from age_pipeline.progress import with_progress
from age_pipeline.stages import AgeDetector
from benchmarks import running
from benchmarks.caffe_files import age_net
from benchmarks.own_models import folder_with, own_models
from benchmarks.sample_pictures import read_sample

PICTURE = "1.png"
FACES = (1, 2, 8)
"""How many faces are looked at together: the picture's one, so many times."""

log = logging.getLogger("detect_age")

Seconds = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """What one model took for so many faces, in seconds, one number for each round.

    Attributes:
        whole: From the picture to the ages.
        network: Inside the network alone.
    """

    whole: Seconds
    network: Seconds


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times faster one model is than another.

    Attributes:
        median: Over the rounds.
        low: 10% of the rounds lie below.
        high: 10% lie above.
    """

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, slow: Seconds, fast: Seconds) -> Ratio:
        """From what both took in the same rounds."""
        low, middle, high = np.percentile(slow / fast, (10, 50, 90)).tolist()
        return cls(middle, low, high)

    def __str__(self) -> str:
        return f"{self.median:.1f} ({self.low:.1f}-{self.high:.1f})"


def time_in_turns(
    models: Mapping[str, AgeDetector], image: Image, face: Face, rounds: int
) -> dict[tuple[str, int], Times]:
    """Time all models on each number of `FACES`; they take turns, round by round.

    Args:
        models: By name.
        image: uint8, shape (height, width, 3), blue-green-red.
        face: In the picture; asked for once, twice and so on.
        rounds: How many there are after a first one, which does not count.

    Returns:
        By the model's name and the number of faces.
    """
    turns = [(name, count) for count in FACES for name in models]
    taken: dict[tuple[str, int], list[tuple[float, float]]] = {turn: [] for turn in turns}
    with closing(with_progress(range(rounds + 1), rounds + 1)) as bar, _clocked() as in_networks:
        for _ in bar:
            for name, count in turns:
                ages, before = models[name], in_networks()
                started = thread_time()
                ages.estimate([ages.crop(image, each) for each in [face] * count])
                whole = thread_time() - started
                taken[name, count].append((whole, in_networks() - before))
    # What is set up at the first run of a network is no part of its speed.
    return {turn: Times(*np.transpose(each[1:])) for turn, each in taken.items()}


@contextmanager
def _clocked() -> Iterator[Callable[[], float]]:
    """Gives the seconds that networks have run since; only the age model knows when it asks one."""
    plain = Network.run
    passed = 0.0

    def run(network: Network, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        nonlocal passed
        started = thread_time()
        output = plain(network, batch)
        passed += thread_time() - started
        return output

    with patch.object(Network, "run", run):
        yield lambda: passed


def report(times: Mapping[tuple[str, int], Times]) -> None:
    """Print a row for each model and number of faces beside age_net, as a table in Markdown."""
    pair = f"{AGE_NET.name} | times faster"
    print(f"| model | faces | whole, ms | {pair} | network, ms | {pair} |")
    print("|---|---|---|---|---|---|---|---|")
    for (name, count), own in times.items():
        if name != AGE_NET.name:
            slow = times[AGE_NET.name, count]
            cells = [name, str(count)]
            for fast, other in ((own.whole, slow.whole), (own.network, slow.network)):
                cells += [_milliseconds(fast), _milliseconds(other), str(Ratio.of(other, fast))]
            print(f"| {' | '.join(cells)} |")


def _milliseconds(times: Seconds) -> str:
    return f"{np.median(times) * 1000:.2f}"


def load_models(names: Sequence[str], folder: Path | None) -> dict[str, AgeDetector]:
    """The models by name, and age_net beside them.

    Args:
        names: Of the models.
        folder: Where their files are looked for first; what it lacks comes from its usual place.

    Raises:
        UsageError, ModelMissing, ModelDamaged: One cannot be used.
    """
    known = age_detector.MODELS
    models = {name: age_detector.load(name, folder_with(known[name], folder)) for name in names}
    given = folder_with(AGE_NET, folder)
    if any(place.is_file() for place in places(AGE_NET, given)):
        models[AGE_NET.name] = age_detector.load(AGE_NET.name, given)
        return models
    log.info("%s: random weights stand in, %s is nowhere", AGE_NET.name, AGE_NET.file)
    with tempfile.TemporaryDirectory() as stand_in, _unremarked():
        (Path(stand_in) / AGE_NET.file).write_bytes(age_net())
        models[AGE_NET.name] = age_detector.load(AGE_NET.name, Path(stand_in))
    return models


@contextmanager
def _unremarked() -> Iterator[None]:
    """Without the warning that a file is not the known one, which has been said already."""
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)


def main(argv: Sequence[str] | None = None) -> int:
    """Run on these arguments, or on the command line's; returns the exit code."""
    return running.run(lambda: _run(_parser().parse_args(argv)), "age_speed")


def _run(asked: argparse.Namespace) -> None:
    if asked.rounds < 1:
        raise UsageError(f"--rounds {asked.rounds} leaves nothing to time: give 1 or more")
    folder = options.model_folder("--age", asked.age, options.AGE_FOLDER)
    image = read_sample(PICTURE)
    face = face_detector.load().detect(image)[0]
    models = load_models(asked.age_model, folder)
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        times = time_in_turns(models, image, face, asked.rounds)
    finally:
        cv2.setNumThreads(threads)
    print(f"OpenCV {cv2.__version__}, one thread, medians of {asked.rounds} rounds")
    report(times)


def _parser() -> argparse.ArgumentParser:
    own = list(own_models())
    parser = options.Parser("python -m benchmarks.age_speed", __doc__ or "", "")
    parser.add_argument(
        "--age-model",
        nargs="+",
        choices=own,
        default=own,
        help=f"which models are timed beside {AGE_NET.name} (default: all)",
    )
    parser.add_argument(
        "--age",
        metavar="DIR",
        default=options.AGE_FOLDER,
        help="folder of files to use instead of the program's own, one or all",
    )
    parser.add_argument(
        "--rounds", type=int, default=50, metavar="N", help="how many count (default: %(default)s)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
