import pytest

from age_pipeline import label_placement
from age_pipeline.data import Box
from age_pipeline.label_placement import LabelSize, place_labels


def test_nobody_no_labels() -> None:
    placement = place_labels([], [], width=100, height=100)
    assert placement.places == ()
    assert placement.clashes == ()


@pytest.mark.parametrize(
    ("face", "place"),
    [
        (Box(40, 40, 60, 60), Box(35, 60, 65, 70)),
        (Box(40, 80, 60, 100), Box(35, 70, 65, 80)),
        (Box(0, 40, 20, 60), Box(0, 60, 30, 70)),
        (Box(45, 0, 55, 100), Box(55, 90, 85, 100)),
        (Box(0, 0, 100, 100), Box(35, 90, 65, 100)),
    ],
    ids=["below", "above", "pushed in", "beside", "inside"],
)
def test_where_a_lone_label_goes(face: Box, place: Box) -> None:
    placement = place_labels([face], [LabelSize(30, 10)], width=100, height=100)
    assert placement.places == (place,)
    assert placement.clashes == ()


def test_whoever_has_the_fewest_places_chooses_first() -> None:
    upper, lower = Box(0, 20, 20, 40), Box(0, 52, 20, 72)
    placement = place_labels([upper, lower], [LabelSize(20, 10)] * 2, width=20, height=72)
    assert placement.places == (Box(0, 10, 20, 20), Box(0, 42, 20, 52))
    assert placement.clashes == ()


def test_a_label_larger_than_the_picture_has_no_place() -> None:
    faces = [Box(0, 0, 5, 5), Box(10, 10, 15, 15)]
    sizes = [LabelSize(101, 10), LabelSize(10, 10)]
    placement = place_labels(faces, sizes, width=100, height=100)
    assert placement.places[0] is None
    assert placement.places[1] is not None
    assert placement.clashes == (0,)


def test_a_label_that_does_not_fit_leaves_the_others_their_own_faces() -> None:
    faces = [Box(0, 0, 5, 5), Box(40, 40, 60, 60), Box(140, 150, 160, 170)]
    sizes = [LabelSize(201, 10), LabelSize(30, 10), LabelSize(20, 10)]
    places = place_labels(faces, sizes, width=200, height=200).places
    assert places == (None, Box(35, 60, 65, 70), Box(140, 170, 160, 180))
    # Rather a part of its own face than of another's, whose number is not that of the label's.
    faces = [Box(0, 0, 2, 2), Box(0, 20, 40, 60), Box(0, 0, 40, 18)]
    sizes = [LabelSize(41, 10), LabelSize(40, 10), LabelSize(41, 10)]
    places = place_labels(faces, sizes, width=40, height=60).places
    assert places == (None, Box(0, 50, 40, 60), None)


@pytest.mark.parametrize(("room", "clashes"), [(3, ()), (5, ()), (6, (0,))])
def test_labels_keep_away_from_labels_too(room: int, clashes: tuple[int, ...]) -> None:
    # Both labels stand below their faces, five pixels apart; the faces are farther away.
    faces = [Box(10, 0, 30, 20), Box(45, 0, 65, 20)]
    sizes = [LabelSize(30, 10, room), LabelSize(30, 10)]
    placement = place_labels(faces, sizes, width=75, height=30)
    assert placement.places == (Box(5, 20, 35, 30), Box(40, 20, 70, 30))
    assert placement.clashes == clashes


@pytest.mark.parametrize(("room", "clashes"), [(0, ()), (6, ()), (7, (0,))])
def test_a_label_without_the_room_it_wants_clashes(room: int, clashes: tuple[int, ...]) -> None:
    faces = [Box(0, 0, 20, 20), Box(0, 36, 20, 56)]
    sizes = [LabelSize(20, 10, room), LabelSize(20, 10)]
    assert place_labels(faces, sizes, width=20, height=66).clashes == clashes


def test_no_label_stands_between_two_faces_where_it_might_be_of_either() -> None:
    grid = [Box(x, y, x + 45, y + 60) for y in range(0, 320, 80) for x in range(0, 300, 75)]
    placement = place_labels(grid, [LabelSize(28, 24)] * len(grid), width=270, height=320)
    for face, place in zip(grid, placement.places, strict=True):
        assert place is not None
        assert face.left <= place.left < place.right <= face.right


def test_a_label_that_hides_its_face_clashes() -> None:
    placement = place_labels([Box(0, 0, 20, 20)], [LabelSize(20, 10)], width=20, height=20)
    assert placement.clashes == (0,)


def test_a_crowd_is_weighed_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    grid = [Box(x, y, x + 20, y + 30) for y in range(0, 400, 45) for x in range(0, 300, 32)]
    sizes = [LabelSize(18 + number % 7, 12, number % 3) for number in range(len(grid))]
    whole = place_labels(grid, sizes, width=320, height=420)
    assert len(set(whole.places)) == len(grid) > label_placement._AT_ONCE
    monkeypatch.setattr(label_placement, "_AT_ONCE", 7)
    assert place_labels(grid, sizes, width=320, height=420) == whole
