"""What benchmarks.speed measured, as tables in Markdown: ratios first, then what they are of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

from benchmarks.speed_programs import Programs
from benchmarks.speed_runs import Held, Paced, Started
from benchmarks.speed_scenes import Scene

_NONE = "-"
"""In the place of a speed where a program's start varied by more than its pictures took; and of a
ratio to what does more."""


def pace_text(measured: Sequence[Paced], programs: Programs) -> str:
    """How fast pictures are done, beside the original and beside the floor."""
    lines = [
        _row(
            "picture",
            "faces",
            "found by the original",
            "program",
            "found",
            "times the original's pictures per second",
            "times the floor's time",
        ),
        _rule(7),
    ]
    for scene, by_name in _by_scene(measured):
        original, floor = by_name[programs.original.name], by_name[programs.floor.name]
        for program in (*programs.ours, programs.bare):
            own = by_name[program.name]
            is_bare = program is programs.bare
            lines.append(
                _row(
                    scene.size,
                    scene.faces,
                    f"{original.faces:.4g}",
                    program.name,
                    f"{own.faces:.4g}",
                    _NONE if is_bare else _ratio(original, own),
                    _ratio(own, floor),
                )
            )
    names = [program.name for program in programs.all]
    lines += ["", _row("pictures per second", "faces", *names), _rule(2 + len(names))]
    for scene, by_name in _by_scene(measured):
        speeds = [_speed(by_name[name].best_s) for name in names]
        lines.append(_row(scene.size, scene.faces, *speeds))
    return "\n".join(lines) + "\n"


def start_text(measured: Sequence[Started], programs: Programs) -> str:
    """How soon the first age is told, beside the original."""
    lines = [
        _row(
            "picture",
            "faces",
            "program",
            "first age from a cold start, times the original's time",
            "program, s",
            "original, s",
        ),
        _rule(6),
    ]
    for scene, by_name in _by_scene(measured):
        original = by_name[programs.original.name]
        for program in programs.ours:
            own = by_name[program.name]
            lines.append(
                _row(
                    scene.size,
                    scene.faces,
                    program.name,
                    _ratio(own, original),
                    f"{own.best_s:.2f}",
                    f"{original.best_s:.2f}",
                )
            )
    return "\n".join(lines) + "\n"


def memory_text(measured: Sequence[Held], programs: Programs) -> str:
    """How much memory is held at most, beside the original."""
    name = programs.ours[0].name
    lines = [
        _row(
            "picture",
            "faces",
            "pictures",
            "peak memory, times the original's",
            f"{name}, MiB",
            "original, MiB",
        ),
        _rule(6),
    ]
    held = {(each.scene, each.pictures, each.program): each.peak_mib for each in measured}
    for scene, pictures in dict.fromkeys((each.scene, each.pictures) for each in measured):
        own = held[scene, pictures, name]
        original = held[scene, pictures, programs.original.name]
        cells = f"{own / original:.2f}", f"{own:.0f}", f"{original:.0f}"
        lines.append(_row(scene.size, scene.faces, pictures, *cells))
    return "\n".join(lines) + "\n"


class _OfProgram(Protocol):
    """What was measured of one program at one scene."""

    @property
    def scene(self) -> Scene: ...

    @property
    def program(self) -> str: ...


Measured = TypeVar("Measured", bound=_OfProgram)


def _by_scene(measured: Iterable[Measured]) -> Iterator[tuple[Scene, dict[str, Measured]]]:
    scenes: dict[Scene, dict[str, Measured]] = {}
    for each in measured:
        scenes.setdefault(each.scene, {})[each.program] = each
    yield from scenes.items()


class _Timed(Protocol):
    @property
    def seconds(self) -> Sequence[float]: ...

    @property
    def best_s(self) -> float: ...


def _ratio(over: _Timed, under: _Timed) -> str:
    """Of undisturbed turns; and where there are several, what the ratios of all lie between."""
    if min(*over.seconds, *under.seconds) <= 0:
        return _NONE
    ratios = [each / other for each, other in zip(over.seconds, under.seconds, strict=True)]
    spread = f" ({min(ratios):.2f}-{max(ratios):.2f})" if len(ratios) > 1 else ""
    return f"{over.best_s / under.best_s:.2f}{spread}"


def _speed(seconds: float) -> str:
    return f"{1 / seconds:.1f}" if seconds > 0 else _NONE


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _rule(columns: int) -> str:
    return _row(*["---"] * columns)
