from __future__ import annotations

from importlib.metadata import version

import pytest

from age_pipeline.installed_packages import installed_name


def test_a_module_s_package_is_the_one_that_is_installed() -> None:
    name = installed_name("cv2", "")
    assert name.startswith("opencv-")
    assert version(name)
    assert installed_name("PIL", "") == "pillow"


@pytest.mark.parametrize("module", ["json", "no_such_module"])
def test_where_pip_knows_of_none_the_usual_one_is_named(module: str) -> None:
    assert installed_name(module, "usual") == "usual"
