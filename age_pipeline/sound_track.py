"""The sound of one video file, made ready for another one."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TypeVar

from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.packet import Packet

from age_pipeline.escaping import readable
from age_pipeline.ffmpeg_video import exact, open_container
from age_pipeline.sound_encoding import aac_stream, encoded

Piece = TypeVar("Piece", "Packet[AudioStream]", AudioFrame)

log = logging.getLogger("detect_age")

_COPIED = {
    # MP4 holds more than these, but a browser would play it without its sound.
    "mp4": {"aac", "flac", "mp3", "opus"},
    "mov": {"aac", "mp3"},
    "matroska": {"aac", "flac", "mp3", "opus"},
}
"""The codecs that go into each container as they are."""

_LEAD_IN_S = 0.05
"""What a decoder starts with, unheard, may lie this long before the first moment."""

_LEAP_S = 1
"""What leaps back by more is another recording, joined to the one before: as of pictures."""

_LATE_S = 0.5
"""A growing MP4 can be played from where each of its streams has begun: sound that begins later
than this has silence before it."""


def open_sound(
    path: Path,
    output: OutputContainer,
    *,
    from_s: float = 0.0,
    until_s: float | None = None,
    origin_s: Fraction | None = None,
) -> SoundTrack | None:
    """Open the sound of a file, and announce it to another one.

    It is copied as it is where that plays everywhere (`_COPIED`); anything else becomes AAC, as
    does sound that begins late in an MP4, where silence goes before it.

    Args:
        path: The file. Of several sounds it holds, the first is taken.
        output: Gets a stream; nothing may have been written to it yet.
        from_s: The first moment to give, in seconds since the video's first picture.
        until_s: Where to end; None is the end of the file.
        origin_s: When that picture is, by the clock of `path`. None is where its pictures begin;
            the first that can be decoded is later where a recording begins between key frames.

    Returns:
        The sound; None where there is none. If it cannot be read, a warning says so.
    """
    source = None
    try:
        source = open_container(f"file:{path}")
        if source.streams.audio:
            first_s = _first_picture_s(source) if origin_s is None else origin_s
            track = _track(source, output, first_s, from_s, until_s)
            if track is not None:
                return track
    except FFmpegError as error:
        log.warning(
            "%s: its sound cannot be read (%s): the video goes on without it",
            readable(str(path)),
            error.strerror,
        )
    if source is not None:
        source.close()
    return None


class SoundTrack:
    """Gives the sound in step with the pictures. An error in it is a warning, and its end.

    Args:
        source: What it is read from; closed with the track.
        packets: What is to be written, in order; times count from the first moment.
    """

    def __init__(self, source: InputContainer, packets: Iterator[Packet[AudioStream]]) -> None:
        self._source = source
        self._packets = packets
        self._next = self._advance()

    @property
    def has_ended(self) -> bool:
        """Whether all of it was given."""
        return self._next is None

    def before(self, time_s: float | Fraction) -> Iterator[Packet[AudioStream]]:
        """The packets not given yet that begin before that moment."""
        while self._next is not None and _begins_s(self._next) < time_s:
            packet, self._next = self._next, self._advance()
            yield packet

    def close(self) -> None:
        self._source.close()

    def _advance(self) -> Packet[AudioStream] | None:
        try:
            return next(self._packets, None)
        except FFmpegError as error:
            log.warning(
                "%s: its sound breaks off (%s): the video goes on without it",
                readable(self._source.name.removeprefix("file:")),
                error.strerror,
            )
            return None


def _track(
    source: InputContainer,
    output: OutputContainer,
    first_s: Fraction,
    from_s: float,
    until_s: float | None,
) -> SoundTrack | None:
    stream = source.streams.audio[0]
    origin_s = first_s + Fraction(from_s)
    length_s = None if until_s is None else Fraction(until_s) - Fraction(from_s)
    # Matroska knows nothing unheard: it would delay the picture instead.
    earliest_s = 0.0 if output.format.name == "matroska" else -_LEAD_IN_S
    if from_s > 0 and (tick_s := exact(stream.time_base)) is not None:
        source.seek(int(origin_s / tick_s), stream=stream)
    # Its first piece is read before it is announced: a stream without any would spoil the file.
    if _is_copied(stream, output):
        packets = _cut(source.demux(stream), origin_s, earliest_s, length_s)
        first_packet = next(packets, None)
        if first_packet is None:
            return None
        packets = chain([first_packet], packets)
        if output.format.name == "matroska" or _begins_s(first_packet) <= _LATE_S:
            target = output.add_stream_from_template(stream)
            return SoundTrack(source, _redirected(packets, target))
        frames = _decoded(packets)
    else:
        frames = _cut(_decoded(source.demux(stream)), origin_s, earliest_s, length_s)
    first_frame = next(frames, None)
    if first_frame is None:
        return None
    target = aac_stream(output, first_frame)
    return SoundTrack(source, encoded(chain([first_frame], frames), target))


def _first_picture_s(source: InputContainer) -> Fraction:
    for stream in source.streams.video:
        if stream.start_time is not None and (tick_s := exact(stream.time_base)) is not None:
            return stream.start_time * tick_s
    return Fraction(0)


def _is_copied(stream: AudioStream, output: OutputContainer) -> bool:
    name = stream.codec_context.codec.canonical_name
    # As streams carry it (ADTS): a growing MP4 doesn't take it in that form.
    if name == "aac" and stream.codec_context.extradata is None:
        return False
    return name in _COPIED[output.format.name]


def _cut(
    pieces: Iterable[Piece], origin_s: Fraction, earliest_s: float, length_s: Fraction | None
) -> Iterator[Piece]:
    """Those that begin in the part that is asked for; their times count from its start."""
    last: int | None = None
    before_s = after_s = Fraction(0)
    for piece in pieces:
        tick_s = exact(piece.time_base)
        if piece.pts is None or piece.dts is None or tick_s is None:
            continue
        told_s = piece.dts * tick_s
        if last is not None and told_s - origin_s < before_s - _LEAP_S:
            origin_s = told_s - after_s
        shift = round(origin_s / tick_s)
        piece.pts -= shift
        piece.dts -= shift
        begins_s = piece.pts * tick_s
        if length_s is not None and begins_s >= length_s:
            return
        # A file that is spliced badly steps back in time, which no container takes.
        if begins_s >= earliest_s and (last is None or piece.dts > last):
            last = piece.dts
            before_s = last * tick_s
            after_s = before_s + (piece.duration or 0) * tick_s
            yield piece


def _redirected(
    packets: Iterable[Packet[AudioStream]], target: AudioStream
) -> Iterator[Packet[AudioStream]]:
    for packet in packets:
        packet.stream = target
        yield packet


def _decoded(packets: Iterable[Packet[AudioStream]]) -> Iterator[AudioFrame]:
    """What can be decoded: a spoilt packet is a gap, unless none is sound."""
    spoilt: FFmpegError | None = None
    is_heard = False
    for packet in packets:
        try:
            frames = packet.decode()
        except FFmpegError as error:
            spoilt = error
        else:
            is_heard |= bool(frames)
            yield from frames
    if spoilt is not None and not is_heard:
        raise spoilt


def _begins_s(packet: Packet[AudioStream]) -> Fraction:
    return (packet.pts or 0) * packet.time_base
