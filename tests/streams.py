"""Network cameras on loopback: H.264 over RTSP and Motion JPEG over HTTP, which can die and return.

Picture number n is plain grey, of brightness `grey(n)`: the newest one can be told from an old one.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from functools import partial
from socketserver import BaseRequestHandler, ThreadingTCPServer
from types import TracebackType
from typing import Any, Self

import av
import cv2
import numpy as np

from age_pipeline.data import Image

WIDTH, HEIGHT = 64, 48
FRAME_RATE = 50


def grey(number: int) -> int:
    """The brightness of a picture, 0 to 255; after 40 pictures it begins anew."""
    return 40 + 4 * (number % 40)


def picture(number: int) -> Image:
    return np.full((HEIGHT, WIDTH, 3), grey(number), np.uint8)


class Camera:
    """A network camera, which films from `__enter__` to `__exit__`, for each visitor anew.

    Args:
        pictures: How many it gives to each visitor before it hangs up.

    Attributes:
        address: Where it is.
        visitors: How many have come so far.
        is_stuck: Whether it gives nothing more, without hanging up.
        is_garbled: Whether what it gives is no picture. Only Motion JPEG can be.
    """

    scheme: str
    visit: type[Visit]

    def __init__(self, pictures: int = 1_000_000) -> None:
        self.visitors = 0
        self.is_stuck = False
        self.is_garbled = False
        self._pictures = pictures
        self._port = 0

    def __enter__(self) -> Self:
        self._is_dead = threading.Event()
        self._server = _Server(("127.0.0.1", self._port), partial(self.visit, self))
        self._port = int(self._server.server_address[1])
        self.address = f"{self.scheme}://127.0.0.1:{self._port}/video"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.die()

    def die(self) -> None:
        """Hang up on everybody, and refuse whoever comes; `__enter__` returns to the same place."""
        self._is_dead.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def numbers(self) -> Iterator[int]:
        """The numbers of pictures, each when it is time for it."""
        start_s = time.monotonic()
        for number in range(self._pictures):
            while self.is_stuck and not self._is_dead.wait(0.01):
                pass
            if self._is_dead.wait(max(start_s + number / FRAME_RATE - time.monotonic(), 0)):
                return
            yield number


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = False


class Visit(BaseRequestHandler):
    """One connection."""

    request: socket.socket

    def __init__(self, camera: Camera, *connection: Any) -> None:
        self.camera = camera
        super().__init__(*connection)

    def handle(self) -> None:
        self.camera.visitors += 1
        with suppress(OSError):  # the visitor may go at any time
            self.answer(self.camera, self.request)

    def answer(self, camera: Camera, visitor: socket.socket) -> None:
        """Say all that there is to say."""
        raise NotImplementedError


class _MjpegVisit(Visit):
    def answer(self, camera: Camera, visitor: socket.socket) -> None:
        visitor.recv(65536)
        kind = "multipart/x-mixed-replace; boundary=next"
        visitor.sendall(f"HTTP/1.0 200 OK\r\nContent-Type: {kind}\r\n\r\n".encode())
        for number in camera.numbers():
            jpeg = cv2.imencode(".jpg", picture(number))[1].tobytes()
            if camera.is_garbled:
                jpeg = jpeg[:20] + bytes(200)
            head = f"--next\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            visitor.sendall(head.encode() + jpeg + b"\r\n")


class MjpegCamera(Camera):
    scheme = "http"
    visit = _MjpegVisit


class _RtspVisit(Visit):
    """RFC 2326, with the packets of RFC 6184 interleaved in the same connection."""

    def answer(self, camera: Camera, visitor: socket.socket) -> None:
        is_playing = False
        while not is_playing:
            method, sequence = self._next_request(visitor)
            if not method:
                return
            body = ""
            head = ["RTSP/1.0 200 OK", f"CSeq: {sequence}", "Session: 1"]
            if method == "DESCRIBE":
                body = (
                    "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:video\r\n"
                )
                head += ["Content-Type: application/sdp", f"Content-Length: {len(body)}"]
            elif method == "SETUP":
                head += ["Transport: RTP/AVP/TCP;unicast;interleaved=0-1"]
            visitor.sendall(("\r\n".join(head) + "\r\n\r\n" + body).encode())
            is_playing = method == "PLAY"
        sequence = 0
        for number, units in enumerate(_h264(camera.numbers())):
            for unit in units:
                is_last = unit is units[-1]
                rtp = struct.pack(
                    ">BBHII", 0x80, 96 | is_last << 7, sequence % 65536, number * 1800, 1
                )
                visitor.sendall(struct.pack(">cBH", b"$", 0, len(rtp + unit)) + rtp + unit)
                sequence += 1

    def _next_request(self, visitor: socket.socket) -> tuple[str, int]:
        text = b""
        while not text.endswith(b"\r\n\r\n"):
            byte = visitor.recv(1)
            if not byte:
                return "", 0
            text += byte
        lines = text.decode().split("\r\n")
        named = dict(line.split(": ", 1) for line in lines[1:] if line)
        return lines[0].split()[0], int(named["CSeq"])


def _h264(numbers: Iterator[int]) -> Iterator[list[bytes]]:
    """The parts (NAL units) of each picture. Every fifth can be decoded without those before."""
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.framerate = Fraction(FRAME_RATE)
    encoder.options = {"tune": "zerolatency", "preset": "ultrafast", "g": "5"}
    for number in numbers:
        frame = av.VideoFrame.from_ndarray(picture(number), format="bgr24")
        data = b"".join(bytes(packet) for packet in encoder.encode(frame))
        # Each begins with 00 00 01 or 00 00 00 01, which cannot occur inside.
        yield [unit.strip(b"\0") for unit in data.split(b"\0\0\1") if unit.strip(b"\0")]


class RtspCamera(Camera):
    scheme = "rtsp"
    visit = _RtspVisit
