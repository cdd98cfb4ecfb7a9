"""What every face detector and every age model must keep to, as the Protocols of stages.py say."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from detector_files import detector_folder
from group_photos import NASA_FACES
from sample_pictures import PORTRAITS, picture

import age_detector
import face_detector
from age_pipeline.data import Box, Face, Image
from age_pipeline.model_files import ModelFile, load
from age_pipeline.model_packages import ModelPackage
from age_pipeline.stages import AgeDetector, FaceDetector, ModelUse
from face_detector.looks import LookAgain

DETECTORS = [
    *((name, looks) for name in face_detector.NAMES for looks in ("single", "again")),
    ("ssd", "thorough"),
]

IN_ONE_LOOK = {"ssd": 21, "yunet": 23, "haar": 15, "hog": 0}
"""How many of the group's 23 each finds at least: 30 pixels are too small for some."""

AT_AN_EDGE = {"ssd": (1, 0.9), "yunet": (0, 0.85), "haar": (7, 0.5), "hog": (0, 0.8)}
"""How many pixels a box may end before an edge that cuts off a tenth of the face, and how much it
shares at least with what is left of the face. Haar's windows lie inside the picture."""

SIZES = [(1, 1), (1, 2), (2, 300), (3, 1000), (300, 2), (7, 5), (333, 777)]
"""Heights and widths: tiny, odd, and as narrow as a strip."""

NO_PICTURES: list[npt.NDArray[np.generic]] = [
    np.zeros((40, 50), np.uint8),
    np.zeros((40, 50, 1), np.uint8),
    np.zeros((40, 50, 4), np.uint8),
    np.zeros((40, 50, 3), np.uint16),
    np.zeros((40, 50, 3), np.float32),
    np.zeros((40, 50, 3), np.bool_),
    np.zeros((0, 50, 3), np.uint8),
    np.zeros((2, 40, 50, 3), np.uint8),
]
"""Grey, grey, with alpha, 16 bits, floats, bits, without a pixel, and two at once."""

each_size = pytest.mark.parametrize("size", SIZES, ids=str)
each_no_picture = pytest.mark.parametrize(
    "image", NO_PICTURES, ids=lambda image: f"{image.dtype}-{image.shape}"
)


def ways_to_hold(image: Image) -> dict[str, Image]:
    """The same pixels, laid out differently in memory."""
    wide = np.zeros((image.shape[0], image.shape[1], 6), np.uint8)
    wide[..., ::2] = image
    larger = np.full((image.shape[0] + 9, image.shape[1] + 7, 3), 90, np.uint8)
    larger[4:-5, 3:-4] = image
    return {
        "a part of a larger picture": larger[4:-5, 3:-4],
        "columns first": np.asfortranarray(image),
        "every other channel": wide[..., ::2],
        "red-green-blue turned round": np.ascontiguousarray(image[..., ::-1])[..., ::-1],
        "upside down and back": np.ascontiguousarray(image[::-1])[::-1],
    }


def is_recorded(
    use: ModelUse, name: str, model: ModelFile | ModelPackage, folder: Path | None
) -> bool:
    """Whether a record says what answered: a file's name and hash, or a version."""
    if isinstance(model, ModelPackage):
        version = import_module(model.module).__version__
        return use == ModelUse(name, None, None, model.licence, version)
    loaded = load(model, folder)
    digest = hashlib.sha256(loaded.path.read_bytes()).hexdigest()
    licence = model.licence if loaded.verified else None
    return use == ModelUse(name, loaded.path.name, digest, licence)


@pytest.fixture(scope="module", params=DETECTORS, ids="-".join)
def faces(request: pytest.FixtureRequest) -> FaceDetector:
    name, looks = request.param
    return face_detector.load(name, detector_folder(name), looks=looks)


class TestFaceDetector:
    def test_says_which_model_answers(self, faces: FaceDetector) -> None:
        name = faces.model.name
        folder = detector_folder(name)
        assert is_recorded(faces.model, name, face_detector.MODELS[name], folder)

    @pytest.mark.parametrize("name", PORTRAITS[:2])
    def test_finds_the_face_of_a_portrait(self, faces: FaceDetector, name: str) -> None:
        image = picture(name)
        [face] = faces.detect(image)
        assert face.box.left < image.shape[1] / 2 < face.box.right
        assert (face.confidence or 0) >= 0.5
        assert face.quarter_turns == 0

    def test_finds_two_people_side_by_side(self, faces: FaceDetector) -> None:
        one = picture("1.png")
        found = faces.detect(np.ascontiguousarray(np.hstack([one, one[:, ::-1]])))
        left, right = sorted((face.box for face in found), key=lambda box: box.left)
        assert left.iou(Box(179, 57, 271, 177)) > 0.6
        assert right.iou(Box(1024 - 271, 57, 1024 - 179, 177)) > 0.6

    def test_finds_a_group_and_nothing_else(self, faces: FaceDetector) -> None:
        found = [face.box for face in faces.detect(picture("nasa_group15.jpg"))]
        seen = [box for box in NASA_FACES if any(each.iou(box) > 0.5 for each in found)]
        looks_again = isinstance(faces, LookAgain)
        assert len(seen) >= (len(NASA_FACES) if looks_again else IN_ONE_LOOK[faces.model.name])
        assert len(found) == len(seen)

    def test_sorts_by_confidence_and_stays_inside(self, faces: FaceDetector) -> None:
        image = picture("nasa_group15.jpg")
        height, width = image.shape[:2]
        found = faces.detect(image)
        confidences = [face.confidence or 0 for face in found]
        assert confidences == sorted(confidences, reverse=True)
        assert min(confidences, default=1) >= 0.5
        assert all(face.box.right <= width and face.box.bottom <= height for face in found)
        assert {type(face.box.left) for face in found} <= {int}
        assert {type(face.confidence) for face in found} <= {float}

    @each_size
    def test_a_blank_picture_is_an_empty_list(
        self, faces: FaceDetector, size: tuple[int, int]
    ) -> None:
        assert faces.detect(np.full((*size, 3), 200, np.uint8)) == []

    @each_no_picture
    def test_refuses_what_is_no_colour_picture(
        self, faces: FaceDetector, image: npt.NDArray[np.generic]
    ) -> None:
        wrong_kind = image.dtype != np.uint8
        with pytest.raises(TypeError if wrong_kind else ValueError, match="expected a picture of"):
            faces.detect(image)  # type: ignore[arg-type]

    def test_heeds_pixels_and_not_how_they_are_held(self, faces: FaceDetector) -> None:
        image = picture("1.png")[30:300, 100:400]
        expected = faces.detect(np.ascontiguousarray(image))
        assert len(expected) == 1
        for way, held in ways_to_hold(image).items():
            assert faces.detect(held) == expected, way

    def test_threads_may_share_it(self, faces: FaceDetector) -> None:
        images = [
            picture("1.png")[top : top + 300, left : left + 300].copy()
            for top, left in ((0, 0), (0, 80), (30, 100), (57, 179), (200, 200))
        ]
        alone = [faces.detect(image) for image in images]
        with ThreadPoolExecutor(4) as threads:
            assert list(threads.map(faces.detect, images * 4)) == alone * 4
        assert len({str(each) for each in alone}) > 3

    def test_does_not_modify_the_picture(self, faces: FaceDetector) -> None:
        for size in ((512, 512), (300, 300)):
            image = np.array(picture("1.png")[: size[0], : size[1]])
            before = image.copy()
            assert len(faces.detect(image)) == 1
            np.testing.assert_array_equal(image, before)

    @pytest.mark.parametrize("side", ["left", "top", "right", "bottom"])
    def test_a_face_at_the_edge_is_clipped_to_the_picture(
        self, faces: FaceDetector, side: str
    ) -> None:
        # The face of 1.png lies at (179, 57, 271, 177): the edge cuts off a tenth of it.
        image = {
            "left": picture("1.png")[:, 188:],
            "top": picture("1.png")[69:],
            "right": picture("1.png")[:, :262],
            "bottom": picture("1.png")[:165],
        }[side]
        height, width = image.shape[:2]
        shift_x, shift_y = {"left": (188, 0), "top": (0, 69)}.get(side, (0, 0))
        whole = (179 - shift_x, 57 - shift_y, 271 - shift_x, 177 - shift_y)
        seen = Box.clipped(*whole, width=width, height=height)
        assert seen is not None
        found = faces.detect(image)
        assert all(face.box.right <= width and face.box.bottom <= height for face in found)
        most, least = AT_AN_EDGE[faces.model.name]
        [face] = [face for face in found if face.box.iou(seen) > least]
        edges = {"left": face.box.left, "top": face.box.top}
        edges |= {"right": width - face.box.right, "bottom": height - face.box.bottom}
        assert edges[side] <= most


@pytest.fixture(scope="module", params=age_detector.NAMES)
def ages(request: pytest.FixtureRequest) -> AgeDetector:
    return age_detector.load(request.param, _folder(request))


@pytest.fixture(scope="module")
def folder(ages: AgeDetector, request: pytest.FixtureRequest) -> Path | None:
    """Where the model's file was looked for."""
    return _folder(request) if ages.model.name == "levi-hassner" else None


def _folder(request: pytest.FixtureRequest) -> Path | None:
    """Only the file of the older network has to be made: it may not be handed on."""
    if getattr(request, "param", "levi-hassner") == "levi-hassner":
        generated: Path = request.getfixturevalue("age_net_folder")
        return generated
    return None


PEOPLE = [
    ("1.png", Face(Box(179, 57, 271, 177), 0.99)),
    ("2.jpg", Face(Box(183, 123, 350, 330), 0.99)),
    ("einstein_1947.jpg", Face(Box(259, 223, 615, 729), 0.99)),
]


@pytest.fixture(scope="module")
def crops(ages: AgeDetector) -> list[Image]:
    """One of each portrait."""
    return [ages.crop(picture(name), face) for name, face in PEOPLE]


class TestAgeDetector:
    def test_says_which_model_answers(self, ages: AgeDetector, folder: Path | None) -> None:
        name = ages.model.name
        assert is_recorded(ages.model, name, age_detector.MODELS[name], folder)

    def test_gives_a_distribution_for_each_crop(
        self, ages: AgeDetector, crops: list[Image]
    ) -> None:
        estimates = ages.estimate(crops)
        assert len(estimates) == len(crops)
        for estimate in estimates:
            assert estimate.probabilities.shape == (101,)
            assert estimate.probabilities.sum() == pytest.approx(1)
            assert sum(estimate.brackets.values()) == pytest.approx(1)
            assert 0 <= estimate.years <= 100
            first, last = estimate.interval(0.8)
            assert 0 <= first <= last <= 100

    def test_a_batch_gives_what_each_of_it_gives_alone(
        self, ages: AgeDetector, crops: list[Image]
    ) -> None:
        together = ages.estimate(crops)
        for crop, estimate in zip(crops, together, strict=True):
            [alone] = ages.estimate([crop])
            np.testing.assert_allclose(alone.probabilities, estimate.probabilities, atol=1e-5)
        # Different faces are told apart, so that a mixed-up order would be seen.
        assert len({round(estimate.years, 2) for estimate in together}) == len(crops)
        backwards = ages.estimate(crops[::-1])
        assert [each.years for each in backwards] == pytest.approx(
            [each.years for each in together[::-1]], abs=1e-3
        )

    def test_threads_may_share_it(self, ages: AgeDetector, crops: list[Image]) -> None:
        alone = [each.years for crop in crops for each in ages.estimate([crop])]
        with ThreadPoolExecutor(4) as threads:
            answers = threads.map(ages.estimate, [[crop] for crop in crops] * 8)
            assert [each.years for answer in answers for each in answer] == alone * 8

    def test_no_crop_is_an_empty_list(self, ages: AgeDetector) -> None:
        assert ages.estimate([]) == []

    def test_answers_for_a_dozen_at_once(self, ages: AgeDetector, crops: list[Image]) -> None:
        estimates = ages.estimate(crops * 4)
        assert len(estimates) == 12
        first, last = estimates[2], estimates[11]
        np.testing.assert_allclose(first.probabilities, last.probabilities, atol=1e-5)

    @pytest.mark.parametrize("grey", [0, 127, 255])
    def test_answers_for_a_blank_face_too(self, ages: AgeDetector, grey: int) -> None:
        image = np.full((90, 120, 3), grey, np.uint8)
        [estimate] = ages.estimate([ages.crop(image, Face(Box(30, 20, 80, 70), None))])
        assert np.isfinite(estimate.years)

    @each_size
    def test_crops_any_picture_to_its_own_size(
        self, ages: AgeDetector, crops: list[Image], size: tuple[int, int]
    ) -> None:
        height, width = size
        image = np.full((height, width, 3), 55, np.uint8)
        crop = ages.crop(image, Face(Box(0, 0, width, height), None))
        assert crop.shape == crops[0].shape
        assert crop.dtype == np.uint8
        assert (crop == 55).all()
        assert len(ages.estimate([crop])) == 1

    @pytest.mark.parametrize(
        "box",
        [Box(0, 0, 40, 50), Box(80, 0, 120, 50), Box(0, 40, 40, 90), Box(119, 89, 120, 90)],
        ids=str,
    )
    def test_crops_a_face_at_the_edge(
        self, ages: AgeDetector, crops: list[Image], box: Box
    ) -> None:
        image = np.full((90, 120, 3), 55, np.uint8)
        crop = ages.crop(image, Face(box, 0.9))
        assert crop.shape == crops[0].shape
        # What lies outside is not made up: no black bar enters the network.
        assert (crop == 55).all()

    @pytest.mark.parametrize("box", [Box(0, 0, 121, 9), Box(0, 0, 9, 91)], ids=str)
    def test_refuses_a_face_that_is_not_in_the_picture(self, ages: AgeDetector, box: Box) -> None:
        with pytest.raises(ValueError, match="expected a box inside 120x90 pixels"):
            ages.crop(np.zeros((90, 120, 3), np.uint8), Face(box, 0.9))

    @each_no_picture
    def test_refuses_what_is_no_colour_picture(
        self, ages: AgeDetector, crops: list[Image], image: npt.NDArray[np.generic]
    ) -> None:
        error = TypeError if image.dtype != np.uint8 else ValueError
        with pytest.raises(error, match="expected a picture of"):
            ages.crop(image, Face(Box(0, 0, 9, 9), 0.9))  # type: ignore[arg-type]
        with pytest.raises(error, match="expected a picture of"):
            ages.estimate([crops[0], image])  # type: ignore[list-item]

    def test_refuses_a_crop_of_another_size(self, ages: AgeDetector, crops: list[Image]) -> None:
        with pytest.raises(ValueError, match="expected a crop of shape"):
            ages.estimate([crops[0], crops[0][1:]])

    def test_heeds_pixels_and_not_how_they_are_held(self, ages: AgeDetector) -> None:
        name, face = PEOPLE[0]
        image = picture(name)
        expected = ages.crop(image, face)
        [years] = [each.years for each in ages.estimate([expected])]
        for way, held in ways_to_hold(image).items():
            np.testing.assert_array_equal(ages.crop(held, face), expected, err_msg=way)
        for way, held in ways_to_hold(expected).items():
            [estimate] = ages.estimate([held])
            assert estimate.years == pytest.approx(years), way

    def test_modifies_neither_picture_nor_crop(self, ages: AgeDetector) -> None:
        name, face = PEOPLE[0]
        image = np.array(picture(name))
        crop = ages.crop(image, face)
        before = crop.copy()
        ages.estimate([crop])
        np.testing.assert_array_equal(crop, before)
        np.testing.assert_array_equal(image, picture(name))

    @pytest.mark.parametrize("quarter_turns", [1, 2, 3])
    def test_a_face_that_lies_gives_what_it_gives_upright(
        self, ages: AgeDetector, quarter_turns: int
    ) -> None:
        image = picture("1.png")
        height, width = image.shape[:2]
        lying = np.ascontiguousarray(np.rot90(image, -quarter_turns))
        # Around its middle lies a square of whole pixels, however it is turned.
        box = Box(178, 57, 272, 177)
        left, top, right, bottom = {
            1: (height - box.bottom, box.left, height - box.top, box.right),
            2: (width - box.right, height - box.bottom, width - box.left, height - box.top),
            3: (box.top, width - box.right, box.bottom, width - box.left),
        }[quarter_turns]
        crop = ages.crop(lying, Face(Box(left, top, right, bottom), 0.9, quarter_turns))
        upright = ages.crop(image, Face(box, 0.9))
        # Resizing may round otherwise when it goes the other way.
        np.testing.assert_allclose(crop.astype(int), upright.astype(int), atol=1)
