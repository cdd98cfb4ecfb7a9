"""A web server on this machine that misbehaves on demand: where tests fetch files from."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[BaseHTTPRequestHandler], None]
"""Writes the whole answer to one request."""


@dataclass
class Source:
    """A running server.

    Attributes:
        answers: What it does with each request, in order; the last one again and again.
        ranges: The Range header of each request so far, None where there was none.
    """

    answers: Sequence[Answer]
    url: str = ""
    ranges: list[str | None] = field(default_factory=list)


@contextmanager
def serving(*answers: Answer) -> Iterator[Source]:
    """Run a server until the block is left."""
    source = Source(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            turn = min(len(source.ranges), len(source.answers) - 1)
            source.ranges.append(self.headers["Range"])
            source.answers[turn](self)

        def log_message(self, *_: object) -> None:
            """Nothing on stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    source.url = f"http://127.0.0.1:{server.server_port}/models/age_net.caffemodel"
    # Looked at often, so that leaving the block takes no half second.
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield source
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def whole(
    content: bytes, *, cut_after: int | None = None, ranges: bool = True, length: bool = True
) -> Answer:
    """Give the content, or what a Range asks of it.

    Args:
        content: The file.
        cut_after: Close the connection after so many bytes.
        ranges: Whether to honour a Range.
        length: Whether to say how long the answer is.
    """

    def answer(request: BaseHTTPRequestHandler) -> None:
        asked = request.headers["Range"] if ranges else None
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        if asked and start >= len(content):
            return status(416)(request)
        request.send_response(206 if asked else 200)
        if asked:
            request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if length:
            request.send_header("Content-Length", str(len(content) - start))
        request.end_headers()
        end = len(content) if cut_after is None else start + cut_after
        request.wfile.write(content[start:end])
        return None

    return answer


def status(code: int, body: bytes = b"", **headers: str) -> Answer:
    """Give a status, some headers (Content_Type=...) and a body."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(code)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return answer


def nothing(request: BaseHTTPRequestHandler) -> None:
    """Close the connection without a word."""


def stalling(content: bytes, after: int, released: threading.Event) -> Answer:
    """Give the first bytes, then nothing more until `released` is set."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content[:after])
        request.wfile.flush()
        released.wait(20)

    return answer
