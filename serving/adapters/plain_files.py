"""The file of a case as JSON values: what is exported, and what its digest in the log is of."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter

from data_pipeline.domain.application import LoanApplication
from serving.cases.application_file import ApplicationFile

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
