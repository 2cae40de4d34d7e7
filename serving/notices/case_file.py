"""A notice with its decision record as a JSON file."""

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import ConfigDict, TypeAdapter, ValidationError

from serving.notices.errors import NoticeFileError
from serving.notices.notice import AdverseActionNotice
from serving.notices.record import DecisionRecord

MAX_FILE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeCase:
    """A notice and the facts it is checked against; `record` None is enough for rendering."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=False)

    notice: AdverseActionNotice
    record: DecisionRecord | None = None


_CASE = TypeAdapter(NoticeCase)

_CLAUSES = {
    "creditors": "12 CFR 1002.9(a)(2)",
    "creditor_type": "12 CFR 1002, Appendix A",
    "language": "12 CFR 1002.4(e)",
    "reasons": "12 CFR 1002.9(b)(2)",
    "score_block": "15 USC 1681g(f)(1)",
    "report_block": "15 USC 1681m(a)",
    "incompleteness": "12 CFR 1002.9(c)(2)",
    "recipient": "12 CFR 1002.9(f)",
    "form": "12 CFR 1002, Appendix C",
    "action": "12 CFR 1002.9(a)(2)",
}


def parse_case(content: str | bytes, *, tells_unknown: bool = True) -> NoticeCase:
    """Returns the notice and record of a JSON text.

    Args:
        content: the text.
        tells_unknown: whether the message names a field that it does not know.

    Raises:
        NoticeFileError: the text is not JSON, or a field is missing, unknown or of another kind;
            the message names the field and, where one governs it, the clause, never the value.
    """
    try:
        return _CASE.validate_json(content)
    except ValidationError as error:
        raise NoticeFileError(_sentence(error, tells_unknown=tells_unknown)) from None


def _sentence(error: ValidationError, *, tells_unknown: bool) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    path = [str(part) for part in first["loc"]]
    if first["type"] == "unexpected_keyword_argument" and not tells_unknown:
        path[-1] = "a field"
    if not path:
        return "the file does not hold a notice: expected a JSON object with notice and record"
    clause = next((_CLAUSES[part] for part in reversed(path) if part in _CLAUSES), None)
    found = first["msg"].removeprefix("Input should be ").replace("Unexpected keyword argument", "")
    kind = {
        "missing": "is missing",
        "missing_keyword_only": "is missing",
        "unexpected_keyword_argument": "is unknown",
    }.get(first["type"], f"should be {found}")
    cited = f" ({clause})" if clause else ""
    return f"{'.'.join(path)} {kind}{cited}: correct this field of the file"


def read_case(path: Path) -> NoticeCase:
    """Returns the notice and record of a JSON file.

    Raises:
        NoticeFileError: the file cannot be read, is too large, or is no notice.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise NoticeFileError(f"{path} is larger than {MAX_FILE_BYTES:,} bytes: split it")
        return parse_case(path.read_bytes())
    except OSError as error:
        raise NoticeFileError(f"cannot read {path} ({error.strerror}): name a JSON file") from None


def dump_case(case: NoticeCase) -> str:
    """Returns the JSON text of a notice and its record, the same for the same values."""
    plain = _CASE.dump_python(case, mode="json")
    return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"
