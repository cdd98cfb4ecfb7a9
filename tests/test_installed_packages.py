from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from age_pipeline.installed_packages import (
    installed_name,
    pip_install,
    pip_uninstall,
    this_python,
)


def test_a_module_s_package_is_the_one_that_is_installed() -> None:
    name = installed_name("cv2", "")
    assert name.startswith("opencv-")
    assert version(name)
    assert installed_name("PIL", "") == "pillow"


@pytest.mark.parametrize("module", ["json", "no_such_module"])
def test_where_pip_knows_of_none_the_usual_one_is_named(module: str) -> None:
    assert installed_name(module, "usual") == "usual"


class TestThisPython:
    def test_is_python_where_the_shell_means_the_same(self) -> None:
        # So it is in all tests: see conftest.py.
        assert this_python() == "python"

    @pytest.mark.parametrize("path", ["", "/no/such/folder"])
    def test_is_told_in_full_where_the_shell_means_another(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, path: str
    ) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("PATH", path)
        assert this_python() == sys.executable

    def test_is_told_from_the_folder_that_holds_its_environment(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "executable", str(tmp_path / ".venv" / "bin" / "python3"))
        assert this_python() == ".venv/bin/python3"

    def test_is_python_where_python_does_not_know(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "executable", "")
        assert this_python() == "python"


def test_commands_can_be_pasted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert pip_install("a>=1,<2", "b") == "python -m pip install 'a>=1,<2' b"
    assert pip_uninstall("opencv-python") == "python -m pip uninstall -y opencv-python"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "executable", "/my programs/bin/python")
    assert pip_install("a") == "'/my programs/bin/python' -m pip install a"
