"""Pictures in which it is known where every face is, by a table of boxes beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from age_pipeline.data import Box, FailedInput, Image
from age_pipeline.errors import InputError, UsageError
from age_pipeline.pictures import MAX_PIXELS
from benchmarks.csv_tables import read_table
from benchmarks.picture_stores import PictureStore, open_store, read_named

BOXES = "boxes.csv"
"""The table of boxes among the pictures."""

EDGES = ("left", "top", "right", "bottom")
"""Its columns besides `file`."""

NOBODY = "nobody"


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A picture in which it is known where every face is.

    Attributes:
        case: What makes its faces easy or hard to find, for example "roll in degrees".
        level: How much of that, for example "45".
        image: uint8, shape (height, width, 3), blue-green-red.
        boxes: Around each face; there is none where nobody is.
    """

    case: str
    level: str
    image: Image
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class BoxedPictures:
    """Pictures with a box around each face, read one by one while they are iterated.

    A scene's case is how many faces it has, and its level the picture's name. What cannot be read
    is a `FailedInput`.

    Attributes:
        boxes: Around each face of each picture, by its name.
        store: Where the pictures are read from.
    """

    boxes: Mapping[str, tuple[Box, ...]]
    store: PictureStore

    def __len__(self) -> int:
        return len(self.boxes)

    def __iter__(self) -> Iterator[Scene | FailedInput]:
        for name, boxes in self.boxes.items():
            image = self.store.read(name)
            if isinstance(image, InputError):
                yield FailedInput(name, image)
            else:
                yield _scene(name, image, boxes)


def open_boxed(path: Path, boxes: Path | None = None) -> BoxedPictures:
    """Find the pictures of a table of boxes; none of them is read yet.

    Args:
        path: A folder, with all below it, or an uncompressed .tar archive.
        boxes: The table; see `boxes_from_csv`. None takes boxes.csv of the folder or archive.

    Raises:
        UsageError: Something is not there or cannot be read, or it is no such table.
    """
    store = open_store(path)
    found = store.table(BOXES) if boxes is None else (read_named(boxes), str(boxes))
    if found is None:
        columns = ", ".join(["file", *EDGES])
        raise UsageError(f"{path} has no {BOXES}: name a CSV file with the columns {columns}")
    return BoxedPictures(boxes_from_csv(*found), store)


def boxes_from_csv(data: bytes, source: str) -> dict[str, tuple[Box, ...]]:
    """Read where faces are from a CSV file with a header.

    Its columns are `file`, `left`, `top`, `right` and `bottom`: one row for each face, its edges in
    pixels of the picture as it is shown, right and bottom one past the last. Edges may lie outside
    the picture, and fractions are cut off. A row with four empty edges says that the picture shows
    nobody. Other columns are passed over.

    Args:
        data: The content, in UTF-8.
        source: What error messages call the file.

    Returns:
        The boxes of each picture, by its name, in the order of the rows.

    Raises:
        UsageError: It is no such table; the message names the line.
    """
    columns, rows = read_table(data, source)
    if not {"file", *EDGES} <= set(columns):
        raise UsageError(
            f"{source} needs the columns {', '.join(['file', *EDGES])}, separated by commas;"
            f" it has: {', '.join(columns) or 'none'}"
        )
    found: dict[str, list[Box | None]] = {}
    for line, cells in rows:
        if not cells["file"]:
            raise UsageError(f"{line}: the column file is empty")
        name = str(PurePosixPath(cells["file"]))
        box, others = _box([cells[edge] for edge in EDGES], line), found.setdefault(name, [])
        if box in others:
            raise UsageError(f"{line}: it says the same of {name} as a line above")
        if others and None in (box, *others):
            raise UsageError(f"{line}: {name} has a line with a face and one that says {NOBODY}")
        others.append(box)
    if not found:
        raise UsageError(f"{source} names no picture: it has a header and nothing below")
    return {name: tuple(box for box in boxes if box is not None) for name, boxes in found.items()}


def _box(cells: list[str], line: str) -> Box | None:
    if not any(cells):
        return None
    try:
        edges = [float(cell) for cell in cells]
    except ValueError:
        edges = [float("nan")] * 4
    # No picture is so large: only what is left of it and above is cut off.
    box = Box.clipped(*edges, width=MAX_PIXELS, height=MAX_PIXELS)
    if box is None:
        said = ", ".join(f"{edge} {cell!r}" for edge, cell in zip(EDGES, cells, strict=True))
        raise UsageError(
            f"{line}: it has {said}; expected pixels with left < right and top < bottom, or"
            f" nothing in all four where the picture shows {NOBODY}"
        )
    return box


def _scene(name: str, image: Image, boxes: tuple[Box, ...]) -> Scene | FailedInput:
    height, width = image.shape[:2]
    inside = [
        Box.clipped(box.left, box.top, box.right, box.bottom, width=width, height=height)
        for box in boxes
    ]
    for box, part in zip(boxes, inside, strict=True):
        # A face may be cut off; what is mostly elsewhere was measured in another picture.
        if part is None or 2 * part.area < box.area:
            problem = f"{name} has {width} x {height} pixels, and most of {box} lies outside of it"
            return FailedInput(name, InputError("unsupported", f"{problem}: correct its row"))
    case = NOBODY if not boxes else "one face" if len(boxes) == 1 else "several faces"
    return Scene(case, name, image, tuple(part for part in inside if part is not None))
