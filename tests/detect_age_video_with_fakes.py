"""detect_age_video.py with fake stages as a process of its own, for signals and windows."""

import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from fakes import FakeAges, FakeFaces

import age_detector
import detect_age_video
import face_detector

if __name__ == "__main__":
    # A shell that starts a test run in the background has Ctrl-C ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    face_detector.load = lambda *_, **__: FakeFaces()
    age_detector.load = lambda *_, **__: FakeAges()
    sys.exit(detect_age_video.main())
