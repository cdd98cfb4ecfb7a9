"""What models need of pip packages besides files: code that not every version has."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from age_pipeline.errors import PackageMissing
from age_pipeline.installed_packages import pip_install
from age_pipeline.stages import ModelUse

if TYPE_CHECKING:
    from age_pipeline.model_files import ModelFile


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPackage:
    """A model that is part of a pip package's code, and has no file of its own.

    Attributes:
        name: The model's name on the command line, for example "hog".
        needs: What of the package runs it, for example "dlib.get_frontal_face_detector".
        requirement: The package as pip wants to be told.
        licence: Under which it may be used, in words.
    """

    name: str
    needs: str
    requirement: str
    licence: str

    @property
    def how_to_get(self) -> str:
        """The command that installs it."""
        return pip_install(self.requirement)

    @property
    def module(self) -> str:
        """What is imported of the package."""
        return self.needs.partition(".")[0]

    @property
    def is_installed(self) -> bool:
        return find_spec(self.module) is not None

    def use(self) -> ModelUse:
        """What is said of it, once it is known to be installed."""
        version = str(import_module(self.module).__version__)
        return ModelUse(self.name, None, None, self.licence, version)


def needed_code(model: ModelFile | ModelPackage) -> Any:
    """What runs a model, untyped as not every version has it; None where it needs nothing special.

    Raises:
        PackageMissing: The package is absent or broken, or its version has no such thing.
    """
    if model.needs is None:
        return None
    module, _, name = model.needs.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise PackageMissing(
            f"{model.name} needs {model.needs} ({error}): run `{model.how_to_get}`"
        ) from error
