"""The names that programs of other people may rely on: one that goes or comes is a decision."""

from __future__ import annotations

import importlib

import pytest

PUBLIC = {
    "age_pipeline": [
        "BRACKETS",
        "BRACKET_NAMES",
        "AgeDetectionError",
        "AgeDetector",
        "AgeEstimate",
        "Box",
        "Face",
        "FaceDetector",
        "FailedInput",
        "Frame",
        "Image",
        "ModelUse",
        "Person",
        "find_people",
    ],
    "face_detector": ["MODELS", "NAMES", "Looks", "load"],
    "age_detector": ["DEFAULT", "MODELS", "NAMES", "load"],
}


@pytest.mark.parametrize("room", PUBLIC)
def test_the_public_names_are_these(room: str) -> None:
    module = importlib.import_module(room)
    assert sorted(module.__all__) == sorted(PUBLIC[room])


@pytest.mark.parametrize(
    ("room", "name"), [(room, name) for room, names in PUBLIC.items() for name in names]
)
def test_each_can_be_imported(room: str, name: str) -> None:
    namespace: dict[str, object] = {}
    exec(f"from {room} import {name}", namespace)
    assert namespace[name] is not None


def test_those_of_the_pipeline_are_the_modules_own() -> None:
    import age_pipeline
    from age_pipeline import data, errors, stages

    assert age_pipeline.Box is data.Box
    assert age_pipeline.find_people is stages.find_people
    assert age_pipeline.AgeDetectionError is errors.AgeDetectionError
    assert set(PUBLIC["age_pipeline"]) <= set(dir(age_pipeline))
    assert not hasattr(age_pipeline, "bracket_index")


def test_the_version_is_three_numbers() -> None:
    import age_pipeline

    assert [part.isdecimal() for part in age_pipeline.__version__.split(".")] == [True] * 3
