from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st
from video_files import plain

from age_pipeline.video_decoder import timed

NTSC = Fraction(30000, 1001)


def frames(*times_ms: int | None) -> list[av.VideoFrame]:
    made = []
    for time_ms in times_ms:
        frame = av.VideoFrame.from_ndarray(plain(90, (4, 4)), format="bgr24")
        frame.pts, frame.time_base = time_ms, Fraction(1, 1000)
        made.append(frame)
    return made


def timings(
    given: Sequence[av.VideoFrame], rate: Fraction, first: av.VideoFrame | None = None
) -> list[tuple[int, float]]:
    moments = timed(given, first or given[0], rate)
    return [(moment.index, round(moment.time_s, 6)) for moment in moments]


def test_times_count_from_the_first() -> None:
    assert timings(frames(700, 740, 900), Fraction(25)) == [(0, 0), (1, 0.04), (2, 0.2)]


def test_further_in_numbers_follow_from_the_time() -> None:
    (first,) = frames(500)
    assert timings(frames(1501, 1534), NTSC, first) == [(30, 1.001), (31, 1.034)]


def test_without_times_there_is_the_rate() -> None:
    assert timings(frames(None, None, None), Fraction(10)) == [(0, 0), (1, 0.1), (2, 0.2)]


def test_a_time_that_is_missing() -> None:
    assert timings(frames(100, None, 300), Fraction(10)) == [(0, 0), (1, 0.1), (2, 0.2)]


def test_the_same_time_twice_moves_no_other() -> None:
    given = frames(0, 100, 100, 50, 200)
    assert [time_s for _, time_s in timings(given, Fraction(10))] == [0, 0.1, 0.101, 0.102, 0.2]


def test_a_recording_that_begins_anew_goes_on() -> None:
    given = frames(90_000, 90_100, 5_000, 5_100, 5_200)
    assert [time_s for _, time_s in timings(given, Fraction(10))] == pytest.approx(
        [0, 0.1, 0.2, 0.3, 0.4]
    )


@given(times=st.lists(st.none() | st.integers(-(10**6), 10**6), min_size=1, max_size=10))
def test_times_only_grow(times: list[int | None]) -> None:
    found = timings(frames(*times), NTSC)
    assert [index for index, _ in found] == list(range(len(times)))
    times_s = [time_s for _, time_s in found]
    assert times_s == sorted(set(times_s))
