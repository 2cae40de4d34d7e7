"""A body for each route that takes one, such that only what is stored can be in the way."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

APPLICATION: dict[str, Any] = {
    "id": "ref-1",
    "text": "Asks for $24,000. Debts take 61% of her income, after a Chapter 7.",
    "product": "personal",
    "loan_amount_usd": 24000,
}
RECEIVE: dict[str, Any] = {
    "application": APPLICATION,
    **json.loads((Path(__file__).parents[1] / "data" / "received_case.json").read_text("utf-8")),
}
MONITORING: dict[str, Any] = {
    "asked_under": "regulation_b",
    "taken_by": "mail",
    "applicants": [
        {"consumer_id": "consumer-1"}
        | {name: {"origin": "declined"} for name in ("ethnicity", "race", "sex")}
        | {name: {"origin": "declined"} for name in ("marital_status", "age_years")}
    ],
}
INFORMATION: dict[str, Any] = {
    "reports": [
        {
            "consumer_id": "consumer-1",
            "agency": {
                "name": "Lakeside Credit Reports",
                "address_lines": ["9 Lake Road", "Millbrook, OH 43299"],
                "telephone": "(614) 555-0188",
                "is_nationwide": True,
            },
        }
    ],
    "scores": [],
}
CONSENTS: dict[str, Any] = {
    "consents": [{"consent_id": "consent-1", "consumer_id": "consumer-1", "given_on": "2026-11-02"}]
}


def bodies(ids: Mapping[str, str]) -> dict[str, Any]:
    """Returns them by the name of the route."""
    of_case = {"case_id": ids["case_id"]}
    application = {"application": APPLICATION}
    cause = {"cause": "a pay stub came in late"}
    case = "POST /api/v1/applications/{case_id}"
    notice = "POST /api/v1/notices/{notice_id}"
    return {
        "POST /api/v1/predict": APPLICATION,
        "POST /api/v1/batch-predict": {"applications": [APPLICATION, {"text": "Debts."}]},
        "POST /api/v1/what-if": application | {"changes": {"loan_amount_usd": 20000}},
        "POST /api/v1/what-if/recourse": application
        | {"reason": "excessive_obligations_to_income"},
        "POST /api/v1/explanations": application | {"method": "rollout"},
        "POST /api/v1/backlogs": {"file": "in.jsonl"},
        "POST /api/v1/applications": RECEIVE,
        f"{case}/file": {
            "cause": "the applicant wrote to us",
            "applicants": [{"consumer_id": "consumer-1", "email": "dana@example.org"}],
            "application": APPLICATION,
        },
        f"{case}/complete": {"completed_at": None},
        f"{case}/information": INFORMATION,
        f"{case}/consents": CONSENTS,
        f"{case}/assess": {"by_hand": False},
        f"{case}/assign": {"person_id": "underwriter-1"},
        f"{case}/reasons-requested": {"consumer_id": "consumer-1", "at": None},
        f"{case}/retention-requested": {"at": None},
        f"{case}/counteroffer-answer": {"accepted": True, "at": None},
        f"{case}/approval-told": {"channel": "oral", "told_at": None},
        f"{case}/counteroffer-told": {
            "terms": [{"label": "Amount", "value": "$12,000.00"}],
            "channel": "oral",
            "told_at": None,
        },
        f"{case}/holds": {"hold_id": "suit-7"},
        f"{case}/holds/lift": {"hold_id": "suit-7"},
        f"{case}/retain": {},
        f"{case}/purge": {},
        "POST /api/v1/decisions": of_case | {"outcome": "approve", "path": "score"},
        "POST /api/v1/decisions/{decision_id}/reopen": cause,
        "POST /api/v1/notices": of_case | {"form": None, "channel": "postal"},
        "POST /api/v1/notices/all": of_case | {"channel": "postal"},
        "POST /api/v1/notices/check": {"notice": {}, "record": {}},
        f"{notice}/check": {"causes": [{"check_id": "C6", "cause": "an old letter of theirs"}]},
        f"{notice}/release": {},
        f"{notice}/sent": {"channel": "mailed", "sent_at": None},
        f"{notice}/discard": cause,
        f"{notice}/regenerate": {},
        "POST /api/v1/monitoring/{case_id}": MONITORING,
        "POST /api/v1/login": {"person_id": "dana", "password": "a password of hers"},
        "POST /api/v1/password": {"password": "a password", "new_password": "another password"},
    }
