"""One list of faces out of what several looks at one picture saw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from age_pipeline.data import Face

TRUSTED = 0.9
"""Only a face of at least this confidence proves what size and turn the picture's faces have."""

TURNED_BETTER = 0.02
"""By how much a turned picture's best face must be the more confident one."""

SAME_FACE = 0.4
"""Intersection over union above which two boxes are one face."""

PART_OF_FACE = 0.7
"""A box with this much of its area inside a far larger face is a part of that face."""

APART = 0.3
"""Two boxes that share less than this part of the smaller one show two faces."""


def merged(faces: Sequence[Face], turns: int = 0) -> list[Face]:
    """One face for each face that several looks saw, most confident first.

    Args:
        faces: In the pixels of one picture, from any number of looks.
        turns: The picture's own turn, which a face has unless another one shows it clearly better.
    """

    def credit(face: Face) -> float:
        return confidence(face) + (TURNED_BETTER if face.quarter_turns == turns else 0)

    kept: list[Face] = []
    for face in sorted(faces, key=credit, reverse=True):
        if all(face.box.iou(other.box) <= SAME_FACE for other in kept):
            kept.append(face)
    for large in sorted(kept, key=lambda face: face.box.area, reverse=True):
        if not any(face is large for face in kept):
            continue
        inside = [face for face in kept if _is_part(face, large)]
        # Parts of a face are seldom trusted: a doubtful box around a face to be trusted is a ghost.
        ghost = confidence(large) < TRUSTED <= best_confidence(inside)
        kept = _without(kept, [large] if ghost else inside)
    return sorted(kept, key=confidence, reverse=True)


def _is_part(face: Face, large: Face) -> bool:
    shared = face.box.intersection(large.box)
    return large.box.area > 2 * face.box.area and shared > PART_OF_FACE * face.box.area


def is_apart(face: Face, others: Sequence[Face]) -> bool:
    return all(
        face.box.intersection(other.box) < APART * min(face.box.area, other.box.area)
        for other in others
    )


def _without(faces: list[Face], some: list[Face]) -> list[Face]:
    return [face for face in faces if not any(face is other for other in some)]


def trusted(faces: Iterable[Face]) -> list[Face]:
    return [face for face in faces if confidence(face) >= TRUSTED]


def confidence(face: Face) -> float:
    return 0.0 if face.confidence is None else face.confidence


def best_confidence(faces: Sequence[Face]) -> float:
    return max((confidence(face) for face in faces), default=0.0)
