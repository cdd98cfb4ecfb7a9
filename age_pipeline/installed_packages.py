"""Under which name pip has installed what is imported under another one."""

from __future__ import annotations


def installed_name(module: str, otherwise: str) -> str:
    """The pip package that a module comes from. OpenCV's comes from one of four.

    Args:
        module: For example "cv2".
        otherwise: The answer where pip knows of none.
    """
    # Slow, and only who tells of a package that is absent or wrong asks.
    from importlib.metadata import packages_distributions

    return next(iter(packages_distributions().get(module, ())), otherwise)
