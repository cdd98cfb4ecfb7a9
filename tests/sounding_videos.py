"""Small videos with sound, written when a test wants one, and what is in a video."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

LENGTH_S = 2
FRAME_RATE = 25
TONE_FROM_S = 1.0
"""Silence before, a tone from here on: what is cut at the wrong place is heard."""


def save_sounding_video(
    path: Path,
    codec: str = "aac",
    *,
    rate: int = 48_000,
    layout: str = "stereo",
    picture: bool = True,
    picture_from_s: float = 0.0,
    from_s: int = 0,
) -> Path:
    """Write two seconds of grey pictures, 64x48, with a tone in the second one.

    Args:
        path: Its suffix chooses the container.
        codec: Of the sound, as FFmpeg calls its encoder.
        rate: Samples a second.
        layout: Of its channels.
        picture: Whether there are pictures at all.
        picture_from_s: How much later than the sound they begin.
        from_s: The time that the file itself begins at; .ts only.
    """
    options = {"mpegts_copyts": "1"} if from_s else {}
    with av.open(str(path), "w", options=options) as output:
        sound = output.add_stream(codec, rate=rate, layout=layout)
        assert isinstance(sound, av.AudioStream)
        video = None
        if picture:
            video = output.add_stream("mpeg4", rate=FRAME_RATE, width=64, height=48)
            assert isinstance(video, av.VideoStream)
        moments = np.arange(LENGTH_S * rate) / rate
        wave = np.where(moments < TONE_FROM_S, 0, 0.5 * np.sin(2 * np.pi * 440 * moments))
        for start in range(0, len(wave), 1024):
            channels = len(sound.codec_context.layout.channels)
            each = np.tile(wave[start : start + 1024].astype(np.float32), (channels, 1))
            piece = av.AudioFrame.from_ndarray(each, format="fltp", layout=layout)
            piece.sample_rate, piece.time_base = rate, Fraction(1, rate)
            piece.pts = from_s * rate + start
            output.mux(sound.encode(piece))
        output.mux(sound.encode(None))
        if video is not None:
            for grey in range(LENGTH_S * FRAME_RATE):
                pixels = np.full((48, 64, 3), grey * 5, np.uint8)
                frame = av.VideoFrame.from_ndarray(pixels, format="bgr24")
                frame.pts = grey + round((from_s + picture_from_s) * FRAME_RATE)
                frame.time_base = Fraction(1, FRAME_RATE)
                output.mux(video.encode(frame))
            output.mux(video.encode(None))
    return path


@dataclass(frozen=True)
class Heard:
    """The sound of a video.

    Attributes:
        codec: Of the sound.
        from_s: Where the first of it is.
        until_s: Where the last of it ends.
        tones: Where each tone begins and ends.
    """

    codec: str
    from_s: float
    until_s: float
    tones: list[tuple[float, float]]

    @property
    def tone_from_s(self) -> float:
        return self.tones[0][0] if self.tones else float("nan")


def hear(path: Path) -> Heard:
    """Decode the sound of a video that has one."""
    with av.open(str(path)) as video:
        stream = video.streams.audio[0]
        pieces = list(video.decode(stream))
        tones: list[tuple[float, float]] = []
        for piece in pieces:
            loud = np.flatnonzero(_levels(piece) > 0.1)
            if loud.size:
                begin, end = ((piece.time or 0) + loud[[0, -1]] / piece.sample_rate).tolist()
                if tones and begin - tones[-1][1] < 0.05:
                    begin = tones.pop()[0]
                tones.append((begin, end))
        last = pieces[-1]
        return Heard(
            codec=stream.codec_context.codec.canonical_name,
            from_s=float(pieces[0].time or 0),
            until_s=float(last.time or 0) + last.samples / last.sample_rate,
            tones=tones,
        )


def _levels(piece: av.AudioFrame) -> npt.NDArray[np.float64]:
    """How loud one channel is at each sample, 0 to 1."""
    samples = piece.to_ndarray()[0]
    if piece.format.is_packed:
        samples = samples[:: len(piece.layout.channels)]
    whole = 1 if samples.dtype.kind == "f" else np.iinfo(samples.dtype).max
    return np.asarray(np.abs(samples.astype(np.float64)) / whole)
