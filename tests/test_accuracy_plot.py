from io import BytesIO

import pytest
from fakes import bell
from labelled_answers import label, result, said
from PIL import Image as PillowImage

from benchmarks.accuracy_plot import MOST_INTERVALS, plot
from benchmarks.accuracy_report import report_of
from benchmarks.age_answers import Answers
from benchmarks.age_groups import groups_of

pytest.importorskip("matplotlib")


def drawn(*answers: Answers) -> PillowImage.Image:
    reports = [report_of(result(each), groups_of(each.labels), [], 18) for each in answers]
    return PillowImage.open(BytesIO(plot(reports)))


FEW = said(*((label(age), bell(age + 3)) for age in range(10, 60, 5)))
MANY = said(*((label(age % 90), bell(age % 80)) for age in range(2 * MOST_INTERVALS)))
GROUPS = said(*((label(10, 19), bell(age)) for age in range(2 * MOST_INTERVALS // 2 + 1)))


@pytest.mark.parametrize("answers", [FEW, MANY, GROUPS], ids=["few", "many", "groups"])
def test_each_kind_of_labels_gives_a_picture(answers: Answers) -> None:
    picture = drawn(answers)
    assert picture.format == "PNG"
    assert picture.width == 1600
    colours = picture.convert("RGB").getcolors(picture.width * picture.height)
    assert colours is not None
    assert len(colours) > 100


def test_each_report_has_a_row() -> None:
    assert drawn(FEW, MANY).height == 2 * drawn(FEW).height


def test_the_faces_make_the_picture() -> None:
    assert drawn(FEW).tobytes() == drawn(FEW).tobytes()
    assert drawn(FEW).tobytes() != drawn(FEW.chosen(FEW.first < 50)).tobytes()


def test_where_nobody_is_found_there_is_still_a_picture() -> None:
    assert drawn(said((label(30), None), (label(3, 9), None))).width == 1600
