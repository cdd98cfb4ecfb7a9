"""Pictures and their times as H.264 in a file that plays while it grows."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.codec.context import Flags
from av.packet import Packet
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from age_pipeline.data import Image
from age_pipeline.errors import OutputError
from age_pipeline.sound_track import SoundTrack, open_sound

_ENCODING = {"preset": "veryfast", "crf": "20", "bf": "0"}
"""Of libx264. The slower presets cost more time than finding the faces does; without frames that
are stored before their turn (B-frames), uneven times are kept to the tick."""

_FRAGMENTS = {
    # One each second, with all that is needed to play it (`delay_moov`: with its sound, too).
    "mp4": {"movflags": "empty_moov+delay_moov", "frag_duration": "1000000"},
    "mov": {"movflags": "empty_moov+delay_moov", "frag_duration": "1000000"},
    "matroska": {"cluster_time_limit": "1000"},
}
"""How each container is written so that it plays up to its last second if its writer is killed."""

_EVERY_CONTAINER = {
    "flush_packets": "1",
    # Microseconds that pictures wait for sound to go between them, where it has ended or pauses.
    "max_interleave_delta": "500000",
}

_SECONDS_BETWEEN_KEY_FRAMES = 2
"""At most, where there is a picture: a player can go to these at once."""

_TICKS_PER_SECOND = 30_000
"""At least this many: 33 microseconds, and whole numbers of them in a frame of every usual rate."""

_IRREGULAR = 90_000
"""Ticks per second where no rate is known, or it is an average that nothing keeps to: MPEG's."""

_USUAL_RATE = 30

_LONGEST_SIDE = 16_384
"""Of a picture, in pixels; libx264 takes no longer one."""

_TAIL_S = 1.0
"""How much longer than the pictures sound may be that has its end there. Any other goes on in the
source only, where the run was ended early."""

_EXACT = 0x4 | 0x40000
"""`SWS_BICUBIC` and `SWS_ACCURATE_RND` of FFmpeg: without the latter, colours come out darker."""

_BT601 = 6
"""`AVCOL_SPC_SMPTE170M` of FFmpeg: how FFmpeg turns blue-green-red into YUV. Unless told, players
take another one for large pictures."""

_LIMITED_RANGE = 1
"""`AVCOL_RANGE_MPEG` of FFmpeg."""


class VideoEncoder:
    """Writes one video, from its first picture to its last. FFmpeg's errors come through.

    H.264 with half the resolution in colour, which is what browsers play, takes even widths and
    heights only: the last column or row is repeated where one is odd. A picture of another size
    than the first one is scaled to it.

    Args:
        path: The file; one that exists is overwritten.
        container: "mp4", "mov" or "matroska".
        frame_rate: Frames a second, exactly or on average; None where unknown.
        sound_file: A file whose sound goes along.
        from_s: The time of the source at which the video begins: what counts as 0 in it.
        until_s: The time of the source at which it ends, for the sound.
        sound_origin_s: The time of the sound's file at which the source begins; see `open_sound`.
        pixel_aspect: How wide a pixel is to be shown, in heights of one; None is a square.

    Attributes:
        frames: How many were given.
        span_s: From the first to the last, in seconds.
    """

    def __init__(
        self,
        path: Path,
        container: str,
        *,
        frame_rate: Fraction | None,
        sound_file: Path | None,
        from_s: float,
        until_s: float | None,
        sound_origin_s: Fraction | None = None,
        pixel_aspect: Fraction | None = None,
    ) -> None:
        self.frames = 0
        self._from_s = from_s
        self._until_s = until_s
        self._frame_rate = frame_rate
        self._time_base = Fraction(1, _ticks_per_second(frame_rate))
        self._first = self._last = -1
        self._next_key = 0
        self._duration = round(1 / (frame_rate or _USUAL_RATE) / self._time_base)
        self._pixel_aspect = pixel_aspect
        self._sound_file = sound_file
        self._sound_origin_s = sound_origin_s
        self._sound: SoundTrack | None = None
        self._stream: VideoStream | None = None
        options = _FRAGMENTS[container] | _EVERY_CONTAINER
        self._output = av.open(str(path), "w", format=container, container_options=options)

    @property
    def span_s(self) -> float:
        return float((self._last - self._first) * self._time_base)

    def add(self, image: Image, time_s: float) -> None:
        """Write the next picture.

        Args:
            image: uint8, shape (height, width, 3), blue-green-red. Not modified.
            time_s: In the source. One that is not later than the last is moved behind it.

        Raises:
            OutputError: The first picture is too large for a video.
        """
        even = _even(image)
        if self._stream is None:
            self._stream = self._begin(even)
        at = max(round((time_s - self._from_s) / self._time_base), self._last + 1, 0)
        if self._frame_rate is None and self._last >= 0:
            self._duration = at - self._last
        if self._last < 0:
            self._first = at
        height, width = even.shape[:2]
        picture = VideoFrame.from_numpy_buffer(even, format="bgr24")
        frame = picture.reformat(width, height, "yuv420p", interpolation=_EXACT)
        frame.pts, frame.time_base, frame.duration = at, self._time_base, self._duration
        if at >= self._next_key:
            # Counted in pictures, as encoders do, it would be a longer time for a slow camera.
            frame.pict_type = PictureType.I
            self._next_key = at + round(_SECONDS_BETWEEN_KEY_FRAMES / self._time_base)
        self._mux(self._stream.encode(frame))
        self._last = at
        self.frames += 1

    def finish(self) -> None:
        """Write what is still held back, and close the file."""
        if self._stream is not None:
            self._mux(self._stream.encode(None))
            end_s = (self._last + self._duration) * float(self._time_base)
            self._mux_sound(end_s)
            if self._sound is not None:
                rest = list(self._sound.before(end_s + _TAIL_S))
                if self._sound.has_ended:
                    self._output.mux(rest)
        self.release()

    def release(self) -> None:
        """Close the file as it is."""
        if self._sound is not None:
            self._sound.close()
        self._output.close()

    def _begin(self, image: Image) -> VideoStream:
        if max(image.shape) > _LONGEST_SIDE:
            height, width = image.shape[:2]
            raise OutputError(
                f"no video of {width} x {height} pixels can be written: its sides may have"
                f" {_LONGEST_SIDE} at most"
            )
        rate = self._frame_rate or Fraction(_USUAL_RATE)
        stream = self._output.add_stream("libx264", rate=rate, options=_ENCODING)
        stream.height, stream.width = image.shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.sample_aspect_ratio = self._pixel_aspect or Fraction(1)
        stream.colorspace = _BT601
        stream.color_range = _LIMITED_RANGE
        stream.codec_context.time_base = self._time_base
        # Without it, the last picture would last as long as one at the usual rate.
        stream.codec_context.flags |= Flags.frame_duration
        if self._sound_file is not None:
            self._sound = open_sound(
                self._sound_file,
                self._output,
                from_s=self._from_s,
                until_s=self._until_s,
                origin_s=self._sound_origin_s,
            )
        return stream

    def _mux(self, packets: Iterable[Packet[VideoStream]]) -> None:
        for packet in packets:
            assert packet.dts is not None
            self._mux_sound(packet.dts * packet.time_base)
            self._output.mux(packet)

    def _mux_sound(self, until_s: float | Fraction) -> None:
        if self._sound is not None:
            for packet in self._sound.before(until_s):
                self._output.mux(packet)


def _even(image: Image) -> Image:
    height, width = image.shape[:2]
    if height % 2 or width % 2:
        image = np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return np.ascontiguousarray(image)


def _ticks_per_second(frame_rate: Fraction | None) -> int:
    if frame_rate is None or frame_rate.numerator > _IRREGULAR:
        return _IRREGULAR
    return frame_rate.numerator * math.ceil(_TICKS_PER_SECOND / frame_rate.numerator)
