"""What an imperfect detector would see of a clip whose truth is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import numpy as np

from age_pipeline.data import Box, Face
from benchmarks.composed_clips import ComposedFrame, compose
from benchmarks.sample_clips import sample_clips

Sight = tuple[str, Face]
"""Whose face it really is, and the face."""


@cache
def frames(name: str, frame_rate: float) -> Sequence[ComposedFrame]:
    """All frames of one of the sample clips; nobody can write into them."""
    composed = tuple(compose(sample_clips()[name], frame_rate))
    for frame in composed:
        frame.image.flags.writeable = False
    return composed


def detected(
    clip: Iterable[ComposedFrame],
    seed: int,
    *,
    jitter: float = 0.04,
    missed: float = 0.1,
    least_seen: float = 0.6,
) -> Iterator[tuple[ComposedFrame, list[Sight]]]:
    """What a detector finds in each frame, in random order.

    Args:
        clip: The frames.
        seed: Of the randomness.
        jitter: By how much each edge is off, in widths and heights: standard deviation.
        missed: The part of the faces that are not found, by chance.
        least_seen: What is hidden more than that is never found.
    """
    random = np.random.default_rng(seed)
    for frame in clip:
        height, width = frame.image.shape[:2]
        sights = []
        for name, box in frame.boxes.items():
            off = random.normal(0, jitter, (2, 2)) * (box.width, box.height)
            shaken = Box.clipped(
                *(off[0] + (box.left, box.top)),
                *(off[1] + (box.right, box.bottom)),
                width=width,
                height=height,
            )
            confidence = float(random.uniform(0.6, 1))
            if random.random() >= missed and frame.seen[name] >= least_seen and shaken is not None:
                sights.append((name, Face(shaken, confidence)))
        random.shuffle(sights)
        yield frame, sights
