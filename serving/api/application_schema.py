"""The JSON schema of an application, derived from `LoanApplication`.

Descriptions are the lines of its docstring, so a field is described in one place only.
"""

import dataclasses
import inspect
import re
from enum import StrEnum
from types import NoneType
from typing import Any, get_args, get_type_hints

from pydantic import JsonValue

from data_pipeline.domain.application import LoanApplication

_ATTRIBUTE = re.compile(r"^    (\w+): (.+?)(?=^    \w+: |^\S|\Z)", re.MULTILINE | re.DOTALL)

EXAMPLE_APPLICATION: dict[str, JsonValue] = {
    "id": "A-1001",
    "text": (
        "Asks for $24,000 over 60 months to consolidate cards. Nurse, nine years with the same "
        "hospital, $5,150 a month gross, verified. Her Chapter 7 was discharged only last spring "
        "and a civil judgment of $6,300 was entered against her in March and is unpaid."
    ),
    "product": "personal",
    "loan_amount_usd": 24000,
    "annual_income_usd": 61800,
}
"""An application as a client may send it: free text, some fields, an id of the client's."""


def application_schema() -> dict[str, Any]:
    """Returns the JSON schema of an application: `id`, and every field of `LoanApplication`."""
    descriptions = field_descriptions()
    hints = get_type_hints(LoanApplication)
    properties: dict[str, Any] = {
        "id": {
            "type": ["string", "integer", "null"],
            "description": "The client's name for the application; the answer carries it.",
        }
    }
    for field in dataclasses.fields(LoanApplication):
        kind = next(part for part in get_args(hints[field.name]) if part is not NoneType)
        properties[field.name] = _schema(kind) | {"description": descriptions[field.name]}
    return {
        "title": "Application",
        "description": "`text`, fields, or both; at least one. Unknown properties are not read.",
        "type": "object",
        "properties": properties,
        "examples": [EXAMPLE_APPLICATION],
    }


def field_descriptions() -> dict[str, str]:
    """Returns what the docstring of `LoanApplication` says of each field."""
    _, _, after = (inspect.getdoc(LoanApplication) or "").partition("Attributes:\n")
    attributes, _, _ = after.partition("\nRaises:")
    return {name: " ".join(words.split()) for name, words in _ATTRIBUTE.findall(attributes)}


def _schema(kind: type) -> dict[str, Any]:
    if issubclass(kind, StrEnum):
        return {"type": ["string", "null"], "enum": [*map(str, kind), None]}
    if kind is str:
        return {"type": ["string", "null"]}
    return {"type": ["integer" if kind is int else "number", "null"]}
