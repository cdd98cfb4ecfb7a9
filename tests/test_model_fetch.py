from __future__ import annotations

import io
import logging
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import numpy as np
import pytest
from loopback_source import Answer, Source, nothing, serving, stalling, status, whole

from age_pipeline.errors import FetchFailed, OutputError
from age_pipeline.model_fetch import PAUSES_S, fetch
from age_pipeline.model_files import ModelFile, git_blob_id

CONTENT = b"\x12\x80\x80\x20" + np.random.default_rng(0).bytes(1 << 19)
"""Half a megabyte that nothing compresses, and a protobuf message."""

CUT = 200_000

PAGE = b"<!DOCTYPE html><html><title>Please log in</title></html>"

MODEL = ModelFile(
    name="some",
    file="some.caffemodel",
    licence="MIT",
    home=Path("some_detector"),
    size=len(CONTENT),
    git_blob=git_blob_id(CONTENT),
    url="http://127.0.0.1/",
)


@pytest.fixture
def part(cache: Path) -> Path:
    """Where the file lies while it is coming; its folder exists."""
    cache.mkdir()
    return cache / "some.caffemodel.part"


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that would have been made."""
    made: list[float] = []
    monkeypatch.setattr(time, "sleep", made.append)
    return made


def fetched(source: Source, model: ModelFile = MODEL, timeout_s: float = 5) -> Path:
    return fetch(replace(model, url=source.url), timeout_s=timeout_s)


def check_whole(path: Path, cache: Path) -> None:
    assert path == cache / "some.caffemodel"
    assert path.read_bytes() == CONTENT
    assert [entry.name for entry in cache.iterdir()] == ["some.caffemodel"]


def test_a_file_comes_whole_into_a_cache_that_was_not_there(cache: Path) -> None:
    with serving(whole(CONTENT)) as source:
        check_whole(fetched(source), cache)
    assert source.ranges == [None]


def test_a_verified_file_is_not_fetched_again(cache: Path) -> None:
    cache.mkdir()
    (cache / MODEL.file).write_bytes(CONTENT)
    with serving(status(500)) as source:
        check_whole(fetched(source), cache)
    assert source.ranges == []


def test_a_wrong_file_of_that_name_is_replaced(cache: Path) -> None:
    cache.mkdir()
    (cache / MODEL.file).write_bytes(PAGE)
    with serving(whole(CONTENT)) as source:
        check_whole(fetched(source), cache)


def test_a_cut_connection_is_taken_up_where_it_ended(
    cache: Path, pauses: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    with serving(whole(CONTENT, cut_after=CUT), nothing, status(503), whole(CONTENT)) as source:
        check_whole(fetched(source), cache)
    again = f"bytes={CUT}-"
    assert source.ranges == [None, again, again, again]
    assert pauses == [1, 2, 4]
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 3
    assert "broke off after 0.2 of 0.5 MB" in caplog.text


def test_a_source_that_keeps_breaking_off_is_given_up(part: Path, pauses: list[float]) -> None:
    with (
        serving(whole(CONTENT, cut_after=1000)) as source,
        pytest.raises(FetchFailed, match=r"what came is kept, go on with: .* fetch some$"),
    ):
        fetched(source)
    assert pauses == list(PAUSES_S)
    assert part.read_bytes() == CONTENT[: 1000 * (len(PAUSES_S) + 1)]


def test_the_next_call_goes_on_behind_what_an_earlier_one_kept(cache: Path, part: Path) -> None:
    part.write_bytes(CONTENT[:CUT])
    with serving(whole(CONTENT)) as source:
        check_whole(fetched(source), cache)
    assert source.ranges == [f"bytes={CUT}-"]


def test_a_source_without_ranges_starts_over(cache: Path, part: Path, pauses: list[float]) -> None:
    part.write_bytes(CONTENT[:CUT])
    answers = whole(CONTENT, cut_after=1000, ranges=False), whole(CONTENT, ranges=False)
    with serving(*answers) as source:
        check_whole(fetched(source), cache)
    assert source.ranges == [f"bytes={CUT}-", "bytes=1000-"]
    assert pauses == [1]


@pytest.mark.parametrize("kept", [CONTENT, CONTENT + b"too long", b"x" * CUT, b"x" * len(CONTENT)])
def test_a_part_never_stands_in_the_way(cache: Path, part: Path, kept: bytes) -> None:
    part.write_bytes(kept)
    with serving(whole(CONTENT)) as source:
        check_whole(fetched(source), cache)
    assert source.ranges == [f"bytes={len(kept)}-"] + [None] * (kept != CONTENT)


def test_a_source_that_does_not_say_how_long_the_file_is(cache: Path) -> None:
    with serving(whole(CONTENT, length=False)) as source:
        check_whole(fetched(source, replace(MODEL, size=None)), cache)


def test_redirects_are_followed(cache: Path) -> None:
    with (
        serving(whole(CONTENT)) as target,
        serving(status(302, Location=target.url)) as source,
    ):
        check_whole(fetched(source), cache)
    assert len(source.ranges) == len(target.ranges) == 1


@pytest.mark.parametrize("kept", [b"", CONTENT[:CUT]])
@pytest.mark.parametrize(
    ("content", "what"),
    [
        (PAGE, "an HTML page"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "a Git LFS pointer"),
        (b"429: Too Many Requests", "a text that begins with '429"),
    ],
)
def test_a_page_instead_of_the_file_is_named_and_what_was_kept_stays(
    part: Path, content: bytes, what: str, kept: bytes
) -> None:
    part.write_bytes(kept)
    with (
        serving(status(200, content)) as source,
        pytest.raises(FetchFailed, match=rf"gives is {what}.* not some\.caffemodel"),
    ):
        fetched(source)
    assert part.read_bytes() == kept
    assert not part.with_suffix("").exists()


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "empty"),
        (CONTENT[:-1], "truncated"),
        (CONTENT + b"\x08\x01", r"another file of 524,294 bytes"),
        (bytes(5000), "neither a Caffe nor an ONNX file"),
    ],
)
@pytest.mark.parametrize("kept", [b"", CONTENT[:100]])
def test_wrong_content_is_named_and_not_kept(
    part: Path, content: bytes, what: str, kept: bytes
) -> None:
    part.write_bytes(kept)
    with (
        serving(whole(content)) as source,
        pytest.raises(FetchFailed, match=f"gives is {what}.*nothing of it was kept"),
    ):
        fetched(source)
    assert not list(part.parent.iterdir())


def test_a_wrong_file_that_came_whole_is_not_asked_for_twice(part: Path) -> None:
    part.write_bytes(CONTENT[:CUT])
    with serving(whole(bytes(5000), ranges=False)) as source, pytest.raises(FetchFailed):
        fetched(source)
    assert len(source.ranges) == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (status(404, PAGE), "HTTP 404 Not Found"),
        (status(403), "HTTP 403 Forbidden"),
        (status(416), "HTTP 416 .*Range Not Satisfiable"),
        (status(503), "HTTP 503 Service Unavailable"),
        (status(429), "HTTP 429 Too Many Requests"),
        (status(302, Location="/models/age_net.caffemodel"), "HTTP 302 .*infinite loop.* Found"),
        (status(302, Location="file:///etc/hostname"), "HTTP 302 .*not allowed"),
        (nothing, "Remote end closed connection without response"),
        (lambda request: request.wfile.write(b"SSH-2.0-OpenSSH\r\n") and None, "SSH-2.0"),
    ],
)
def test_a_source_that_gives_nothing_is_left_at_once(
    answer: Answer, reason: str, cache: Path, pauses: list[float]
) -> None:
    with serving(answer) as source, pytest.raises(FetchFailed, match=reason) as caught:
        fetched(source)
    message = str(caught.value)
    assert source.url in message
    assert message.endswith(f"save it as {cache / MODEL.file}")
    assert "\n" not in message
    assert not pauses
    assert not list(cache.iterdir())


def test_nobody_there(pauses: list[float]) -> None:
    with serving() as source:
        pass
    with pytest.raises(FetchFailed, match=r"cannot be had \(Connection refused\)"):
        fetched(source)
    assert not pauses


def test_a_silent_source_is_left_after_the_timeout(part: Path, pauses: list[float]) -> None:
    released = threading.Event()
    with serving(stalling(CONTENT, CUT, released), nothing) as source:
        try:
            with pytest.raises(FetchFailed, match=r"broke off after 0.2 of 0.5 MB"):
                fetched(source, timeout_s=0.2)
        finally:
            released.set()
    assert pauses == list(PAUSES_S)
    assert part.read_bytes() == CONTENT[:CUT]


@pytest.mark.parametrize("place", ["bytes 5-9/10", "nonsense"])
def test_another_part_than_asked_for_is_refused(part: Path, place: str) -> None:
    part.write_bytes(CONTENT[:CUT])
    with (
        serving(status(206, b"abcde", Content_Range=place)) as source,
        pytest.raises(FetchFailed, match="another part of the file"),
    ):
        fetched(source)
    assert not part.exists()


@pytest.mark.usefixtures("pauses")
def test_a_connection_that_fails_in_the_middle_is_a_cut(cache: Path) -> None:
    def broken_chunk(request: BaseHTTPRequestHandler) -> None:
        answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        answer += b"%x\r\n" % CUT + CONTENT[:CUT] + b"\r\nno number\r\n"
        request.wfile.write(answer)

    with serving(broken_chunk, whole(CONTENT)) as source:
        check_whole(fetched(source), cache)
    assert source.ranges == [None, f"bytes={CUT}-"]


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file may become longer than 100,000 bytes, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_one_clear_line_and_what_came_is_kept(
    part: Path, request: pytest.FixtureRequest
) -> None:
    with serving(whole(CONTENT)) as source:
        request.getfixturevalue("small_files")
        with pytest.raises(OutputError, match=r"\.part cannot be written \(File too large\)"):
            fetched(source)
    assert part.read_bytes() == CONTENT[:100_000]


def test_no_room_at_all(part: Path) -> None:
    part.symlink_to("/dev/full")
    with (
        serving(whole(CONTENT)) as source,
        pytest.raises(OutputError, match=r"No space left on device.* DETECT_AGE_CACHE"),
    ):
        fetched(source)


def test_a_cache_that_cannot_be_made(cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    with serving(whole(CONTENT)) as source, pytest.raises(OutputError, match="File exists"):
        fetched(source)
    assert source.ranges == []


def test_a_folder_in_the_files_place(cache: Path) -> None:
    (cache / MODEL.file).mkdir(parents=True)
    with serving(whole(CONTENT)) as source, pytest.raises(OutputError, match="Is a directory"):
        fetched(source)


def test_a_model_that_is_not_fetched_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="expected a model with a url"):
        fetch(replace(MODEL, url=None))


FETCH = """
import test_model_fetch as t, dataclasses, sys
t.fetch(dataclasses.replace(t.MODEL, url=sys.argv[1]))
"""


def test_ctrl_c_leaves_what_came_for_the_next_time(cache: Path, part: Path) -> None:
    released = threading.Event()
    with serving(stalling(CONTENT, CUT, released), whole(CONTENT)) as source:
        search = os.pathsep.join(str(folder) for folder in Path(__file__).parents[:2])
        running = subprocess.Popen(
            [sys.executable, "-c", FETCH, source.url],
            env={**os.environ, "PYTHONPATH": search},
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            wait_until(lambda: part.exists() and part.stat().st_size > CUT // 2, running)
            running.send_signal(signal.SIGINT)
            _, said = running.communicate(timeout=10)
        finally:
            released.set()
            running.kill()
        assert "KeyboardInterrupt" in said
        kept = part.stat().st_size
        assert part.read_bytes() == CONTENT[:kept]
        check_whole(fetched(source), cache)
    assert source.ranges == [None, f"bytes={kept}-"]


def wait_until(done: Callable[[], bool], running: subprocess.Popen[str]) -> None:
    for _ in range(1000):
        if done():
            return
        assert running.poll() is None, running.communicate()
        time.sleep(0.01)
    raise AssertionError("nothing came in ten seconds")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("screen", [Terminal(), io.StringIO()])
def test_a_bar_is_shown_on_a_terminal_only(
    screen: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", screen)
    with serving(whole(CONTENT)) as source:
        fetched(source)
    assert ("some.caffemodel:" in screen.getvalue()) == screen.isatty()
