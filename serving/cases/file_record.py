"""The digest of the whole file of a case, which the audit log keeps whenever the file changes."""

import hashlib
from collections.abc import Mapping
from typing import Any

from serving.cases.audit import canonical_json


def digest_of_file(plain: Mapping[str, Any]) -> str:
    """Returns the sha256 of a file as JSON values, hexadecimal.

    What is not said counts as not there, so that a field that a later program adds changes nothing.
    """
    return hashlib.sha256(canonical_json(_said(plain))).hexdigest()


def _said(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _said(part) for name, part in value.items() if part is not None}
    return [_said(part) for part in value] if isinstance(value, list | tuple) else value
