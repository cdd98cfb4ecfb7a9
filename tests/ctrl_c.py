"""Ctrl-C, pressed while the program is busy with something."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer

import pytest


@contextmanager
def ctrl_c_after(*delays_s: float) -> Iterator[None]:
    """Press it so many seconds after the beginning of the block, which must end by the last."""
    # A shell that starts a test run in the background has it ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timers = [Timer(delay_s, os.kill, (os.getpid(), signal.SIGINT)) for delay_s in delays_s]
    for timer in timers:
        timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            yield
    finally:
        for timer in timers:
            timer.cancel()
            timer.join()
        signal.signal(signal.SIGINT, before)
