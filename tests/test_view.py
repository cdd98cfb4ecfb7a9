"""A part of a picture as one look sees it, and the way back into the picture."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from painted_faces import scene

from age_pipeline.data import Box, Face, Image
from face_detector.view import COPIED_SIDE, View


@st.composite
def views(draw: st.DrawFn) -> tuple[Image, View, Box]:
    """A picture, a view that may reach outside it, and a rectangle inside both, painted white."""
    width, height = draw(st.integers(1, 30)), draw(st.integers(1, 30))
    left, top = draw(st.integers(-9, width - 1)), draw(st.integers(-9, height - 1))
    right = draw(st.integers(max(left, 0) + 1, width + 9))
    bottom = draw(st.integers(max(top, 0) + 1, height + 9))
    view = View(left, top, right, bottom, draw(st.integers(0, 3)))
    across = sorted(draw(st.tuples(*[st.integers(max(left, 0), min(right, width))] * 2)))
    down = sorted(draw(st.tuples(*[st.integers(max(top, 0), min(bottom, height))] * 2)))
    if across[0] == across[1]:
        across = [max(left, 0), min(right, width)]
    if down[0] == down[1]:
        down = [max(top, 0), min(bottom, height)]
    box = Box(across[0], down[0], across[1], down[1])
    image = np.zeros((height, width, 3), np.uint8)
    image[box.top : box.bottom, box.left : box.right] = 255
    return image, view, box


class TestView:
    @given(views())
    def test_leads_back_to_the_picture(self, drawn: tuple[Image, View, Box]) -> None:
        image, view, box = drawn
        rows, columns = np.nonzero((view.cut(image) == 255).all(axis=-1))
        seen = Box(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert view.to_picture(Face(seen, 0.7), image) == Face(box, 0.7, view.quarter_turns)

    @given(views())
    def test_leads_landmarks_back_as_it_leads_boxes(self, drawn: tuple[Image, View, Box]) -> None:
        image, view, box = drawn
        rows, columns = np.nonzero((view.cut(image) == 255).all(axis=-1))
        left, top, right, bottom = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        corners = ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))
        points = tuple((float(x), float(y)) for x, y in corners)
        face = view.to_picture(Face(Box(left, top, right, bottom), 0.7, landmarks=points), image)
        assert face is not None
        assert face.landmarks is not None
        # The first corner is the upper left one as the face stands.
        turned = [
            (box.left, box.top),
            (box.right, box.top),
            (box.right, box.bottom),
            (box.left, box.bottom),
        ]
        first = view.quarter_turns % 4
        assert list(face.landmarks[:4]) == turned[first:] + turned[:first]

    def test_shrunk_landmarks_come_back_in_full_size(self) -> None:
        image = np.zeros((2 * COPIED_SIDE, COPIED_SIDE, 3), np.uint8)
        view = View(0, 0, COPIED_SIDE, 2 * COPIED_SIDE, 2)
        seen = Face(Box(10, 20, 30, 40), 0.7, landmarks=((10, 20),) * 5)
        face = view.to_picture(seen, image)
        assert face is not None
        assert face.landmarks == ((COPIED_SIDE - 20, 2 * COPIED_SIDE - 40),) * 5

    @given(views())
    def test_has_its_own_size_and_grey_outside(self, drawn: tuple[Image, View, Box]) -> None:
        image, view, _ = drawn
        cut = view.cut(image)
        assert cut.flags.c_contiguous
        across, down = view.right - view.left, view.bottom - view.top
        assert cut.shape == ((across, down) if view.quarter_turns % 2 else (down, across)) + (3,)
        height, width = image.shape[:2]
        inside = View(
            max(view.left, 0), max(view.top, 0), min(view.right, width), min(view.bottom, height)
        )
        shared = (inside.right - inside.left) * (inside.bottom - inside.top)
        assert (cut == 127).all(axis=-1).sum() == across * down - shared

    @pytest.mark.parametrize("turns", range(4))
    def test_of_a_large_picture_is_shrunk_before_it_is_copied(self, turns: int) -> None:
        box = Box(1500, 300, 1900, 800)
        image = np.zeros((2000, 3000, 3), np.uint8)
        image[box.top : box.bottom, box.left : box.right] = 255
        for view in (View(-600, -600, 3600, 2600, turns), View(1000, 0, 3000, 2000, turns)):
            cut = view.cut(image)
            if view.left > 0 and turns == 0:
                # Nothing has to be copied of what is shown as it lies.
                assert cut.shape == (2000, 2000, 3)
            else:
                assert max(cut.shape) == pytest.approx(COPIED_SIDE, abs=2)
            lit = np.argwhere((cut > 200).all(axis=-1))
            (top, left), (bottom, right) = lit.min(axis=0).tolist(), lit.max(axis=0).tolist()
            seen = Box(left, top, right + 1, bottom + 1)
            face = view.to_picture(Face(seen, 0.7), image)
            assert face is not None
            assert face.quarter_turns == turns
            found = [face.box.left, face.box.top, face.box.right, face.box.bottom]
            assert found == pytest.approx([1500, 300, 1900, 800], abs=2 / view.scale)

    def test_of_the_whole_picture_as_it_lies_is_no_copy(self) -> None:
        image = scene(3000, 2000)
        assert np.shares_memory(View(0, 0, 3000, 2000).cut(image), image)

    def test_a_face_outside_the_picture_is_none(self) -> None:
        image = scene(20, 10)
        view = View(-10, -10, 30, 20)
        assert view.to_picture(Face(Box(0, 0, 10, 9), 0.9), image) is None
        partly = view.to_picture(Face(Box(5, 5, 15, 15), 0.9), image)
        assert partly == Face(Box(0, 0, 5, 5), 0.9)

    @pytest.mark.parametrize(
        ("box", "cut"),
        [
            (Box(21, 21, 39, 29), False),
            (Box(20, 21, 39, 29), True),
            (Box(21, 20, 39, 29), True),
            (Box(21, 21, 40, 29), True),
            (Box(21, 21, 39, 30), True),
        ],
    )
    def test_cuts_through_a_face_at_its_edge_unless_the_picture_ends_there(
        self, box: Box, cut: bool
    ) -> None:
        view = View(20, 20, 40, 30)
        assert view.cuts_through(Face(box, 0.9), scene(100, 90)) == cut
        at_the_end = Box(box.left - 20, box.top - 20, box.right - 20, box.bottom - 20)
        assert not View(0, 0, 20, 10).cuts_through(Face(at_the_end, 0.9), scene(20, 10))

    @pytest.mark.parametrize(("left", "cut"), [(1003, True), (1004, False)])
    def test_where_it_is_shrunk_its_own_pixels_tell_what_it_cuts(
        self, left: int, cut: bool
    ) -> None:
        # 1200 of 4000 pixels: one of its pixels stands for more than three of the picture's.
        view = View(1000, 0, 5000, 4000, 1)
        image = scene(6000, 4000)
        assert view.cuts_through(Face(Box(left, 50, 4900, 900), 0.9), image) == cut
        right = 6000 - left
        assert view.cuts_through(Face(Box(1900, 50, right, 900), 0.9), image) == cut

    @given(st.integers(8, 4000), st.integers(8, 4000), st.integers(0, 3))
    def test_tiles_overlap_and_leave_nothing_out(self, width: int, height: int, turns: int) -> None:
        tiles = View(100, 50, 100 + width, 50 + height, turns).tiles()
        assert {tile.quarter_turns for tile in tiles} == {turns}
        columns = sorted({(tile.left, tile.right) for tile in tiles})
        rows = sorted({(tile.top, tile.bottom) for tile in tiles})
        assert len(tiles) == len(columns) * len(rows)
        for spans, first, length in ((columns, 100, width), (rows, 50, height)):
            assert (spans[0][0], spans[-1][1]) == (first, first + length)
            for (_, end), (begin, _) in pairwise(spans):
                # A quarter of a tile; give or take a pixel, because tiles are whole pixels.
                assert end - begin == pytest.approx(length / 1.75 / 4, abs=2)
        assert len(columns if width >= height else rows) == 2

    @pytest.mark.parametrize(
        ("size", "across", "down"),
        [((1600, 1200), 2, 2), ((1200, 1600), 2, 2), ((1600, 600), 2, 1), ((600, 1600), 1, 2)],
    )
    def test_a_short_side_is_not_cut(self, size: tuple[int, int], across: int, down: int) -> None:
        tiles = View(0, 0, *size).tiles()
        assert len({tile.left for tile in tiles}) == across
        assert len({tile.top for tile in tiles}) == down

    def test_in_even_light_shows_what_is_dark_and_leaves_the_picture_alone(self) -> None:
        image = np.random.default_rng(1).integers(10, 20, (60, 80, 3), dtype=np.uint8)
        untouched = image.copy()
        view = View(-10, -10, 90, 70, evened=True)
        inside = view.cut(image)[10:-10, 10:-10]
        assert np.ptp(inside) > 2 * np.ptp(image)
        assert (view.cut(image)[:10] == 127).all()
        assert (image == untouched).all()
        assert view.to_picture(Face(Box(20, 20, 40, 40), 0.7), image) == Face(
            Box(10, 10, 30, 30), 0.7
        )
