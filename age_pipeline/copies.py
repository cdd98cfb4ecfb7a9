"""Copies of what one thread at a time may use, so that threads need not wait for each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Semaphore
from typing import Generic, TypeVar

from age_pipeline.cores import usable_cores

Thing = TypeVar("Thing")


class Copies(Generic[Thing]):
    """Lends copies of one thing, and makes another where all that there are have been lent.

    There are never more than cores that the process may use: whoever wants one more waits.

    Args:
        make: Makes a copy: the first one now, others later in the threads that want them.
    """

    def __init__(self, make: Callable[[], Thing]) -> None:
        # Taking from the end of a list and adding there are safe between threads.
        self._free = [make()]
        self._make = make
        self._to_lend = Semaphore(usable_cores())

    @contextmanager
    def lent(self) -> Iterator[Thing]:
        """A copy that nobody else uses meanwhile."""
        with self._to_lend:
            try:
                copy = self._free.pop()
            except IndexError:
                copy = self._make()
            try:
                yield copy
            finally:
                self._free.append(copy)
