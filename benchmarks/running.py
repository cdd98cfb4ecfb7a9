"""How every benchmark is run from its command line."""

from __future__ import annotations

from collections.abc import Callable

from age_pipeline import command_line

STOPPED = "stopped; nothing is kept but what was printed or written before"


def run(benchmark: Callable[[], None], name: str) -> int:
    """Run one as `command_line.run` does, and do not claim to keep figures that it was yet to tell.

    Args:
        benchmark: The whole benchmark.
        name: What each line on stderr begins with.

    Returns:
        The exit code.
    """
    return command_line.run(benchmark, name, STOPPED)
