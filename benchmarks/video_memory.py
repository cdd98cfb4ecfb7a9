"""How much memory detect_age_video.py holds as a video goes on, with people who come and go."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path

from age_pipeline.annotated_video import AnnotatedVideo
from benchmarks.composed_clips import compose
from benchmarks.sample_clips import sample_clips

_RATE = 30

_SCRIPT = Path(__file__).parent.parent / "detect_age_video.py"


def memory_after(minutes: Sequence[float]) -> list[float]:
    """Run the program on a long video, with every kind of output.

    Args:
        minutes: Of the video, in growing order. It ends soon after the last.

    Returns:
        The memory that the program holds then, in MiB.

    Raises:
        RuntimeError: The program failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder, "film.mp4")
        _write_film(film, 60 * minutes[-1] + 2)
        outputs = {"--output": "out.mp4", "--people": "people.csv", "--best-faces": "faces"}
        files = [part for option, name in outputs.items() for part in (option, f"{folder}/{name}")]
        asked = ["--source", str(film), "--json", "-", "--quiet", *files]
        held: list[float] = []
        with subprocess.Popen(
            [sys.executable, str(_SCRIPT), *asked], stdout=subprocess.PIPE, text=True
        ) as program:
            assert program.stdout is not None
            for line in program.stdout:
                time_s = json.loads(line).get("time_s", 0.0)
                if len(held) < len(minutes) and time_s >= 60 * minutes[len(held)]:
                    held.append(_resident_mib(program.pid))
        if program.returncode or len(held) < len(minutes):
            raise RuntimeError(f"detect_age_video.py ended with {program.returncode}")
        return held


def _write_film(path: Path, duration_s: float) -> None:
    frames = list(compose(sample_clips()["coming and going"], _RATE))
    with AnnotatedVideo(path, frame_rate=Fraction(_RATE)) as film:
        for index, each in enumerate(islice(cycle(frames), round(_RATE * duration_s))):
            film.write(each.image, index / _RATE)


def _resident_mib(process: int) -> float:
    """The pages of a process that are in memory, in MiB."""
    told = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(process)], check=True, capture_output=True, text=True
    )
    return int(told.stdout) / 1024
