"""detect_age.py with fake stages as a process of its own, for signals, pipes and full disks.

With WAIT_AT=3 in the environment it waits at the third picture that has a face, to be stopped;
with LARGEST_FILE=2000 no file can grow beyond 2000 bytes, as on a full disk.
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


class WaitingAges(FakeAges):
    """Waits at the picture that WAIT_AT names."""

    def estimate(self, crops: Sequence[Image]) -> list[AgeEstimate]:
        ages = super().estimate(crops)
        if os.environ.get("WAIT_AT") == str(len(self.calls)):
            time.sleep(60)
        return ages


if __name__ == "__main__":
    # A shell that starts a test run in the background has Ctrl-C ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    largest = int(os.environ.get("LARGEST_FILE", resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    face_detector.load = lambda *_, **__: FakeFaces()
    age_detector.load = lambda *_, **__: WaitingAges()
    sys.exit(detect_age.main())
