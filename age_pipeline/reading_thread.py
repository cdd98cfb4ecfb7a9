"""A thread that reads while others work, and that has ended when it is left."""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from threading import Condition, Event
from types import TracebackType
from typing import Generic, Self, TypeVar

Item = TypeVar("Item")

_SILENT_S = 1.0
"""How long leaving may take before the user is told what it takes so long for."""

_STEP_S = 0.1
"""How often somebody who waits looks up."""

log = logging.getLogger("detect_age")


def never() -> bool:
    """Nothing is over."""
    return False


class ReadingThread(Generic[Item]):
    """Runs a generator in a thread of its own, and hands on what it gives.

    Only that thread runs the generator, and it closes it: what the generator opens is closed by
    whoever uses it, even where a second Ctrl-C cuts `__exit__` short.

    Args:
        items: What is read.
        name: Of the thread.
        ahead: How many items may wait to be taken. The thread rests meanwhile.
        newest_only: The thread never rests; an item that nobody has taken gives way to the next.

    Attributes:
        is_left: Set as soon as nobody will take another item.
    """

    def __init__(
        self,
        items: Generator[Item, None, None],
        *,
        name: str,
        ahead: int = 1,
        newest_only: bool = False,
    ) -> None:
        self._source = items
        self._name = name
        self._ahead = ahead
        self._newest_only = newest_only
        self._waiting: deque[Item] = deque()
        self._changed = Condition()
        self.is_left = Event()
        self._has_ended = False
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)

    def __enter__(self) -> Self:
        self._reading = self._pool.submit(self._read)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._changed:
            self.is_left.set()
            self._changed.notify_all()
        self._pool.shutdown(wait=False)
        if wait([self._reading], _SILENT_S).not_done:
            log.info("waiting for %s to let go", self._name)
            wait([self._reading])
        # Only now: a Ctrl-C in here would have the interpreter take the thread for ended.
        self._pool.shutdown()

    def wait_for_first(self) -> None:
        """Wait until an item can be taken, or raise what has ended the generator before its first.

        Signals reach their handlers meanwhile, as they would not in many a library's own wait.
        """
        self._has_come(None, never)

    def items(
        self, timeout_s: float | None = None, is_over: Callable[[], bool] = never
    ) -> Iterator[Item]:
        """Give what was read, in order. What ends the generator is raised here, after its items.

        Args:
            timeout_s: How long an item may take; None waits for ever.
            is_over: Asked while nothing comes, by the thread that takes the items: whether it
                waits no longer.

        Raises:
            TimeoutError: An item took longer.
        """
        while self._has_come(timeout_s, is_over):
            with self._changed:
                item = self._waiting.popleft()
                self._changed.notify_all()
            yield item

    def _has_come(self, timeout_s: float | None, is_over: Callable[[], bool]) -> bool:
        end_s = math.inf if timeout_s is None else time.monotonic() + timeout_s
        while not self._wait(min(max(end_s - time.monotonic(), 0), _STEP_S)):
            if is_over():
                return False
            if time.monotonic() >= end_s:
                raise TimeoutError(f"nothing was read for {timeout_s} s")
        if not self._waiting:
            self._reading.result()
        return bool(self._waiting)

    def _wait(self, seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: bool(self._waiting) or self._has_ended, seconds)

    def _read(self) -> None:
        try:
            with closing(self._source) as items:
                for item in items:
                    if not self._put(item):
                        return
        finally:
            with self._changed:
                self._has_ended = True
                self._changed.notify_all()

    def _put(self, item: Item) -> bool:
        with self._changed:
            if self._newest_only:
                self._waiting.clear()
            self._changed.wait_for(
                lambda: len(self._waiting) < self._ahead or self.is_left.is_set()
            )
            if self.is_left.is_set():
                return False
            self._waiting.append(item)
            self._changed.notify_all()
            return True
