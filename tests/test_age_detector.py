from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

import age_detector
from age_detector.levi_hassner import WEIGHTS, LeviHassnerAgeDetector
from age_pipeline.errors import UsageError


class CompactAgeDetector:
    """In the place of the compact network's, whose file these tests are not about."""

    def __init__(self, folder: Path | None, engine: str) -> None:
        self.folder = folder
        self.engine = engine


@pytest.fixture(autouse=True)
def _compact(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("age_detector.compact")
    vars(module).update(
        CompactAgeDetector=CompactAgeDetector, WEIGHTS=replace(WEIGHTS, name="compact")
    )
    monkeypatch.setitem(sys.modules, "age_detector.compact", module)


def test_compact_answers_unless_the_folder_holds_the_older_network(
    tmp_path: Path, age_net_folder: Path
) -> None:
    assert isinstance(age_detector.load(), CompactAgeDetector)
    compact = age_detector.load(folder=tmp_path)
    assert isinstance(compact, CompactAgeDetector)
    assert compact.folder == tmp_path
    assert isinstance(age_detector.load(folder=age_net_folder), LeviHassnerAgeDetector)


def test_a_file_in_the_cache_does_not_change_what_answers(
    cache: Path, age_net_folder: Path, tmp_path: Path
) -> None:
    cache.symlink_to(age_net_folder)
    assert isinstance(age_detector.load(), CompactAgeDetector)
    assert isinstance(age_detector.load(folder=tmp_path), CompactAgeDetector)
    assert isinstance(age_detector.load("levi-hassner", tmp_path), LeviHassnerAgeDetector)


def test_a_name_wins_over_the_folder(age_net_folder: Path) -> None:
    assert isinstance(age_detector.load("compact", age_net_folder), CompactAgeDetector)


def test_the_engine_reaches_the_model() -> None:
    for engine, loaded in (
        ("opencv", age_detector.load()),
        ("openvino", age_detector.load(engine="openvino")),
    ):
        assert isinstance(loaded, CompactAgeDetector)
        assert loaded.engine == engine


def test_a_model_needs_nothing_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "age_detector.levi_hassner", None)
    assert isinstance(age_detector.load("compact"), CompactAgeDetector)


def test_a_name_or_a_folder_that_does_not_exist_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"'oracle'; there is: compact, compact-free, levi-hassner"
    ):
        age_detector.load("oracle")
    with pytest.raises(UsageError, match="no such folder"):
        age_detector.load(folder=tmp_path / "absent")


def test_the_models_are_listed_by_name() -> None:
    assert tuple(age_detector.MODELS) == age_detector.NAMES
    assert all(name == model.name for name, model in age_detector.MODELS.items())
    with pytest.raises(AttributeError, match="no attribute 'MODEL'"):
        age_detector.MODEL  # noqa: B018
