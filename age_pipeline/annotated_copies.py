"""Which of the files that were found are annotated copies that an earlier run left there.

A network must never see a face that already has a box painted on it.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Collection, Iterable
from pathlib import Path, PurePath

from age_pipeline.output_names import beside_original, writable

log = logging.getLogger("detect_age")

_NUMBER = re.compile(r"(?<=\.ages)-\d+(?=\.[^.]+$)")


def annotated_copies(found: Collection[str], folder: str, output: str | None) -> set[str]:
    """Tell the copies from the originals, by their names alone.

    Args:
        found: Files below `folder`.
        folder: What was looked through.
        output: The folder that this run's copies go to, which need not exist.

    Returns:
        Those of `found` that lie beside their original and are named as its copy, and all in
        `output` where that is a folder below `folder`.
    """
    paths = {name: Path(name) for name in found}
    beside = {parent: _copies_in(parent) for parent in {path.parent for path in paths.values()}}
    copies = {name for name, path in paths.items() if path.name in beside[path.parent]}
    if output is None:
        return copies
    forbidden, whole = Path(os.path.realpath(output)), Path(os.path.realpath(folder))
    if forbidden == whole or not forbidden.is_relative_to(whole):
        return copies
    inside = {name for name in found if Path(os.path.realpath(name)).is_relative_to(forbidden)}
    if inside:
        log.info("%s: no picture is taken from there, for the annotated ones go there", output)
    return copies | inside


def _copies_in(folder: Path) -> set[str]:
    try:
        names = {path.name for path in folder.iterdir()}
    except OSError:
        return set()
    return copies_among(names)


def copies_among(names: Iterable[str]) -> set[str]:
    """The files of one folder that are named as the copies of others in it.

    Args:
        names: Of all files in the folder.
    """
    every = set(names)
    suspected = {each: _NUMBER.sub("", each) for each in every if ".ages" in each}
    if not suspected:
        return set()
    copies = {str(beside_original(writable(PurePath(each)))) for each in every}
    return {each for each, unnumbered in suspected.items() if unnumbered in copies}
