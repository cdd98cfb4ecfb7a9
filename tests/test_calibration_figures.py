import pytest
from hypothesis import given
from hypothesis import strategies as st
from labelled_answers import label, mixture, numbers, said

from benchmarks.age_groups import FAIRFACE
from benchmarks.age_metrics import Share
from benchmarks.calibration_figures import THRESHOLDS, calibration_of, challenge_of


def test_the_most_probable_group_is_held_against_the_truth() -> None:
    six_of_ten = mixture({25: 0.6, 35: 0.4})
    labels = [label(29), label(20, 29), label(35)]
    answers = said(*((own, six_of_ten) for own in labels), (label(25), None))
    calibration = calibration_of(answers, FAIRFACE, 18)
    # Three faces make three bins, and in the order given, since all say the same.
    assert numbers(calibration.groups) == pytest.approx([1, 0.6, 1, 1, 0.6, 1, 1, 0.6, 0])
    assert calibration.error == pytest.approx((0.4 + 0.4 + 0.6) / 3)


def test_old_enough_is_held_against_the_truth() -> None:
    answers = said(
        (label(17), mixture({17: 0.75, 18: 0.25})),
        (label(18), mixture({17: 0.75, 18: 0.25})),
        (label(40), 40),
        (label(40), None),
        (label(10, 19), 40),
    )
    bins = calibration_of(answers, FAIRFACE, 18).challenge
    assert numbers(bins) == pytest.approx([2, 0.25, 0.5, 1, 1, 1])


def test_who_would_pass_is_counted_at_each_threshold() -> None:
    answers = said(
        *((label(17), mixture({17: 1 - p, 18: p})) for p in (0.2, 0.5, 0.85, 0.96)),
        *((label(18), mixture({17: 1 - p, 18: p})) for p in (0.4, 0.995)),
        (label(17), None),
        (label(90), None),
    )
    challenge = challenge_of(answers, 18)
    assert THRESHOLDS == (0.5, 0.8, 0.9, 0.95, 0.99)
    assert [each.count for each in challenge.younger] == [3, 2, 1, 1, 0]
    assert [each.count for each in challenge.older] == [1, 1, 1, 1, 1]
    assert {each.of for each in challenge.younger} == {4}
    assert {each.of for each in challenge.older} == {2}
    assert challenge.unknown == 0


def test_a_group_that_does_not_tell_is_left_out() -> None:
    answers = said(
        (label(10, 17), 30), (label(10, 18), 30), (label(18, 20), 30), (label(17, 18), 30)
    )
    challenge = challenge_of(answers, 18)
    assert challenge.unknown == 2
    assert (challenge.younger[0], challenge.older[0]) == (Share(1, 1), Share(1, 1))


@given(
    st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), max_size=20), st.integers(0, 100)
)
def test_more_is_asked_fewer_pass(ages: list[tuple[int, int]], age: int) -> None:
    answers = said(*((label(truth), told) for truth, told in ages))
    challenge = challenge_of(answers, age)
    for shares, wanted in ((challenge.younger, False), (challenge.older, True)):
        counts = [each.count for each in shares]
        assert counts == sorted(counts, reverse=True)
        assert shares[0].of == sum((truth >= age) is wanted for truth, _ in ages)


def test_of_nobody_there_is_nothing_to_say() -> None:
    calibration = calibration_of(said((label(4), None)), FAIRFACE, 18)
    assert (calibration.groups, calibration.error, calibration.challenge) == ([], None, [])
    assert challenge_of(said(), 18).younger[0] == Share(0, 0)
