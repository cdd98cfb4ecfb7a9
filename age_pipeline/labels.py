"""An age as a person reads it: the line printed for each face, and its short forms for pictures."""

from __future__ import annotations

from age_pipeline.data import AgeEstimate

INTERVAL_LEVEL = 0.8
"""How much of the probability an age's interval holds unless `--interval` says otherwise."""


def age_line(
    age: AgeEstimate, interval_level: float = INTERVAL_LEVEL, at_least: int | None = None
) -> str:
    """All that is printed of one age: `(25-32): 85.20%  28.4 years (23-35)`.

    Args:
        age: The estimate.
        interval_level: The probability that the interval in the last brackets holds.
        at_least: Adds P(age >= `at_least`), for example `  18 or older: 99.12%`.
    """
    first, last = age.interval(interval_level)
    line = f"{bracket_text(age)}  {age.years:.1f} years ({first}-{last})"
    return line if at_least is None else f"{line}  {at_least_text(age, at_least)}"


def label_forms(
    age: AgeEstimate,
    interval_level: float = INTERVAL_LEVEL,
    at_least: int | None = None,
    track: int | None = None,
) -> tuple[tuple[str, ...], ...]:
    """What a label in a picture may say, as lines of text: all of it first, the shortest last.

    For example `(25-32): 85.20%` over `28 years (23-35)`, then `28 (23-35)`, then `28`. In a video
    each begins with the number of the person: `#3: 28`.
    """
    first, last = age.interval(interval_level)
    years = f"{age.years:.0f}"
    number = "" if track is None else f"#{track}: "
    whole = [f"{number}{bracket_text(age)}", f"{years} years ({first}-{last})"]
    if at_least is not None:
        whole.append(at_least_text(age, at_least))
    short = (f"{number}{years} ({first}-{last})", f"{number}{years}")
    return tuple(whole), *((line,) for line in short)


def bracket_text(age: AgeEstimate) -> str:
    """The most probable bracket and its probability: `(25-32): 85.20%`."""
    return f"({age.bracket}): {age.bracket_confidence:.2%}"


def at_least_text(age: AgeEstimate, at_least: int) -> str:
    """The probability of an age of `at_least` years or more: `18 or older: 99.12%`."""
    return f"{at_least} or older: {age.at_least(at_least):.2%}"
