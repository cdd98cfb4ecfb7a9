"""What is said of a video as it goes: records in JSON Lines, and lines of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from age_pipeline import __version__
from age_pipeline.data import Frame, Person
from age_pipeline.destinations import Destination
from age_pipeline.escaping import readable
from age_pipeline.labels import age_line
from age_pipeline.records import SCHEMA, Record, Reporting, models_record, person_record
from age_pipeline.writers import Written, json_line

_LIFE_SIGN_S = 1.0
"""A person who stays as old as said is told of again after this time."""

_CHANGE_YEARS = 1.0
"""A smaller change is not told at once: a number between two would be told twice a frame."""


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What is known of a video before its first frame.

    Attributes:
        source: Its name, as errors call it.
        frame_rate: Frames a second, exactly or on average; None where unknown.
        width: Of its frames, in pixels.
        height: Likewise.
    """

    source: str
    frame_rate: Fraction | None
    width: int
    height: int


class VideoRecords(Written):
    """JSON Lines (jsonlines.org) in UTF-8: a header, then one record for each frame.

    Args:
        destination: Where they go.
        reporting: What is reported of each age.
        video: For the header.
    """

    def __init__(self, destination: Destination, reporting: Reporting, video: VideoFacts) -> None:
        super().__init__(destination, reporting)
        self._header: Record | None = header_record(video, reporting)

    def write(self, frame: Frame, people: Sequence[Person]) -> None:
        self._write_header()
        self._destination.write(json_line(frame_record(frame, people, self._reporting)))

    def close(self) -> None:
        self._write_header()
        super().close()

    def _write_header(self) -> None:
        header, self._header = self._header, None
        if header is not None:
            self._destination.write(json_line(header))


class VideoLines(Written):
    """Lines of text: `0.200 s  person 3: (25-32): 85.20%  28.4 years (23-35)`.

    A person gets one when new, when the bracket changes or the years change by one or more since
    the last line, and else every second.
    """

    def __init__(self, destination: Destination, reporting: Reporting) -> None:
        super().__init__(destination, reporting)
        self._told: dict[int | None, _Told] = {}

    def write(self, frame: Frame, people: Sequence[Person]) -> None:
        time_s = frame.time_s or 0.0
        # Who is left out here is told of like somebody new: that is the sign of life.
        recent = {
            track: told
            for track, told in self._told.items()
            if 0 <= time_s - told.time_s < _LIFE_SIGN_S
        }
        now = {
            person.track: _Told(time_s, person.age.bracket, person.age.years) for person in people
        }
        due = {track: told for track, told in now.items() if told.is_news_after(recent.get(track))}
        self._told = recent | due
        report = self._reporting
        text = "".join(
            f"{time_s:.3f} s  person {person.track}:"
            f" {age_line(person.age, report.interval_level, report.at_least)}\n"
            for person in people
            if person.track in due
        )
        if text:
            self._destination.write(text.encode())


@dataclass(frozen=True, slots=True)
class _Told:
    """What was said of a person, and when."""

    time_s: float
    bracket: str
    years: float

    def is_news_after(self, before: _Told | None) -> bool:
        return (
            before is None
            or self.bracket != before.bracket
            or abs(self.years - before.years) >= _CHANGE_YEARS
        )


def header_record(video: VideoFacts, reporting: Reporting) -> Record:
    """The first line: what holds for all frames."""
    rate = video.frame_rate
    return {
        "schema": SCHEMA,
        "source": readable(video.source),
        "models": models_record(reporting),
        "frame_rate": None if rate is None else round(float(rate), 6),
        "width": video.width,
        "height": video.height,
        "program": __version__,
    }


def frame_record(frame: Frame, people: Sequence[Person], reporting: Reporting) -> Record:
    """The line of one frame that was looked at, with its people in the order given."""
    return {
        "frame": frame.index,
        "time_s": None if frame.time_s is None else seconds(frame.time_s),
        "people": [
            {"track": person.track, **person_record(person, reporting)} for person in people
        ],
    }


def seconds(value: float) -> float:
    """A time to the microsecond, the same wherever it is written."""
    return round(float(value), 6)
