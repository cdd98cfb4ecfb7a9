"""The error family: one tree in the docstring, one in the code."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from age_pipeline import errors
from age_pipeline.errors import AgeDetectionError, InputError, InputErrorKind

KINDS = [
    "missing",
    "permission",
    "empty",
    "not_an_image",
    "damaged",
    "too_large",
    "unsupported",
    "not_a_file",
    "no_input",
]
"""As records carry them: users' programs compare these words."""


def family(parent: type[AgeDetectionError] = AgeDetectionError) -> dict[str, str]:
    """The name of each class below `parent`, with its own parent's."""
    tree: dict[str, str] = {}
    for child in parent.__subclasses__():
        if child.__module__ == errors.__name__:
            tree |= {child.__name__: parent.__name__} | family(child)
    return tree


def drawn() -> dict[str, str]:
    """The same, from the drawing in the docstring: what hangs four columns further in is below."""
    tree, above = {}, {0: "AgeDetectionError"}
    for line in (errors.__doc__ or "").splitlines():
        if branch := re.match(r"    ([| ]*)[|`]-- (\w+)", line):
            depth = len(branch[1]) // 4 + 1
            above[depth] = branch[2]
            tree[branch[2]] = above[depth - 1]
    return tree


def test_the_drawing_shows_the_family() -> None:
    assert drawn() == family()
    assert len(family()) == 10


@pytest.mark.parametrize("name", ["AgeDetectionError", *family()])
def test_each_is_caught_as_one_and_says_its_exit_code(name: str) -> None:
    kind = getattr(errors, name)
    assert issubclass(kind, AgeDetectionError)
    assert not issubclass(kind, ValueError | TypeError | OSError)
    assert kind.exit_code == (2 if name == "UsageError" else 1)
    assert kind.__doc__
    [stated] = re.findall(rf"\b{name} .*", errors.__doc__ or "")[:1]
    assert ("exit code 2" in stated) == (kind.exit_code == 2)


@pytest.mark.parametrize("kind", KINDS)
def test_an_input_error_carries_its_kind_and_its_message(kind: InputErrorKind) -> None:
    error = InputError(kind, "a.jpg: what, where, what to do")
    assert error.kind == kind
    assert str(error) == "a.jpg: what, where, what to do"


def test_there_is_no_other_kind() -> None:
    assert list(get_args(InputErrorKind)) == KINDS
    with pytest.raises(ValueError, match=r"kind must be one of .* not 'strange'"):
        InputError("strange", "a.jpg")  # type: ignore[arg-type]
