"""How a model of a registry is named: `models:/NAME@ALIAS` or `models:/NAME/VERSION`."""

import re
from dataclasses import dataclass
from pathlib import Path

from model_store.errors import ModelReferenceError

_REFERENCE = re.compile(
    r"""models:/(?P<name>[^/@:'"]+)(@(?P<alias>[\w-]+)|/(?P<version>[1-9]\d*))"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReference:
    """A model of a registry, by alias or by version.

    Attributes:
        name: registered name.
        alias: alias of the version; None where the version is given.
        version: number of the version; None where the alias is given.
    """

    name: str
    alias: str | None = None
    version: int | None = None

    def __str__(self) -> str:
        """As it is written on the command line."""
        end = f"/{self.version}" if self.alias is None else f"@{self.alias}"
        return f"models:/{self.name}{end}"


def is_reference(model: str | Path) -> bool:
    """Whether a model is named by registry, not by directory."""
    return str(model).startswith("models:")


def parse_reference(text: str) -> ModelReference:
    """Reads `models:/NAME@ALIAS` or `models:/NAME/VERSION`.

    Raises:
        ModelReferenceError: the text is neither.
    """
    match = _REFERENCE.fullmatch(text)
    if match is None:
        raise ModelReferenceError(
            f"{text!r} names no registered model: expected models:/NAME@ALIAS or "
            "models:/NAME/VERSION, for example models:/starter@champion"
        )
    version = match["version"]
    return ModelReference(
        name=match["name"], alias=match["alias"], version=int(version) if version else None
    )
