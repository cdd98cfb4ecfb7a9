"""How fast people in a video are told, and how steadily, beside the original program's loop.

    python -m benchmarks.video
    python -m benchmarks.video speed labels --rate 15 --repeat 5

speed   frames per second on two people, and on a camera that sweeps over a group photograph;
        without writing anything, and with both sides writing through the same encoder
labels  how often a label changes for each person and minute, and how often people are taken for
        others
latency how old a live picture is when its people are told, with 30 pictures a second coming
memory  what the program holds after one minute and after five of a video, with every output

The clips are composed from images/, so that who is where in each frame is known. On both sides the
same face detector answers, and nothing is shown. The original's loop is written anew: detect in
every frame, and run the network of Levi and Hassner on each face. Its weights are random here: how
long it takes does not depend on them. Labels are told for the same loop with the program's own age
model, so that only the loop differs.

Frames per second depend on the machine; the two sides take turns, and the ratio is what counts.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2

import age_detector
import face_detector
from age_detector.levi_hassner import WEIGHTS as AGE_NET
from age_pipeline import options
from age_pipeline.data import Face, Image
from age_pipeline.stages import AgeDetector, FaceDetector, ModelUse
from age_pipeline.video_people import DOUBTFUL
from benchmarks import running
from benchmarks.age_speed import load_models
from benchmarks.composed_clips import ComposedFrame, compose
from benchmarks.live_latency import latency_of
from benchmarks.sample_clips import group_photograph, sample_clips, two_faces
from benchmarks.video_loops import as_original, as_program, frame_rate
from benchmarks.video_memory import memory_after
from benchmarks.video_steadiness import Said, said_of

PARTS = ("speed", "labels", "latency", "memory")

LIVE_RATE = 30.0
"""Pictures a second that a live source gives."""

LIVE_S = 20.0
"""How long it is listened to."""

SLOWED_S = 0.5
"""How much longer a look for faces takes on a slow machine."""

MINUTES = (1, 5)
"""When memory is read."""


@dataclass(frozen=True, slots=True)
class Models:
    """What the loops ask.

    Attributes:
        once: The face detector as the original's loop asks it.
        doubtful: The same, with the doubtful faces that tracking wants.
        own: The age model of the program.
        old: The network of Levi and Hassner.
    """

    once: FaceDetector
    doubtful: FaceDetector
    own: AgeDetector
    old: AgeDetector

    @classmethod
    def load(cls) -> Models:
        """All of them; random weights where age_net.caffemodel is nowhere."""
        ages = load_models([age_detector.DEFAULT], None)
        return cls(
            face_detector.load(looks="single"),
            face_detector.load(looks="single", min_confidence=DOUBTFUL),
            ages[age_detector.DEFAULT],
            ages[AGE_NET.name],
        )


def report_speed(models: Models, rate: float, repeat: int) -> None:
    """Print frames per second of both sides, as a table in Markdown."""
    films = {
        "two faces": list(compose(two_faces(), rate)),
        "group photograph": list(group_photograph(rate)),
    }
    _row("640x480", "turn", "writes", "original, frames per second", "program", "times faster")
    _row(*["---"] * 6)
    with tempfile.TemporaryDirectory() as folder:
        for name, frames in films.items():
            for writes, output in {"nothing": None, "H.264": Path(folder, "out.mp4")}.items():
                for turn in range(repeat):
                    slow = frame_rate(as_original(models.once, models.old), frames, rate, output)
                    fast = frame_rate(as_program(models.doubtful, models.own), frames, rate, output)
                    ratio = f"{fast / slow:.1f}"
                    _row(name, turn + 1, writes, f"{slow:.1f}", f"{fast:.1f}", ratio)


def report_labels(models: Models, rate: float) -> None:
    """Print how often labels and numbers change, as a table in Markdown."""
    films: dict[str, Callable[[], Iterable[ComposedFrame]]] = {
        "two faces": partial(compose, two_faces(), rate),
        **{name: partial(compose, clip, rate) for name, clip in sample_clips().items()},
        "group photograph": partial(group_photograph, rate),
    }
    _row(
        "clip",
        "faces",
        "each frame alone: told",
        "changes",
        "a minute",
        "program: told",
        "changes",
        "a minute",
        "switches",
    )
    _row(*["---"] * 9)
    before, after = Said(), Said()
    for name, film in films.items():
        frames = list(film())
        alone = said_of(as_original(models.once, models.own), frames)
        steady = said_of(as_program(models.doubtful, models.own), frames)
        _labels_row(name, alone, steady, rate)
        before, after = before + alone, after + steady
    _labels_row("all", before, after, rate)


def report_latency(models: Models) -> None:
    """Print how old live pictures are when their people are told, as a table in Markdown."""
    frames = list(compose(two_faces(), LIVE_RATE))
    loops = {
        "every frame on its own": as_original(models.once, models.old),
        "program": as_program(models.doubtful, models.own, is_live=True),
        f"program, each look for faces {SLOWED_S:g} s slower": as_program(
            _Slowed(models.doubtful), models.own, is_live=True
        ),
    }
    _row(
        f"live, {LIVE_RATE:g} pictures per second for {LIVE_S:g} s",
        "told per second",
        "95% told within, first half",
        "second half",
    )
    _row(*["---"] * 4)
    for name, loop in loops.items():
        told = latency_of(loop, frames, LIVE_RATE, LIVE_S)
        _row(name, f"{told.told:.1f}", f"{told.early_ms:.0f} ms", f"{told.late_ms:.0f} ms")


def report_memory() -> None:
    """Print what the program holds as a video goes on, as a table in Markdown."""
    _row("minutes of video", *MINUTES)
    _row(*["---"] * (1 + len(MINUTES)))
    _row("memory", *(f"{held:.0f} MiB" for held in memory_after(MINUTES)))


@dataclass(frozen=True, slots=True)
class _Slowed:
    """A face detector on a slow machine."""

    plain: FaceDetector

    @property
    def model(self) -> ModelUse:
        return self.plain.model

    def detect(self, image: Image) -> list[Face]:
        time.sleep(SLOWED_S)
        return self.plain.detect(image)


def _labels_row(name: str, alone: Said, steady: Said, rate: float) -> None:
    cells = [
        cell
        for said in (alone, steady)
        for cell in (said.labels, said.changes, f"{said.changes_a_minute(rate):.1f}")
    ]
    _row(name, steady.faces, *cells, steady.switches)


def _row(*cells: object) -> None:
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run on these arguments, or on the command line's; returns the exit code."""
    return running.run(lambda: _run(_parser().parse_args(argv)), "video")


def _run(asked: argparse.Namespace) -> None:
    print(f"OpenCV {cv2.__version__}, {cv2.getNumThreads()} threads")
    models = Models.load()
    parts: dict[str, Callable[[], None]] = {
        "speed": partial(report_speed, models, asked.rate, asked.repeat),
        "labels": partial(report_labels, models, asked.rate),
        "latency": partial(report_latency, models),
        "memory": report_memory,
    }
    for part in asked.part or PARTS:
        print()
        parts[part]()


def _parser() -> argparse.ArgumentParser:
    description, _, rest = (__doc__ or "").partition("\n\n")
    parser = options.Parser("python -m benchmarks.video", description, rest)
    parser.add_argument(
        "part", nargs="*", type=_part, help=f"{', '.join(PARTS)} (default: all, in this order)"
    )
    parser.add_argument(
        "--rate",
        type=options.number("a number above 0", float, lambda value: value > 0),
        default=30.0,
        metavar="R",
        help="frames a second of the clips (default: %(default)s)",
    )
    parser.add_argument(
        "--repeat",
        type=options.number("a whole number from 1", int, lambda value: value >= 1),
        default=3,
        metavar="N",
        help="how often both sides take turns (default: %(default)s)",
    )
    return parser


def _part(text: str) -> str:
    if text not in PARTS:
        raise argparse.ArgumentTypeError(f"expected one of {', '.join(PARTS)}")
    return text


if __name__ == "__main__":
    sys.exit(main())
