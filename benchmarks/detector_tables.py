"""What face detectors found, as tables in Markdown and as data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import cv2

from age_pipeline import __version__
from age_pipeline.data import FailedInput
from age_pipeline.escaping import one_line, readable
from benchmarks.detector_turns import Contender, Seen
from benchmarks.found_faces import SAME_FACE, Count

Key = TypeVar("Key")

SCHEMA = 1

REFERENCE = "ssd"
"""The detector whose time the others' is a multiple of."""

MOST_LEVELS = 8
"""A row of up to so many levels names them."""


def tables_text(contenders: Sequence[Contender], seen: Sequence[Seen], *, by_level: bool) -> str:
    """Who looked, then a table for each way of looking with a column for each detector.

    Args:
        contenders: Who looked.
        seen: What came of the pictures, one or more.
        by_level: Whether each level has a row, or only each case.

    Returns:
        Several lines; the last ends in a line feed.
    """
    rows = _by_level(seen) if by_level else _by_case(seen)
    models = dict.fromkeys(str(contender.faces.model) for contender in contenders)
    blocks = ["".join(f"{line}\n" for line in [f"OpenCV {cv2.__version__}, one thread", *models])]
    for looks in dict.fromkeys(contender.looks for contender in contenders):
        own = {index: each.name for index, each in enumerate(contenders) if each.looks == looks}
        blocks.append(_table(f"looks: {looks}", own, rows))
    return "\n".join(blocks)


def record(
    contenders: Sequence[Contender],
    seen: Sequence[Seen],
    unreadable: Sequence[FailedInput],
    asked: Mapping[str, Path | None],
) -> dict[str, Any]:
    """Everything that is known after a run, as JSON has it.

    Args:
        contenders: Who looked.
        seen: What came of the pictures, one or more.
        unreadable: The pictures that could not be read.
        asked: What was measured: folder and table, by the option's name; None for the usual.
    """
    levels = _grouped(seen, lambda each: (each.case, each.level))
    return {
        "schema": SCHEMA,
        "program": __version__,
        "opencv": cv2.__version__,
        "threads": 1,
        "same_face": SAME_FACE,
        "asked": {
            name: None if path is None else readable(str(path)) for name, path in asked.items()
        },
        "unreadable": [
            {"file": readable(each.name), "message": readable(str(each.error))}
            for each in unreadable
        ],
        "detectors": [
            {
                "name": contender.name,
                "looks": contender.looks,
                "model": asdict(contender.faces.model),
                **_figures(_total(seen, index)),
                "cases": [
                    {"case": case, "level": readable(level), **_figures(_total(own, index))}
                    for (case, level), own in levels.items()
                ],
            }
            for index, contender in enumerate(contenders)
        ],
    }


def _figures(count: Count) -> dict[str, float]:
    return {
        "pictures": count.pictures,
        "faces": count.faces,
        "found": count.found,
        "missed": count.missed,
        "false": count.false,
        "milliseconds": round(count.milliseconds, 3),
    }


def _table(title: str, own: Mapping[int, str], rows: Mapping[str, Sequence[Seen]]) -> str:
    """One table.

    Args:
        title: Heads the first column.
        own: The contenders' names, by their place in the counts.
        rows: What came of the pictures of each row.
    """
    everything = [each for group in rows.values() for each in group]
    lines = [_line(title, "pictures", *own.values()), "|---" * (2 + len(own)) + "|"]
    for name, group in {**rows, "all": everything}.items():
        counts = (_total(group, index) for index in own)
        found = (f"{count.found} of {count.faces} ({count.false})" for count in counts)
        lines.append(_line(_cell(name), str(len(group)), *found))
    times = {name: _total(everything, index).milliseconds for index, name in own.items()}
    lines.append(_line("milliseconds a picture", "", *(f"{each:.0f}" for each in times.values())))
    if REFERENCE in times:
        ratios = (f"{each / times[REFERENCE]:.2f}" for each in times.values())
        lines.append(_line(f"times the {REFERENCE}'s time", "", *ratios))
    return "".join(f"{line}\n" for line in lines)


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _by_case(seen: Sequence[Seen]) -> dict[str, list[Seen]]:
    rows = {}
    for case, own in _grouped(seen, lambda each: each.case).items():
        levels = list(dict.fromkeys(each.level for each in own))
        rows[f"{case}: {', '.join(levels)}" if len(levels) <= MOST_LEVELS else case] = own
    return rows


def _by_level(seen: Sequence[Seen]) -> dict[str, list[Seen]]:
    return _grouped(seen, lambda each: f"{each.case}: {each.level}")


def _grouped(seen: Iterable[Seen], key: Callable[[Seen], Key]) -> dict[Key, list[Seen]]:
    groups: dict[Key, list[Seen]] = {}
    for each in seen:
        groups.setdefault(key(each), []).append(each)
    return groups


def _total(seen: Iterable[Seen], index: int) -> Count:
    return Count.total(each.counts[index] for each in seen)


def _cell(text: str) -> str:
    return one_line(text).replace("|", "\\|")
