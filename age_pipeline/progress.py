"""How far a run is, for whoever sits in front of it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")

log = logging.getLogger("detect_age")


def with_progress(items: Iterable[Item], count: int) -> Generator[Item, None, None]:
    """Give the items one by one, with a bar on stderr where that is a terminal.

    There is none for a single item, nor where the log is told to be quiet. Lines that are logged
    or written to standard output meanwhile appear above it (see `above_bars`).
    Whoever stops early closes the generator: the bar and its hold on the log end with it.
    """
    terminal = sys.stderr is not None and sys.stderr.isatty()
    if count < 2 or not terminal or not log.isEnabledFor(logging.INFO):
        yield from items
        return
    # Only now: most runs show no bar, and it takes long to import.
    from tqdm import tqdm
    from tqdm.contrib.logging import logging_redirect_tqdm

    # Made here, because Ctrl-C in the middle of making it, at a later write, would leave tqdm
    # without one.
    tqdm.get_lock()  # type: ignore[no-untyped-call]
    with logging_redirect_tqdm([log]), tqdm(items, total=count, leave=False) as bar:
        yield from bar


@contextmanager
def above_bars() -> Iterator[None]:
    """Write to standard output: a bar on the terminal gives way to that."""
    if "tqdm" not in sys.modules:
        yield
        return
    from tqdm import tqdm

    with tqdm.external_write_mode(sys.stdout):
        yield
