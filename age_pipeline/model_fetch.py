"""Fetching a network's file from its source: the only code here that reaches beyond the machine."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import NoReturn
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from tqdm import tqdm

from age_pipeline.errors import FetchFailed, OutputError
from age_pipeline.model_content import damage, foreign_format
from age_pipeline.model_files import CACHE_VARIABLE, ModelFile, cache_folder

_LOG = logging.getLogger("detect_age")

PAUSES_S = (1.0, 2.0, 4.0, 8.0, 16.0)
"""How long to wait after the first cut, after the second, and so on; then it is given up."""

_BEGINNING = 512
"""How many bytes are read before anything on the disk is touched, to see what they are."""

_CHUNK = 1 << 16


def fetch(
    model: ModelFile, *, timeout_s: float = 30.0, pauses_s: Sequence[float] = PAUSES_S
) -> Path:
    """Fetch a file into the cache and verify it.

    It comes as NAME.part, which gets its name when it is whole and right. Cut off, by Ctrl-C too,
    the .part stays, and the next call goes on behind it; a .part that turns out wrong is deleted.
    A progress bar is shown where stderr is a terminal.

    Args:
        model: Has a `url` and a hash.
        timeout_s: How long the source may be silent.
        pauses_s: How long to wait after each cut before going on. Before the first byte of this
            call nothing is tried again.

    Returns:
        The file in the cache. One that is already there and right is left alone.

    Raises:
        FetchFailed: The source cannot be reached, breaks off for good, or has something else.
        OutputError: The cache cannot be written.
    """
    if model.url is None:
        raise ValueError(f"expected a model with a url, got {model.name}")
    target = cache_folder() / model.file
    part = target.with_name(target.name + ".part")
    with _disk(target):
        if target.is_file() and model.is_content(target.read_bytes()):
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
    while True:
        transfer = _Transfer(model, model.url, part, timeout_s)
        transfer.run(pauses_s)
        with _disk(part):
            data = part.read_bytes()
            if model.is_content(data):
                part.replace(target)
                return target
            part.unlink()
        # A .part of an earlier call may be of another file: only a wholly new one condemns the
        # source.
        if transfer.is_whole:
            what = damage(data, model.kind) or f"another file of {len(data):,} bytes"
            raise FetchFailed(
                f"what {model.url} gives is {what}, not {model.file}; nothing of it was kept"
            )


class _CutOffError(Exception):
    """The source does not answer, or stopped in the middle; why, in words."""


class _Transfer:
    """One attempt to bring a .part to its full length, over several connections if need be.

    Attributes:
        is_whole: Whether every byte of the .part came with this transfer.
    """

    def __init__(self, model: ModelFile, url: str, part: Path, timeout_s: float) -> None:
        self._model = model
        self._url = url
        self._part = part
        self._timeout_s = timeout_s
        self._received = 0
        self._total = model.size
        self.is_whole = self._kept() == 0

    def run(self, pauses_s: Sequence[float]) -> None:
        """Receive until nothing is missing, or until it is not worth another try."""
        pauses = iter(pauses_s)
        while True:
            try:
                self._connect()
                return
            except _CutOffError as cut:
                if not self._received:
                    raise self._refused(str(cut)) from cut
                state = f"{self._url} broke off after {self._progress()} ({cut})"
                pause_s = next(pauses, None)
                if pause_s is None:
                    raise FetchFailed(
                        f"{state}; what came is kept, go on with: {self._model.how_to_get}"
                    ) from cut
            _LOG.warning("%s; trying again in %g s", state, pause_s)
            time.sleep(pause_s)

    def _connect(self) -> None:
        """Receive what is missing, over one connection.

        Raises:
            _CutOffError: Another try may bring more.
            FetchFailed: It will not.
        """
        kept = self._kept()
        request = Request(self._url, headers={"User-Agent": "detect-age"})
        if kept:
            request.add_header("Range", f"bytes={kept}-")
        try:
            with urlopen(request, timeout=self._timeout_s) as response:
                self._receive(response, kept)
        except HTTPError as error:
            error.close()
            if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and kept:
                return  # Nothing is missing; whether what there is is right, its hash says.
            reason = f"HTTP {error.code} {_one_line(error.reason)}"
            if error.code >= 500 or error.code == HTTPStatus.TOO_MANY_REQUESTS:
                raise _CutOffError(reason) from error
            raise self._refused(reason) from error
        except URLError as error:
            raise _CutOffError(_one_line(error.reason)) from error
        except (OSError, HTTPException) as error:  # The disk's own are OutputErrors by now.
            raise _CutOffError(_one_line(error)) from error

    def _receive(self, response: HTTPResponse, kept: int) -> None:
        start = _start(response)
        if start not in (0, kept):
            with _disk(self._part):
                self._part.unlink(missing_ok=True)
            raise self._refused("it sends another part of the file than it was asked for")
        missing = response.length
        self._total = self._model.size if missing is None else start + missing
        chunk = response.read(_BEGINNING)
        if start == 0:
            # Before a good .part is overwritten with the page of a hotel's network.
            foreign = foreign_format(chunk)
            if foreign is not None:
                raise FetchFailed(
                    f"what {self._url} gives is {foreign}, not {self._model.file}; open it in a "
                    "browser to see why"
                )
            self.is_whole = True
        with (
            _disk(self._part),
            self._part.open("r+b" if start else "wb") as file,
            self._bar(start) as bar,
        ):
            # Not appended: where two fetch at once, both write the same bytes to the same place.
            file.seek(start)
            while chunk:
                file.write(chunk)
                self._received += len(chunk)
                bar.update(len(chunk))
                chunk = _read(response)
        if missing is not None and self._kept() < start + missing:
            raise _CutOffError("the connection was closed")

    def _bar(self, start: int) -> tqdm[NoReturn]:
        return tqdm(
            total=self._total,
            initial=start,
            desc=self._model.file,
            unit="B",
            unit_scale=True,
            leave=False,
            disable=None,
        )

    def _kept(self) -> int:
        with _disk(self._part):
            return self._part.stat().st_size if self._part.exists() else 0

    def _progress(self) -> str:
        of_all = f" of {self._total / 1e6:.1f}" if self._total else ""
        return f"{self._kept() / 1e6:.1f}{of_all} MB"

    def _refused(self, reason: str) -> FetchFailed:
        return FetchFailed(
            f"{self._url} cannot be had ({reason}); check the connection, or get the file another "
            f"way and save it as {self._part.with_suffix('')}"
        )


def _start(response: HTTPResponse) -> int:
    """Where in the file the answer begins."""
    if response.status != HTTPStatus.PARTIAL_CONTENT:
        return 0
    place = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(place[1]) if place else -1


def _read(response: HTTPResponse) -> bytes:
    """The next bytes, as many as are there; none at the end."""
    try:
        return response.read1(_CHUNK)
    except (OSError, HTTPException) as error:
        raise _CutOffError(_one_line(error)) from error


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    """What goes wrong inside went wrong on the user's disk."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({_one_line(error)}); make room there, or set "
            f"{CACHE_VARIABLE} to another folder, then try again: what came is kept"
        ) from error


def _one_line(error: object) -> str:
    """What an exception says, or a reason in words."""
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(said).split())
