"""What pip has installed for the Python that runs, and the commands that change it."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path


def installed_name(module: str, otherwise: str) -> str:
    """The pip package that a module comes from. OpenCV's comes from one of four.

    Args:
        module: For example "cv2".
        otherwise: The answer where pip knows of none.
    """
    # Slow, and only who tells of a package that is absent or wrong asks.
    from importlib.metadata import packages_distributions

    return next(iter(packages_distributions().get(module, ())), otherwise)


def pip_install(*requirements: str) -> str:
    """The command that installs packages for the Python that runs this program."""
    return " ".join(map(shlex.quote, (this_python(), "-m", "pip", "install", *requirements)))


def pip_uninstall(package: str) -> str:
    """Likewise the command that removes one without asking."""
    return " ".join(map(shlex.quote, (this_python(), "-m", "pip", "uninstall", "-y", package)))


def this_python() -> str:
    """How a shell in this folder calls the Python that runs this program.

    That is "python" where the shell would take that for the same one: in an environment that is
    activated, say.
    """
    here = sys.executable
    found = shutil.which("python")
    if not here or (found and Path(found).parent == Path(here).parent):
        return "python"
    relative = os.path.relpath(here)
    return here if relative.startswith(os.pardir) else relative
