"""The timing of age models, by a clock that only the models move."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from fakes import FACE, FakeAges, FakeFaces, bell
from sample_pictures import picture

from age_detector.levi_hassner import WEIGHTS as AGE_NET
from age_pipeline.data import AgeEstimate, Face, Image
from age_pipeline.networks import Network
from benchmarks import age_speed
from benchmarks.age_speed import Ratio, Times, load_models, report, time_in_turns

IMAGE = np.zeros((40, 40, 3), np.uint8)


class Clock:
    """Stands still until somebody takes time."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def clocked_network(clock: Clock, seconds: float) -> Network:
    """A network that takes so many seconds for each of its inputs."""

    def forward(batch: npt.NDArray[np.float32]) -> list[npt.NDArray[np.float32]]:
        clock.now += seconds * len(batch)
        return [batch]

    return Network(forward)


class ClockedAges(FakeAges):
    """Takes 1 second for each crop, and for the first estimate 100 more.

    Args:
        clock: What it moves.
        seconds: What its network takes for each crop; it looks twice.
    """

    def __init__(self, clock: Clock, seconds: float) -> None:
        super().__init__()
        self._clock = clock
        self._network = clocked_network(clock, seconds)
        self.threads: set[int] = set()

    def crop(self, image: Image, face: Face) -> Image:
        self._clock.now += 1
        return super().crop(image, face)

    def estimate(self, crops: Sequence[Image]) -> list[AgeEstimate]:
        self.threads.add(cv2.getNumThreads())
        self._clock.now += 0 if self.calls else 100
        for _ in range(2):
            self._network.run(np.zeros((len(crops), 3, 8, 8), np.float32))
        return super().estimate(crops)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(age_speed, "thread_time", clock)
    return clock


def test_the_whole_and_the_network_are_timed_apart_and_the_first_round_not(clock: Clock) -> None:
    models = {"slow": ClockedAges(clock, 20), "fast": ClockedAges(clock, 2)}
    times = time_in_turns(models, IMAGE, FACE, rounds=3)
    assert list(times) == [(name, count) for count in (1, 2, 8) for name in models]
    for (name, count), taken in times.items():
        network = 2 * (20 if name == "slow" else 2) * count
        assert taken.network.tolist() == [network] * 3
        assert taken.whole.tolist() == [network + count] * 3
    # Four rounds of 1, 2 and 8 faces at once.
    assert models["slow"].calls == [1, 2, 8] * 4


def test_afterwards_networks_are_as_they_were(clock: Clock) -> None:
    before = Network.run
    time_in_turns({"fast": ClockedAges(clock, 2)}, IMAGE, FACE, rounds=1)
    assert Network.run is before


def test_a_ratio_is_taken_round_by_round() -> None:
    # The third round was disturbed: both took long.
    slow, fast = np.array([20.0, 22, 300, 24, 26]), np.array([2.0, 2, 30, 2, 2])
    ratio = Ratio.of(slow, fast)
    assert ratio.median == pytest.approx(11)
    # 10, 10, 11, 12, 13: a tenth of the way from end to end is 0.4 of a step.
    assert (ratio.low, ratio.high) == pytest.approx((10, 12.6))
    assert str(ratio) == "11.0 (10.0-12.6)"


def test_the_table_has_a_row_for_each_own_model(capsys: pytest.CaptureFixture[str]) -> None:
    def times(whole: float, network: float) -> Times:
        return Times(whole * disturbed, network * disturbed)

    disturbed = np.array([1.0, 1, 5])

    report(
        {
            ("compact", 1): times(0.003, 0.002),
            (AGE_NET.name, 1): times(0.036, 0.03),
            ("compact", 8): times(0.02, 0.01),
            (AGE_NET.name, 8): times(0.3, 0.2),
        }
    )
    _, _, *rows = capsys.readouterr().out.splitlines()
    assert rows == [
        "| compact | 1 | 3.00 | 36.00 | 12.0 (12.0-12.0) | 2.00 | 30.00 | 15.0 (15.0-15.0) |",
        "| compact | 8 | 20.00 | 300.00 | 15.0 (15.0-15.0) | 10.00 | 200.00 | 20.0 (20.0-20.0) |",
    ]


def test_the_command_runs_on_one_thread_and_lets_go_of_it(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    models = {"compact": ClockedAges(clock, 2), AGE_NET.name: ClockedAges(clock, 20)}
    monkeypatch.setattr(age_speed, "load_models", lambda *_: models)
    monkeypatch.setattr("face_detector.load", FakeFaces)
    before = cv2.getNumThreads()
    cv2.setNumThreads(3)
    try:
        assert age_speed.main(["--rounds", "2"]) == 0
        assert cv2.getNumThreads() == 3
    finally:
        cv2.setNumThreads(before)
    assert models["compact"].threads == {1}
    out = capsys.readouterr().out
    assert "medians of 2 rounds" in out
    assert "| compact | 1 | 5000.00 | 41000.00 | 8.2 (8.2-8.2) | 4000.00 | 40000.00 |" in out


def test_rounds_there_must_be(capsys: pytest.CaptureFixture[str]) -> None:
    assert age_speed.main(["--rounds", "0"]) == 2
    assert "give 1 or more" in capsys.readouterr().err


class TestWhichAgeNet:
    def test_one_that_is_given_is_used(
        self, age_net_folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        load_models([], age_net_folder)
        (message,) = caplog.messages
        assert message.startswith(f"{age_net_folder / AGE_NET.file} is not the known")

    def test_one_that_was_fetched_is_used(
        self, age_net_folder: Path, cache: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        cache.mkdir()
        (cache / AGE_NET.file).symlink_to(age_net_folder / AGE_NET.file)
        load_models([], None)
        (message,) = caplog.messages
        assert message.startswith(f"{cache / AGE_NET.file} is not the known")

    def test_else_random_weights_stand_in(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO", "detect_age")
        models = load_models(["compact"], tmp_path)
        assert list(models) == ["compact", AGE_NET.name]
        (message,) = caplog.messages
        assert "random weights stand in" in message
        ages = models[AGE_NET.name]
        (age,) = ages.estimate([ages.crop(picture("1.png"), Face(FACE.box, None))])
        # Random, but an age like any other.
        assert 0 < age.bracket_confidence < 1
        assert age.years != bell().years
