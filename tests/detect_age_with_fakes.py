"""detect_age.py with fake stages as a process of its own, for signals, pipes and full disks.

With WAIT_AT=3 in the environment it waits for a minute at the picture whose grey is `grey(3)`, as
if it were inside a library; with LARGEST_FILE=2000 no file can grow beyond 2000 bytes, as on a full
disk.
"""

import os
import resource
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from fakes import FakeAges, FakeFaces

import age_detector
import detect_age
import face_detector
from age_pipeline.data import AgeEstimate, Image


def grey(number: int) -> int:
    """The grey of a picture that WAIT_AT can name."""
    return 100 + number


class WaitingAges(FakeAges):
    """Waits at the picture that WAIT_AT names."""

    def estimate(self, crops: Sequence[Image]) -> list[AgeEstimate]:
        waits_at = os.environ.get("WAIT_AT")
        if waits_at and any(crop[0, 0, 0] == grey(int(waits_at)) for crop in crops):
            time.sleep(60)
        return super().estimate(crops)


if __name__ == "__main__":
    # A shell that starts a test run in the background has Ctrl-C ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    largest = int(os.environ.get("LARGEST_FILE", resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    face_detector.load = lambda *_, **__: FakeFaces()
    age_detector.load = lambda *_, **__: WaitingAges()
    sys.exit(detect_age.main())
