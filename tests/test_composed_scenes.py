"""Composed scenes: each shows what its case says, and the truth about it is true."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest

from age_pipeline.data import Image
from benchmarks.composed_scenes import HEIGHT, USUAL_HEIGHT, WIDTH, ComposedScenes
from benchmarks.face_boxes import NOBODY, Scene


@cache
def scenes() -> tuple[Scene, ...]:
    return tuple(ComposedScenes())


def those(case: str) -> dict[str, list[Scene]]:
    """The scenes of a case, by their level."""
    found: dict[str, list[Scene]] = {}
    for scene in scenes():
        if scene.case == case:
            found.setdefault(scene.level, []).append(scene)
    return found


@cache
def plain() -> list[Scene]:
    """Without any hardship, in the order of all other levels."""
    return those("height in pixels")[f"{USUAL_HEIGHT}"]


def face(scene: Scene) -> Image:
    [box] = scene.boxes
    return scene.image[box.top : box.bottom, box.left : box.right]


def test_there_are_as_many_as_is_said() -> None:
    assert len(ComposedScenes()) == len(scenes())


def test_every_case_has_levels_and_every_level_all_portraits_on_all_backgrounds() -> None:
    levels = {case: list(those(case)) for case in dict.fromkeys(each.case for each in scenes())}
    nobody = levels.pop(NOBODY)
    assert len(nobody) >= 15
    assert levels == {
        "height in pixels": ["20", "30", "45", "70", "110", "170", "260", "fills the picture"],
        "roll in degrees": ["10", "20", "30", "45", "60", "90", "180"],
        "width narrowed to": ["0.85", "0.7", "0.55", "0.4"],
        "blur in heights of the face": ["0.02", "0.04", "0.06", "0.08"],
        "brightness times": ["0.3", "0.15", "0.08", "0.04"],
        "hidden": ["mouth", "eyes", "one half"],
    }
    for case in levels:
        for level, own in those(case).items():
            assert len(own) == (3 if level == "fills the picture" else 6)
            assert len({each.image.tobytes() for each in own}) == len(own)


def test_they_are_the_same_every_time() -> None:
    for one, other in zip(scenes()[::5], list(ComposedScenes())[::5], strict=True):
        np.testing.assert_array_equal(one.image, other.image)
        assert one.boxes == other.boxes


def test_each_shows_one_whole_face_or_nobody() -> None:
    for scene in scenes():
        if scene.case == NOBODY:
            assert scene.boxes == ()
        else:
            [box] = scene.boxes
            height, width = scene.image.shape[:2]
            assert (box.left >= 0, box.right <= width, box.bottom <= height) == (True, True, True)
        if scene.level != "fills the picture":
            assert scene.image.shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("height", [20, 30, 45, 70, 110, 170, 260])
def test_a_face_is_as_high_as_is_said(height: int) -> None:
    for scene in those("height in pixels")[f"{height}"]:
        assert scene.boxes[0].height == pytest.approx(height, abs=1)


def test_a_large_face_shows_more_than_an_enlarged_one() -> None:
    def detail(image: Image) -> float:
        return float(cv2.Laplacian(image, cv2.CV_64F).std())

    # Einstein's face has 507 pixels.
    *_, large, _ = those("height in pixels")["260"]
    *_, usual, _ = plain()
    shape = face(large).shape
    enlarged = cv2.resize(face(usual), (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
    assert detail(face(large)) > 1.5 * detail(np.asarray(enlarged, np.uint8))


def test_a_face_that_fills_the_picture_ends_with_it() -> None:
    for scene in those("height in pixels")["fills the picture"]:
        height, width = scene.image.shape[:2]
        [box] = scene.boxes
        assert (box.left, box.top, box.right, box.bottom) == (0, 0, width, height)
        assert height == HEIGHT


def test_a_rolled_face_stays_in_its_place() -> None:
    for level, own in those("roll in degrees").items():
        for scene, upright in zip(own, plain(), strict=True):
            [box], [other] = scene.boxes, upright.boxes
            assert box.left + box.right == pytest.approx(other.left + other.right, abs=2)
            assert box.top + box.bottom == pytest.approx(other.top + other.bottom, abs=2)
            if level in ("90", "180"):
                turned = other.height if level == "90" else other.width
                assert box.width == pytest.approx(turned, abs=1)
            assert np.abs(face(scene).mean() - face(upright).mean()) < 25
            assert not np.array_equal(scene.image, upright.image)


def test_a_narrowed_face_is_as_wide_as_is_said() -> None:
    for level, own in those("width narrowed to").items():
        for scene, wide in zip(own, plain(), strict=True):
            [box], [other] = scene.boxes, wide.boxes
            assert box.width == pytest.approx(float(level) * other.width, abs=2)
            assert (box.top, box.bottom) == (other.top, other.bottom)


def test_blur_takes_more_detail_from_level_to_level() -> None:
    def detail(scene: Scene) -> float:
        return float(np.abs(np.diff(face(scene).astype(int), axis=0)).mean())

    levels = list(those("blur in heights of the face").values())
    for sharp, *blurred in zip(plain(), *levels, strict=True):
        details = [detail(each) for each in (sharp, *blurred)]
        assert details == sorted(details, reverse=True)
        assert all(each.boxes == sharp.boxes for each in blurred)
        assert details[-1] < details[0] / 2


def test_darkness_is_as_deep_as_is_said() -> None:
    for level, own in those("brightness times").items():
        for scene, light in zip(own, plain(), strict=True):
            np.testing.assert_allclose(scene.image, light.image * float(level), atol=1.5)
            assert scene.boxes == light.boxes


def test_what_is_hidden_lies_in_the_face_and_the_rest_is_seen() -> None:
    places = {"mouth": (0.8, 0.5), "eyes": (0.35, 0.5), "one half": (0.5, 0.25)}
    for level, own in those("hidden").items():
        for scene, whole in zip(own, plain(), strict=True):
            assert scene.boxes == whole.boxes
            hidden = (face(scene) != face(whole)).any(axis=2)
            assert 0.25 < hidden.mean() < 0.55
            for name, (down, across) in places.items():
                at = round(down * hidden.shape[0]), round(across * hidden.shape[1])
                if name == level:
                    assert hidden[at]
            changed = (scene.image != whole.image).any(axis=2)
            # A bar over the chin may end just below the face.
            assert changed.sum() <= 1.1 * hidden.sum()
