from __future__ import annotations

import cv2
import numpy as np
import pytest
from fakes import bell
from hypothesis import given
from hypothesis import strategies as st
from sample_pictures import picture

from age_detector.face_crop import square_crop
from age_detector.smoothing import HALF_LIFE_S, SteadyAge, readability
from age_pipeline.data import Box, Face, Image

ASTRONAUT = Face(Box(179, 57, 271, 177), confidence=0.98)


@pytest.fixture
def crop() -> Image:
    return square_crop(picture("1.png"), ASTRONAUT, 80)


def steady(*looks: tuple[float, float], readable: float = 1.0) -> SteadyAge:
    """After looks of these years at these times."""
    age = SteadyAge()
    for years, time_s in looks:
        age.add(bell(years), readable, time_s)
    return age


def smaller(crop: Image, side: int) -> Image:
    shrunk = cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(shrunk, crop.shape[:2]), np.uint8)


def test_one_look_is_the_age() -> None:
    assert steady((30, 0)).age.probabilities == pytest.approx(bell(30).probabilities, abs=1e-12)


def test_looks_that_differ_are_averaged() -> None:
    assert steady((30, 0), (36, 0.1)).age.years == pytest.approx(33, abs=0.2)


@pytest.mark.parametrize("count", [2, 20, 500])
def test_doubt_does_not_shrink_however_often_one_looks(count: int) -> None:
    once = bell(30).interval()
    often = steady(*((30, number / 10) for number in range(count))).age.interval()
    assert often == once


def test_a_label_does_not_flicker() -> None:
    rng = np.random.default_rng(1)
    age = SteadyAge()
    years = []
    for number in range(100):
        age.add(bell(30 + rng.normal(0, 3)), 1.0, number / 5)
        years.append(age.age.years)
    settled = np.array(years[5:])
    assert np.ptp(settled) < 4
    assert np.abs(np.diff(settled)).max() < 1


def test_old_evidence_yields_to_new() -> None:
    age = steady(*((20, number / 5) for number in range(50)))
    for number in range(round(6 * HALF_LIFE_S * 5)):
        age.add(bell(60), 1.0, 10 + number / 5)
    assert age.age.years == pytest.approx(60, abs=2)


def test_time_alone_changes_no_age() -> None:
    age = steady((20, 0), (30, 0.2))
    before = age.age.years
    later = steady((20, 0), (30, 0.2))
    later.add(bell(25), 1e-9, 60)
    assert age.age.years == before
    assert later.wants(0.5, 61)


def test_what_can_be_read_better_counts_for_more() -> None:
    age = SteadyAge()
    age.add(bell(20), 0.1, 0)
    age.add(bell(40), 0.9, 0)
    assert 37.5 < age.age.years < 40


def test_a_vague_look_counts_for_less() -> None:
    age = SteadyAge()
    age.add(bell(30, 4), 1.0, 0)
    age.add(bell(50, 12), 1.0, 0)
    assert 30 < age.age.years < 34


def test_a_look_that_excludes_a_year_does_not_exclude_it_for_ever() -> None:
    age = steady((30, 0))
    age.add(bell(60, 0), 1.0, 0)
    age.add(bell(60, 0), 1.0, 0)
    age.add(bell(60, 0), 1.0, 0)
    assert age.age.years == pytest.approx(60, abs=1)


def test_looks_are_wanted_until_they_change_nothing() -> None:
    age = SteadyAge()
    wanted = 0
    for number in range(300):
        if age.wants(1.0, number / 30):
            age.add(bell(30), 1.0, number / 30)
            wanted += 1
        if number == 30:
            assert wanted >= 8, "the first second is looked at closely"
    assert 25 < wanted < 60


def test_after_two_seconds_any_look_is_wanted() -> None:
    age = SteadyAge()
    for number in range(100):
        age.add(bell(30), 1.0, number / 30)
    last_s = 99 / 30
    assert not age.wants(0.01, last_s + 1.9)
    assert age.wants(0.01, last_s + 2)


def test_the_whole_time_counts_in_the_end() -> None:
    age = SteadyAge()
    for number in range(100):
        age.add(bell(30), 1.0, float(number))
    for number in range(100, 130):
        age.add(bell(50), 0.1, float(number))
    assert age.age.years > 40
    assert age.overall.years == pytest.approx(30, abs=1.5)


def test_a_better_look_is_wanted_sooner() -> None:
    age = SteadyAge()
    for number in range(30):
        age.add(bell(30), 0.2, number / 10)
    assert not age.wants(0.2, 3.1)
    assert age.wants(1.0, 3.1)


def test_the_same_moment_is_not_looked_at_twice() -> None:
    assert not steady((30, 1.0)).wants(1.0, 1.01)


def test_a_callers_mistakes() -> None:
    with pytest.raises(ValueError, match="above 0"):
        SteadyAge().add(bell(), 0.0, 0)
    with pytest.raises(ValueError, match="at least 2"):
        steady((30, 2.0)).add(bell(), 1.0, 1.9)
    with pytest.raises(ValueError, match="one look"):
        _ = SteadyAge().age


@given(
    st.lists(
        st.tuples(st.floats(0, 100), st.floats(1, 20), st.floats(0.01, 1), st.floats(0, 5)),
        min_size=1,
        max_size=12,
    )
)
def test_the_age_lies_between_the_looks(looks: list[tuple[float, float, float, float]]) -> None:
    age, time_s = SteadyAge(), 0.0
    for years, spread, readable, pause_s in looks:
        time_s += pause_s
        age.add(bell(years, spread), readable, time_s)
    medians = [bell(years, spread).years for years, spread, _, _ in looks]
    assert min(medians) - 3 <= age.age.years <= max(medians) + 3
    assert age.looks == len(looks)


def test_small_and_blurred_faces_are_less_readable(crop: Image) -> None:
    before = crop.copy()
    sharp = readability(crop, ASTRONAUT)
    by_size = [readability(smaller(crop, side), ASTRONAUT) for side in (40, 24, 14, 8)]
    by_blur = [
        readability(np.asarray(cv2.GaussianBlur(crop, (0, 0), sigma)), ASTRONAUT)
        for sigma in (1, 2, 4)
    ]
    assert [sharp, *by_size] == sorted([sharp, *by_size], reverse=True)
    assert [sharp, *by_blur] == sorted([sharp, *by_blur], reverse=True)
    assert by_size[-1] < 0.25 * sharp
    assert by_blur[-1] < 0.25 * sharp
    assert (crop == before).all()


def test_noise_makes_no_face_readable(crop: Image) -> None:
    rng = np.random.default_rng(1)
    blurred = cv2.GaussianBlur(crop, (0, 0), 4)
    noisy = np.clip(blurred + rng.normal(0, 8, crop.shape), 0, 255).astype(np.uint8)
    assert readability(noisy, ASTRONAUT) < 0.3 * readability(crop, ASTRONAUT)


def test_a_detector_in_doubt_makes_a_look_count_for_less(crop: Image) -> None:
    sure, unsure = Face(ASTRONAUT.box, 1.0), Face(ASTRONAUT.box, 0.5)
    assert readability(crop, unsure) == pytest.approx(readability(crop, sure) / 2)
    assert readability(crop, Face(ASTRONAUT.box, None)) == readability(crop, sure)


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_a_blank_look_can_still_be_taken(grey: int) -> None:
    assert 0 < readability(np.full((80, 80, 3), grey, np.uint8), ASTRONAUT) <= 0.01


def test_readability_is_of_a_picture() -> None:
    with pytest.raises(TypeError, match="uint8"):
        readability(np.zeros((80, 80, 3)), ASTRONAUT)  # type: ignore[arg-type]
