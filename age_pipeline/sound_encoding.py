"""Sound of any kind as AAC, which browsers play."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet

_AAC_BIT_RATE = 192_000
"""Bits a second: hardly told from the original."""

_GAP_S = 0.02
"""Nothing for this long stays nothing in sound that is encoded anew; less is a matter of rounding.
Of most codecs, it is less than what is lost with a packet."""


def aac_stream(output: OutputContainer, frame: AudioFrame) -> AudioStream:
    """Announce sound of that kind to a file that nothing has been written to yet."""
    rates = av.Codec("aac", "w").audio_rates or []
    # AAC takes no other rate; this one is what video has.
    rate = frame.sample_rate if frame.sample_rate in rates else 48_000
    layout = "mono" if frame.layout.nb_channels == 1 else "stereo"
    return output.add_stream("aac", rate=rate, layout=layout, bit_rate=_AAC_BIT_RATE)


def encoded(frames: Iterable[AudioFrame], target: AudioStream) -> Iterator[Packet[AudioStream]]:
    """Encode frames, whose kind may change, with silence from the beginning to the first of them.

    Args:
        frames: In order, each with its time.
        target: From `aac_stream`.
    """
    codec = target.codec_context
    uniform: AudioResampler | None = None
    kind: tuple[str, str, int] | None = None
    at: int | None = None
    for frame in frames:
        # A broadcast goes from stereo to 5.1 and back; an encoder takes one kind only.
        now = frame.format.name, frame.layout.name, frame.sample_rate
        if uniform is None or kind != now:
            uniform = AudioResampler(codec.format, codec.layout, codec.sample_rate)
            kind = now
        begins = round((frame.pts or 0) * (frame.time_base or 0) * codec.sample_rate)
        if at is None:
            for silence in _silence(target, begins):
                yield from target.encode(silence)
        if at is None or begins - at > _GAP_S * codec.sample_rate:
            at = begins
        for piece in uniform.resample(frame):
            piece.pts, piece.time_base = at, Fraction(1, codec.sample_rate)
            at += piece.samples
            yield from target.encode(piece)
    yield from target.encode(None)


def _silence(target: AudioStream, samples: int) -> Iterator[AudioFrame]:
    codec = target.codec_context
    for start in range(0, samples, codec.sample_rate):
        length = min(codec.sample_rate, samples - start)
        silent = np.zeros((codec.layout.nb_channels, length), np.float32)
        piece = AudioFrame.from_ndarray(silent, format="fltp", layout=codec.layout.name)
        piece.sample_rate = codec.sample_rate
        piece.pts, piece.time_base = start, Fraction(1, codec.sample_rate)
        yield piece
