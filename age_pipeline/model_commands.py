"""What `python -m age_detector` and `python -m face_detector` do: list a room's models, fetch one.

Nothing heavy is imported here, so that `--help` is answered at once.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from age_pipeline import command_line
from age_pipeline.destinations import STDOUT, open_destination
from age_pipeline.errors import (
    ModelDamaged,
    ModelError,
    ModelMissing,
    PackageMissing,
    UsageError,
)
from age_pipeline.escaping import readable
from age_pipeline.options import Parser

if TYPE_CHECKING:
    from age_pipeline.model_files import ModelFile
    from age_pipeline.model_packages import ModelPackage

    Models = Callable[[], Mapping[str, ModelFile | ModelPackage]]

_LIST = """\
Lists the {what}: whether each is installed and can run, where its file lies, whether that is
the known one, its licence, and how to get it. Nothing leaves this machine unless `fetch` is asked
for."""

_FETCH = """\
Fetches the file of one model from its source into the user's cache and verifies it. Broken off, by
Ctrl-C too, the same command goes on where it stopped. The path of the file goes to standard
output. Which model answers by default does not change: choose the fetched one with {option}."""

_EXAMPLES = """\
examples:
  python -m {room}
      what there is
  python -m {room} fetch NAME
      get one that is not installed
"""

_CACHE = """\
The cache is the system's folder for such files (Linux: ~/.cache/detect-age); the environment
variable DETECT_AGE_CACHE names another.
"""

_INSTALLED = "installed"

log = logging.getLogger("detect_age")


def main(
    room: str, what: str, option: str, models: Models, argv: Sequence[str] | None = None
) -> int:
    """Run one room's command.

    Args:
        room: The room, for example "age_detector".
        what: Its models in words, for example "age models".
        option: With which the scripts choose one of them, for example "--age-model".
        models: Gives the room's model files by name; asked only when they are needed.
        argv: The arguments; None for the command line's.

    Returns:
        The exit code.
    """

    def program() -> None:
        asked = _parser(room, what, option).parse_args(argv)
        if asked.command is None:
            _list(models())
        else:
            _fetch(models(), asked.name, option)

    return command_line.run(program, room)


def _parser(room: str, what: str, option: str) -> argparse.ArgumentParser:
    program = f"python -m {room}"
    parser = Parser(program, _LIST.format(what=what), _EXAMPLES.format(room=room))
    parser.usage = f"{program} [--help] [fetch NAME]"
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    fetch = commands.add_parser(
        "fetch",
        prog=f"{program} fetch",
        help="get the file of one model from its source",
        description=_FETCH.format(option=option),
        epilog=_CACHE,
    )
    fetch.add_argument("name", metavar="NAME", help=f"one of the {what} that the list names")
    return parser


def _list(models: Mapping[str, ModelFile | ModelPackage]) -> None:
    with open_destination(STDOUT) as out:
        for model in models.values():
            out.write(readable(_described(model)).encode())


def _described(model: ModelFile | ModelPackage) -> str:
    from age_pipeline.model_packages import ModelPackage

    state, file = _package_state(model) if isinstance(model, ModelPackage) else _file_state(model)
    return (
        f"{model.name}: {state}{_obstacle(model) if state.startswith(_INSTALLED) else ''}\n"
        f"  file:      {file}\n"
        f"  licence:   {model.licence}\n"
        f"  to get it: {model.how_to_get}\n"
    )


def _package_state(model: ModelPackage) -> tuple[str, str]:
    state = _INSTALLED if model.is_installed else "not installed"
    return state, f"none of its own, it is part of the package {model.module}"


def _file_state(model: ModelFile) -> tuple[str, str]:
    from age_pipeline.model_files import examine

    path, size = Path(model.file), model.size
    try:
        found = examine(model)
    except ModelMissing:
        state = "not installed"
    except ModelError as error:
        log.error("%s", error)
        state = "damaged"
    else:
        path, size = found.path, len(found.data)
        verified = "verified" if found.verified else f"not verified (sha256 {found.sha256})"
        state = f"{_INSTALLED}, {verified}"
    megabytes = "" if size is None else f" ({size / 1e6:.1f} MB)"
    return state, f"{path}{megabytes}"


def _obstacle(model: ModelFile | ModelPackage) -> str:
    from age_pipeline.model_packages import needed_code

    try:
        needed_code(model)
    except PackageMissing as error:
        return f", but it cannot run here ({error.__cause__})"
    return ""


def _fetch(models: Mapping[str, ModelFile | ModelPackage], name: str, option: str) -> None:
    from age_pipeline.model_fetch import fetch
    from age_pipeline.model_files import locate
    from age_pipeline.model_packages import ModelPackage, needed_code

    if name not in models:
        raise UsageError(f"no model named {name!r}; there is: {', '.join(models)}")
    model = models[name]
    needed_code(model)
    if isinstance(model, ModelPackage):
        log.info("%s is part of the package %s, which is installed", name, model.module)
        return
    path = _installed(model)
    if path is None:
        path = fetch(model)
        log.info("%s is fetched and verified; choose it with %s %s", name, option, name)
        first = locate(model)
        if first != path:
            log.warning("%s is found before it: delete that to have the fetched one used", first)
    with open_destination(STDOUT) as out:
        out.write(readable(f"{path}\n").encode())


def _installed(model: ModelFile) -> Path | None:
    """Where the right file lies already; None where it is to be fetched.

    Raises:
        ModelMissing, ModelDamaged: It is not, and it is not to be had by fetching.
    """
    from age_pipeline.model_files import examine

    try:
        found = examine(model)
    except (ModelMissing, ModelDamaged):
        if model.url is None:
            raise
        return None
    verified = ", verified" if found.verified else ""
    if model.url is None:
        carrier = f"the pip package {model.package}" if model.package else "this program"
        log.info("%s comes with %s and is there already%s", model.name, carrier, verified)
    elif found.verified:
        log.info("%s is there already, verified", model.name)
    else:
        return None
    return found.path
