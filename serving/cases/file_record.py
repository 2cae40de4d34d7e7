"""What the audit log says of the file of a case: one digest over all of it, whenever it changes."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter

from data_pipeline.domain.application import LoanApplication
from serving.cases.application_file import ApplicationFile
from serving.cases.audit import canonical_json

_PLAIN = TypeAdapter(dict[str, Any])


def plain_file(file: ApplicationFile, submissions: Sequence[LoanApplication]) -> dict[str, Any]:
    """Returns a file and every application submitted as JSON values; of documents their digests."""
    found = {
        "applicants": [asdict(applicant) for applicant in file.applicants],
        "terms": [asdict(terms) for terms in file.terms],
        "collateral": asdict(file.collateral) if file.collateral else None,
        "documents": [
            {
                "document_id": document.document_id,
                "file": f"documents/{number:04}",
                "kind": document.kind,
                "media_type": document.media_type,
                "received_at": document.received_at,
                "sha256": hashlib.sha256(document.content).hexdigest(),
            }
            for number, document in enumerate(file.documents, start=1)
        ],
        "submissions": [asdict(application) for application in submissions],
    }
    plain: dict[str, Any] = _PLAIN.dump_python(found, mode="json")
    return plain


def digest_of_file(plain: Mapping[str, Any]) -> str:
    """Returns the sha256 of what `plain_file` gives, hexadecimal.

    What is not said counts as not there, so that a field that a later program adds changes nothing.
    """
    return hashlib.sha256(canonical_json(_said(plain))).hexdigest()


def _said(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _said(part) for name, part in value.items() if part is not None}
    return [_said(part) for part in value] if isinstance(value, list | tuple) else value
