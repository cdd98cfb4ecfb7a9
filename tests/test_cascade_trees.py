"""Trees of cascades that lead on, and such as do not."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from face_detector.cascade_trees import trees_are_whole

CASCADE = """\
<opencv_storage><cascade><featureParams><maxCatCount>{categories}</maxCatCount></featureParams>
<stages><_><weakClassifiers>
<_><internalNodes>0 -1 1 0.5</internalNodes><leafValues>0.1 0.2</leafValues></_>
<_><internalNodes>{nodes}</internalNodes><leafValues>0.1 0.2 0.3</leafValues></_>
</weakClassifiers></_></stages>
<features><_><rect>0 0 1 1</rect></_><_><rect>0 0 2 2</rect></_></features>
</cascade></opencv_storage>
"""


def is_whole(nodes: str, categories: int = 0) -> bool:
    return trees_are_whole(CASCADE.format(nodes=nodes, categories=categories))


def test_nodes_lead_to_nodes_and_leaves() -> None:
    assert is_whole("0 1 0 0.5 -1 -2 1 -0.5")
    assert is_whole("1 -2 1 5e-3\n 0 -1 0 .5")


@pytest.mark.parametrize(
    "nodes",
    [
        "0 2 0 0.5 -1 -2 1 0.5",
        "0 1 0 0.5 -1 -3 1 0.5",
        "0 1 0 0.5 1 -2 1 0.5",
        "0 1 2 0.5 -1 -2 1 0.5",
        "0 1 -1 0.5 -1 -2 1 0.5",
        "0 1 0.5 0.5 -1 -2 1 0.5",
        "0 nan 0 0.5 -1 -2 1 0.5",
        "0 1 0 0.5 -1 -2 1",
        "0 1 0 0.5 -1 -2 one 0.5",
    ],
)
def test_a_tree_that_leads_nowhere_is_told(nodes: str) -> None:
    assert not is_whole(nodes)


def test_sets_of_categories_take_several_numbers() -> None:
    whole = CASCADE.replace("0 -1 1 0.5", "0 -1 1 7 7").format(
        nodes="0 1 0 9 9 -1 -2 1 9 9", categories=64
    )
    assert trees_are_whole(whole)
    assert not trees_are_whole(whole.replace(">64<", ">65<"))


def test_what_is_no_xml_has_no_trees() -> None:
    assert not trees_are_whole("<a><b></a>")


def test_every_cascade_of_the_wheel_is_whole() -> None:
    cascades = list((Path(cv2.__file__).parent / "data").glob("haarcascade_*.xml"))
    if not cascades:
        pytest.skip(f"OpenCV {cv2.__version__} carries no cascades")
    for cascade in cascades:
        assert trees_are_whole(cascade.read_text(encoding="latin-1")), cascade.name
