"""What a video run gives besides lines and records: pictures with the people drawn in, and people.

Each is a `Sink`, so that one that fails keeps nothing from the others.
"""

from __future__ import annotations

from collections.abc import Sequence

from age_pipeline.annotated_video import AnnotatedVideo
from age_pipeline.best_faces import BestFaces
from age_pipeline.data import Frame, Image, Person
from age_pipeline.drawing import draw_people
from age_pipeline.label_layout import LabelStyle
from age_pipeline.people_tables import PeopleTable
from age_pipeline.records import Reporting
from age_pipeline.shown_video import ShownVideo
from age_pipeline.sinks import Sink
from age_pipeline.video_people import VideoPeople


class Drawings:
    """The latest frame with its people drawn in: drawn once, whoever wants it.

    Args:
        reporting: What is reported of each age.
    """

    def __init__(self, reporting: Reporting) -> None:
        self._reporting = reporting
        self._style = LabelStyle()
        self._frame: Frame | None = None
        self._drawn: Image | None = None

    def of(self, frame: Frame, people: Sequence[Person]) -> Image:
        """A new picture of the frame; nobody writes into it."""
        if self._drawn is None or frame is not self._frame:
            report = self._reporting
            self._frame = frame
            self._style.next_frame(frame.time_s or 0.0)
            self._drawn = draw_people(
                frame.image,
                people,
                interval_level=report.interval_level,
                at_least=report.at_least,
                style=self._style,
            )
        return self._drawn


class ShownFrames(Sink):
    """Shows each frame; `ended` once the user has had enough."""

    def __init__(self, shown: ShownVideo, drawings: Drawings) -> None:
        self._shown = shown
        self._drawings = drawings

    @property
    def ended(self) -> bool:
        return self._shown.ended

    def write(self, frame: Frame, people: Sequence[Person]) -> None:
        self._shown.show(frame, self._drawings.of(frame, people))


class WrittenFrames(Sink):
    """Writes each frame into a video."""

    def __init__(self, video: AnnotatedVideo, drawings: Drawings) -> None:
        self._video = video
        self._drawings = drawings

    def write(self, frame: Frame, people: Sequence[Person]) -> None:
        self._video.write(self._drawings.of(frame, people), frame.time_s or 0.0)

    def close(self) -> None:
        self._video.close()


class WrittenPeople(Sink):
    """Writes one row for each person once the video has ended, or the program is stopped."""

    def __init__(self, table: PeopleTable, people: VideoPeople) -> None:
        self._table = table
        self._people = people
        self._has_begun = False

    def write(self, frame: Frame, people: Sequence[Person]) -> None:  # noqa: ARG002
        """Nothing is said of people before the end."""
        self._has_begun = True

    def close(self) -> None:
        self._table.write(self._people.everybody())

    def abandon(self) -> None:
        # Stopped before the first frame: a file of an earlier run is worth more than an empty one.
        if self._has_begun:
            self.close()
        else:
            self._table.discard()


class WrittenFaces(Sink):
    """Writes one picture of each person who has a row, at the best look."""

    outlives_errors = True

    def __init__(self, faces: BestFaces, people: VideoPeople) -> None:
        self._faces = faces
        self._people = people

    def write(self, frame: Frame, people: Sequence[Person]) -> None:  # noqa: ARG002
        for look in self._people.best_looks:
            self._faces.offer(look.track, frame.image, look.face.box, look.quality, look.time_s)
        for track, is_somebody in self._people.left.items():
            if is_somebody:
                self._faces.finish(track)
            else:
                self._faces.forget(track)

    def close(self) -> None:
        for track in self._people.nobodies():
            self._faces.forget(track)
        self._faces.close()
