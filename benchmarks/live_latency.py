"""How old a live picture is when its people are told, with a source faster than the models."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np

from age_pipeline.data import Image
from age_pipeline.live_source import LiveSource
from age_pipeline.video_source import Cut
from benchmarks.composed_clips import ComposedFrame
from benchmarks.video_loops import Loop


@dataclass(frozen=True, slots=True)
class Latency:
    """How up to date a loop is.

    Attributes:
        told: Pictures a second of which it tells the people.
        early_ms: How old a picture is then, in milliseconds: the 95th percentile of the first half.
        late_ms: Likewise of the second half: where pictures wait in a line, it is far more.
    """

    told: float
    early_ms: float
    late_ms: float


def latency_of(
    loop: Loop, frames: Sequence[ComposedFrame], rate: float, duration_s: float
) -> Latency:
    """Let a loop keep up with pictures that come whether it is ready or not.

    Args:
        loop: A new one.
        frames: Of a clip; from its end it begins again.
        rate: Pictures a second that come.
        duration_s: For how long.
    """
    ages_s = []
    pictures = _TimedPictures(frames, rate)
    with LiveSource("clip", pictures.come, cut=Cut(0, duration_s)) as source:
        for frame in source:
            loop.find(frame)
            ages_s.append(time.monotonic() - pictures.begun_s - frame.index / rate)
    ages_ms = [1000 * age_s for age_s in ages_s]
    early, late = ages_ms[: (len(ages_ms) + 1) // 2], ages_ms[len(ages_ms) // 2 :]
    return Latency(
        len(ages_ms) / duration_s, float(np.percentile(early, 95)), float(np.percentile(late, 95))
    )


class _TimedPictures:
    """Picture k comes k / rate seconds after the first, as far as its thread is let run."""

    def __init__(self, frames: Sequence[ComposedFrame], rate: float) -> None:
        self._frames = frames
        self._rate = rate
        self.begun_s = 0.0

    def come(self) -> Generator[Image, None, None]:
        self.begun_s = time.monotonic()
        index = 0
        while True:
            time.sleep(max(0.0, self.begun_s + index / self._rate - time.monotonic()))
            yield self._frames[index % len(self._frames)].image
            index += 1
