"""What is done with a video file once it is written: its index moved to its front, and a look."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av


def remux_faststart(source: Path, target: Path, container: str) -> None:
    """Copy a video, nothing encoded anew, into a file that a browser plays while it loads.

    Args:
        source: A video in pieces, as it is written while it may break off at any moment.
        target: An ordinary one; overwritten.
        container: "mp4" or "mov".

    Raises:
        FFmpegError: One cannot be read, or the other not be written.
    """
    with (
        av.open(str(source)) as video,
        av.open(
            str(target), "w", format=container, container_options={"movflags": "faststart"}
        ) as ordinary,
    ):
        copies = {
            stream.index: ordinary.add_stream_from_template(stream, opaque=True)
            for stream in video.streams
        }
        for packet in video.demux():
            # The last ones of each stream are empty.
            if packet.dts is not None:
                packet.stream = copies[packet.stream_index]
                ordinary.mux(packet)


def pictures_in(path: Path) -> tuple[int, float]:
    """Read a video's packets, without decoding them.

    Returns:
        How many pictures it holds, and the time from the first to the last in seconds.

    Raises:
        FFmpegError: It is no video, or so damaged that nothing of it can be read.
    """
    with av.open(str(path)) as video:
        if not video.streams.video:
            return 0, 0.0
        stream = video.streams.video[0]
        times = [packet.pts for packet in video.demux(stream) if packet.pts is not None]
        ticks = max(times) - min(times) if times else 0
        return len(times), float(ticks * (stream.time_base or Fraction(0)))
