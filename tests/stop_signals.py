"""A signal that stops a run, sent once a program that it started has come far enough."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

_LONGEST_S = 60


@contextmanager
def signal_once_there(sign: Path, number: signal.Signals) -> Iterator[None]:
    """Send this process a signal as soon as a file exists that a program writes at its start."""

    def send() -> None:
        until = time.monotonic() + _LONGEST_S
        while not sign.exists() and time.monotonic() < until:
            time.sleep(0.02)
        os.kill(os.getpid(), number)

    # A shell that starts a test run in the background has Ctrl-C ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    sender = Thread(target=send)
    sender.start()
    try:
        yield
    finally:
        sender.join()
        signal.signal(signal.SIGINT, before)


def is_running(sign: Path) -> bool:
    """Whether the program is, that wrote its process's id into the file."""
    try:
        os.kill(int(sign.read_text()), 0)
    except ProcessLookupError:
        return False
    return True
