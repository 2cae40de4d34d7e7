"""Decisions as an underwriter sends them."""

from collections.abc import Mapping
from typing import Any


def denial_of(case_id: str, assessment: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the decision to deny for what an assessment states."""
    return {
        "case_id": case_id,
        "outcome": "deny",
        "path": "score",
        "reasons": [
            {"reason": reason["reason"], "provenance": "model"}
            for reason in assessment["principal_reasons"]
        ],
        "review_answers": [
            {"reason": reason["reason"], "accepted": False}
            for reason in assessment["review_reasons"]
        ],
    }
