"""One input row, valid or not.

The edge model of a row is built from the fields of `LoanApplication`, so their names and types
have one home. No message quotes a value: rows hold applicants' words.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum
from math import isfinite
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, create_model

from data_pipeline.domain.application import (
    FIELD_NAMES,
    MAX_TEXT_BYTES,
    EmptyApplicationError,
    FieldValueError,
    LoanApplication,
)
from data_pipeline.domain.rendering import render_text
from data_pipeline.errors import DataError

ErrorCode = Literal[
    "empty_application",
    "invalid_field",
    "invalid_json",
    "invalid_utf8",
    "line_too_long",
    "malformed_row",
    "nul_byte",
    "text_too_long",
]
"""The codes of a bad row; stable, part of every output format."""


MAX_ID_CHARACTERS = 1024
"""Longest id of a row: it is kept and repeated wherever the row is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A valid input row.

    Attributes:
        number: position in its source, 1 for the first row (of .jsonl: the line number).
        id: as given, or the number.
        application: what the row holds.
        is_id_given: whether the id was given; a number in its place names no other row.
    """

    number: int
    id: str
    application: LoanApplication
    is_id_given: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RowError:
    """A row that cannot be used.

    Attributes:
        number: position in its source, 1 for the first row (of .jsonl: the line number).
        id: as given, or the number.
        code: what kind of error.
        field: the field or column concerned; None where the row as a whole is.
        message: what was found and what was expected, without the value.
    """

    number: int
    id: str
    code: ErrorCode
    field: str | None
    message: str


class RowValueError(DataError, ValueError):
    """A mapping of fields is no loan application.

    Attributes:
        code: what kind of error.
        field: the field or column concerned; None where the mapping as a whole is.
        message: what was found and what was expected, without the value.
    """

    def __init__(self, code: ErrorCode, *, field: str | None, message: str) -> None:
        """Keeps the parts."""
        super().__init__(message)
        self.code: ErrorCode = code
        self.field = field
        self.message = message


_WORDS_OF_KIND: dict[type, str] = {
    float: "a finite number",
    int: "a whole number",
    str: "text",
}
_KINDS: dict[str, type] = {f.name: get_args(f.type)[0] for f in fields(LoanApplication)}


def _absent_if_blank(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _no_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("booleans are no numbers")
    return value


def _trimmed(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def _as_identifier(value: object) -> object:
    return "_".join(value.lower().replace("-", " ").split()) if isinstance(value, str) else value


def _annotation(name: str, kind: type) -> Any:
    """Returns the type of a field; its validators run from the last to the first."""
    blank = BeforeValidator(_absent_if_blank)
    if name == "text":
        return Annotated[str | None, blank]
    if kind is str:
        return Annotated[str | None, BeforeValidator(_trimmed), blank]
    if issubclass(kind, StrEnum):
        return Annotated[kind | None, BeforeValidator(_as_identifier), blank]
    return Annotated[kind | None, BeforeValidator(_no_boolean), blank]


def _edge_model() -> type[BaseModel]:
    definitions: dict[str, Any] = {n: (_annotation(n, k), None) for n, k in _KINDS.items()}
    config = ConfigDict(extra="ignore", allow_inf_nan=False)
    return create_model("ApplicationRow", __config__=config, **definitions)


_ApplicationRow = _edge_model()


def plain_cell(value: object) -> object:
    """Returns the cell of a database or a Parquet file as text or a plain number.

    Bytes become text, in which surrogates mark those that are no UTF-8; a UUID becomes text; a
    decimal becomes a whole number where it is one, and a float otherwise. The rest stays.
    """
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode(errors="surrogateescape")
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Decimal):
        return int(value) if _is_whole(value) else float(value)
    return value


def _is_whole(value: Decimal) -> bool:
    """Whether it is a whole number, and not of more digits than any that means something."""
    is_short = value.is_finite() and value.adjusted() < MAX_ID_CHARACTERS
    return is_short and value == value.to_integral_value()


def application_from_mapping(mapping: Mapping[str, object]) -> LoanApplication:
    """Returns the application that a mapping of field names to values describes.

    Unknown keys are ignored and never read. Blank text and None mean "not provided"; a number may
    come as text ("12500"), and either as a database has it (`plain_cell`).

    Raises:
        RowValueError: a value has the wrong type or is out of its range, a text holds a NUL
            character or a lone surrogate, the application is empty, or its rendered text is longer
            than `MAX_TEXT_BYTES`.
    """
    known = {
        name: plain_cell(mapping[name]) for name in FIELD_NAMES if mapping.get(name) is not None
    }
    for name, value in known.items():
        require_clean_text(value, field=name)
    try:
        row = _ApplicationRow.model_validate(known)
    except ValidationError as error:
        raise _field_error(error) from None
    return build_application({name: getattr(row, name) for name in known})


def build_application(values: Mapping[str, Any]) -> LoanApplication:
    """Returns the application of values that already have their types.

    Raises:
        RowValueError: a value is out of its range, nothing is provided, or the rendered text is
            too long.
    """
    try:
        application = LoanApplication(**values)
    except EmptyApplicationError as error:
        message = f"found no known field with a value: {_EMPTY_ADVICE}"
        raise RowValueError("empty_application", field=None, message=message) from error
    except FieldValueError as error:
        message = f"{error.field}: expected {error.expected}"
        raise RowValueError("invalid_field", field=error.field, message=message) from error
    _require_short(application)
    return application


_EMPTY_ADVICE = "expected `text` or at least one application field"
_SURELY_SHORT_CHARACTERS = MAX_TEXT_BYTES // 4 - 4096


def _require_short(application: LoanApplication) -> None:
    texts = (getattr(application, name) for name, kind in _KINDS.items() if kind is str)
    if sum(len(text) for text in texts if text) <= _SURELY_SHORT_CHARACTERS:
        return
    num_bytes = len(render_text(application).encode())
    if num_bytes > MAX_TEXT_BYTES:
        message = f"found {num_bytes:,} bytes of text: expected at most {MAX_TEXT_BYTES:,}"
        raise RowValueError("text_too_long", field="text", message=message)


def require_clean_text(value: object, *, field: str) -> None:
    """Refuses text that UTF-8 or a database cannot store; anything else passes.

    Raises:
        RowValueError: the value is a text with a NUL character or bytes that were no UTF-8.
    """
    if not isinstance(value, str):
        return
    if "\0" in value:
        message = f"{field}: found a NUL character; remove it"
        raise RowValueError("nul_byte", field=field, message=message)
    try:
        value.encode()
    except UnicodeEncodeError:
        message = f"{field}: found bytes that are not valid UTF-8; save the data as UTF-8"
        raise RowValueError("invalid_utf8", field=field, message=message) from None


def _field_error(error: ValidationError) -> RowValueError:
    first = error.errors(include_input=True, include_url=False, include_context=False)[0]
    field = str(first["loc"][0])
    message = f"{field}: found {_found(first['input'])}, expected {_expected(field)}"
    return RowValueError("invalid_field", field=field, message=message)


def _expected(field: str) -> str:
    kind = _KINDS[field]
    return f"one of {', '.join(kind)}" if issubclass(kind, StrEnum) else _WORDS_OF_KIND[kind]


def _found(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, float) and not isfinite(value):
        return "a number that is not finite"
    names = {str: "text", int: "a number", float: "a number", dict: "an object"}
    return names.get(type(value), "a list" if isinstance(value, list | tuple) else "another type")


def row_id(value: object, *, number: int) -> str:
    """Returns the id of a row as `given_id` reads it, otherwise the row number; raises as it."""
    return given_id(value) or str(number)


def given_id(value: object) -> str | None:
    """Returns the id that a cell gives, text or a whole number; None where it is absent or blank.

    It may come as a database has it (`plain_cell`).

    Raises:
        RowValueError: the id is of another type, text that cannot be stored, or longer than
            `MAX_ID_CHARACTERS`.
    """
    value = plain_cell(value)
    require_clean_text(value, field="id")
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        message = f"id: found {_found(value)}, expected text or a whole number"
        raise RowValueError("invalid_field", field="id", message=message)
    found = str(value)
    if len(found) > MAX_ID_CHARACTERS:
        message = f"id: found {len(found):,} characters, expected at most {MAX_ID_CHARACTERS:,}"
        raise RowValueError("invalid_field", field="id", message=message)
    return found
