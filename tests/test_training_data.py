"""What training takes of an archive, and how it varies it; the network itself needs torch."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_pictures import picture

from age_pipeline.data import Box, Image
from age_pipeline.errors import InputError
from training.data_sets import (
    difference_hash,
    has_twin,
    training_pictures,
    validation_pictures,
)
from training.recipes import RECIPES, Recipe
from training.variety import degraded, varied_crop


def saved_again(image: Image) -> Image:
    smaller = cv2.resize(image, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    jpeg = cv2.imencode(".jpg", smaller, [cv2.IMWRITE_JPEG_QUALITY, 40])[1]
    return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)


@pytest.fixture
def utkface(tmp_path: Path) -> Path:
    """A folder named as UTKFace's archive, with a face, its near twin, and another one."""
    folder = tmp_path / "utkface-dev"
    folder.mkdir()
    astronaut, admiral = picture("1.png"), picture("2.jpg")
    for name, image in (
        ("42_1_0_20170101.png", astronaut),
        ("41_1_0_20170102.png", saved_again(astronaut)),
        ("77_1_0_20170103.png", admiral),
    ):
        cv2.imwrite(str(folder / name), image)
    (tmp_path / "utkface-val.txt").write_text("42_1_0_20170101\n")
    return folder


def test_what_validates_is_not_trained_on_nor_its_near_twin(utkface: Path) -> None:
    assert [each.name for each in validation_pictures(utkface)] == ["42_1_0_20170101.png"]
    assert [each.name for each in training_pictures(utkface)] == ["77_1_0_20170103.png"]


def test_a_set_without_a_list_is_trained_on_as_a_whole(utkface: Path) -> None:
    other = utkface.rename(utkface.with_name("faces"))
    assert len(list(training_pictures(other))) == len(list(validation_pictures(other))) == 3


def test_a_damaged_picture_stops_training(utkface: Path) -> None:
    (utkface / "77_1_0_20170103.png").write_bytes(b"none")
    with pytest.raises(InputError, match="77_1_0_20170103"):
        list(training_pictures(utkface))


def test_twins_are_told_by_what_they_show() -> None:
    own = difference_hash(picture("1.png"))
    others = np.array(
        [difference_hash(picture("2.jpg")), difference_hash(saved_again(picture("1.png")))]
    )
    assert has_twin(own, others)
    assert not has_twin(own, others[:1])
    assert not has_twin(own, others[:0])


@given(st.integers(0, 2**32 - 1), st.sampled_from([48, 80]), st.floats(0, 1))
def test_varied_faces_keep_their_form_and_the_picture_is_left_alone(
    seed: int, side: int, strength: float
) -> None:
    image = picture("1.png")
    before = image.copy()
    rng = np.random.default_rng(seed)
    crop = varied_crop(image, Box(179, 57, 271, 177), side, rng)
    kept = crop.copy()
    shown = degraded(crop, strength, rng)
    assert crop.shape == shown.shape == (side, side, 3)
    assert shown.dtype == np.uint8
    assert (image == before).all()
    assert (crop == kept).all()


def test_without_strength_nothing_is_degraded() -> None:
    crop = varied_crop(picture("1.png"), Box(179, 57, 271, 177), 64, np.random.default_rng(1))
    assert (degraded(crop, 0.0, np.random.default_rng(2)) == crop).all()


def test_a_recipe_grows_its_crops_and_their_degradation() -> None:
    recipe = Recipe(epochs=10, sides=((0.0, 48), (0.5, 80)), ramp=0.5)
    assert [recipe.side(epoch) for epoch in (0, 4, 5, 9)] == [48, 48, 80, 80]
    assert [round(recipe.strength(epoch), 2) for epoch in (0, 1, 5, 9)] == [0.3, 0.44, 1.0, 0.5]


def test_recipes_go_on_from_recipes() -> None:
    for recipe in RECIPES.values():
        assert {*recipe.teachers, recipe.start or "teacher-64"} <= set(RECIPES)


def test_the_free_network_has_seen_fairface_alone() -> None:
    lineage = ["compact-free"]
    for name in lineage:
        recipe = RECIPES[name]
        assert recipe.sets == ("fairface-train",)
        lineage += [each for each in (recipe.start, *recipe.teachers) if each is not None]
