"""How many cores this process may use."""

from __future__ import annotations

import math
import os
from pathlib import Path

_QUOTAS = (
    ("/sys/fs/cgroup/cpu.max",),
    ("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us"),
)
"""Where Linux says how many microseconds of computing a container has in each period of so many:
in the second version of control groups one file, in the first version two."""


def usable_cores() -> int:
    """How many cores this process may use, which may be fewer than the machine has.

    A container that has the time of some cores, on whichever it runs, counts as having those.
    """
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return min([cores, *filter(None, map(_cores_of, _QUOTAS))])


def _cores_of(files: tuple[str, ...]) -> int:
    """How many cores a quota keeps busy, one of them perhaps in part; 0 without a quota."""
    try:
        quota, period = " ".join(Path(file).read_text("ascii") for file in files).split()
        # "max" or -1 stand for as much as there is.
        return max(math.ceil(int(quota) / int(period)), 1) if quota.isdecimal() else 0
    except (OSError, ValueError, ArithmeticError):
        return 0
