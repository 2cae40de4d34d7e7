"""Marked data sent through every route, by who may, and through every way in which it may fail."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from marks import ACCOUNT, EMAIL, NAME, PHRASE, SLUG, SSN, TEXT
from request_bodies import MONITORING, RECEIVE, bodies
from whole_house import CLERK, House

from serving.api.access import PUBLIC, SCOPES, SIGNED_IN
from serving.identity.scopes import Role, Scope

JSON = {"Content-Type": "application/json"}
CSV = {"Content-Type": "text/csv"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BREAKS = "owns a thing that breaks"
"""A text with it breaks the model."""

APPLICATION: dict[str, Any] = {
    "id": "ref-7",
    "text": TEXT,
    "purpose": PHRASE,
    "product": "mortgage",
    "occupancy": "principal_residence",
    "loan_amount_usd": 240000,
    "employer_name": NAME,
}
MARKED_RECEIVE: dict[str, Any] = RECEIVE | {
    "application": {key: APPLICATION[key] for key in APPLICATION if key != "employer_name"},
    "applicants": [
        {
            "consumer_id": "consumer-1",
            "name": NAME,
            "address_lines": [f"7 {PHRASE} Street", "Millbrook, OH 43299"],
            "email": EMAIL,
        }
    ],
    "transaction": {"description": f"a loan on account {ACCOUNT}"},
    "property_address_lines": [f"7 {PHRASE} Street", "Millbrook, OH 43299"],
}
MARKED_MONITORING: dict[str, Any] = MONITORING | {
    "applicants": [
        MONITORING["applicants"][0]
        | {
            "race": {"origin": "self_reported", "values": ["other_asian"]},
            "written_in": [{"category": "other_asian", "text": PHRASE}],
        }
    ]
}
EVERY_ROUTE = sorted(SCOPES.keys() | PUBLIC | SIGNED_IN)


def marked_bodies(ids: Mapping[str, str]) -> dict[str, Any]:
    """Returns the bodies of `request_bodies` with marks wherever words of people go."""
    plain = bodies(ids)
    scored = {key: APPLICATION[key] for key in APPLICATION if key != "employer_name"}
    application = {"application": scored}
    cause = {"cause": f"{NAME} wrote of a {PHRASE}"}
    return plain | {
        "POST /api/v1/predict": scored,
        "POST /api/v1/batch-predict": {
            "applications": [scored, {"text": TEXT + "\0"}, APPLICATION]
        },
        "POST /api/v1/what-if": application
        | {"changes": {"loan_amount_usd": 200000}, "strike": [{"start": 0, "end": 40}]},
        "POST /api/v1/what-if/recourse": application
        | {"reason": "excessive_obligations_to_income"},
        "POST /api/v1/explanations": application | {"method": "rollout"},
        "POST /api/v1/backlogs": {"file": f"{SLUG}.jsonl"},
        "POST /api/v1/applications": MARKED_RECEIVE,
        "POST /api/v1/monitoring/{case_id}": MARKED_MONITORING,
        "POST /api/v1/decisions": {
            "case_id": ids["case_id"],
            "outcome": "deny",
            "path": "judgmental",
            "override_cause": f"{NAME} told of a {PHRASE}",
            "missing_items": [TEXT],
            "reasons": [
                {
                    "reason": "excessive_obligations_to_income",
                    "provenance": "person",
                    "basis": TEXT,
                    "specific_text": f"a {PHRASE}",
                }
            ],
        },
        "POST /api/v1/decisions/{decision_id}/reopen": cause,
        "POST /api/v1/notices/{notice_id}/discard": cause,
        "POST /api/v1/notices/{notice_id}/check": {
            "causes": [{"check_id": "C6", "cause": cause["cause"]}]
        },
        "POST /api/v1/notices/check": {"notice": {"applicant": NAME, PHRASE: SSN}, "record": TEXT},
        "POST /api/v1/login": {"person_id": NAME, "password": TEXT},
        "POST /api/v1/password": {"password": TEXT, "new_password": PHRASE},
    }


def who_may(route: str) -> str | None:
    """Returns somebody who may ask a route; None for what is public."""
    if route in PUBLIC:
        return None
    scope = SCOPES.get(route, Scope.READ_METRICS)
    of_scope = {
        Scope.ENTER_MONITORING: CLERK,
        Scope.RELEASE_NOTICES: Role.COMPLIANCE,
        Scope.KEEP_RECORDS: Role.COMPLIANCE,
        Scope.EXPORT_CASES: Role.COMPLIANCE,
    }
    return of_scope.get(scope, Role.UNDERWRITER)


def rightly_sent(house: House, ids: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Sends each route its marked body, as who may, and yields the answers."""
    given = marked_bodies(ids)
    for route in EVERY_ROUTE:
        kwargs = {"json": given[route]} if route in given else {}
        yield route, house.send(who_may(route), route.format(**ids), **kwargs)


def ways_to_fail(ids: Mapping[str, str], route: str) -> Iterator[Callable[[House], Any]]:
    """Yields what sends a route marked data in a way that it must refuse, for each such way."""
    who, path = who_may(route), route.format(**ids)
    body = marked_bodies(ids).get(route, {})
    text = json.dumps(body)
    if route.startswith("POST"):
        for content in _bad_bodies(body, ids):
            yield _sender(who, path, content, JSON)
        yield _sender(who, path, f"{TEXT}\xff".encode("latin-1"), JSON)
        yield _sender(who, path, text, {"Content-Type": f"text/{SLUG}"})
        yield _sender(who, path, f"client_id={SLUG}&grant_type={SLUG}", FORM)
        yield _sender(who, path, f"{NAME},{SSN}\n{TEXT},1\n", CSV)
    elsewhere = route.format(**dict.fromkeys(ids, quote(f"{SLUG} {NAME}")))
    query = "&".join(f"{name}={quote(TEXT)}" for name in ("format", "explain", "limit", "after"))
    yield _sender(who, f"{elsewhere}?{quote(NAME)}={quote(TEXT)}", text, JSON)
    yield _sender(who, f"{path}?{query}", text, JSON)
    yield _sender(who, f"PUT {path.partition(' ')[2]}?name={quote(NAME)}", text, JSON)
    told = JSON | {"X-Request-ID": f"{NAME} {SSN}", "Origin": f"https://{SLUG}"}
    for credential in (
        {"X-API-Key": f"{NAME} {SSN}"},
        {"Authorization": f"Bearer {SLUG}"},
        {"Authorization": f"Basic {SLUG}"},
        {"Cookie": f"__Host-wherefore-session={SLUG}"},
    ):
        yield _sender(None, path, text, told | credential)


def _bad_bodies(body: dict[str, Any], ids: Mapping[str, str]) -> list[str]:
    wrong = dict.fromkeys(body, f"{NAME} {SSN}")
    return [
        f"{{{TEXT}",
        json.dumps(body)[:-1] + TEXT,
        json.dumps(TEXT),
        json.dumps([TEXT, {TEXT: TEXT}]),
        json.dumps(wrong | {"case_id": ids["case_id"]}),
        json.dumps({**body, f"{NAME} {SSN}": TEXT}),
        json.dumps({key: {f"{NAME} {SSN}": TEXT} for key in body}),
    ]


def _sender(
    who: str | None, route: str, content: str | bytes, headers: Mapping[str, str]
) -> Callable[[House], Any]:
    return lambda house: house.send(who, route, content=content, headers=headers)


def broken(house: House) -> Iterator[Any]:
    """Sends marked texts that break the model itself, and yields the answers."""
    text = {"text": f"{TEXT} She {BREAKS}."}
    for path, body in (
        ("predict", text),
        ("predict?explain=fast", text),
        ("predict?explain=exact", text),
        ("batch-predict", {"applications": [text]}),
        ("what-if", {"application": text | {"loan_amount_usd": 9}, "changes": {}}),
        ("what-if/recourse", {"application": text, "reason": "bankruptcy"}),
    ):
        yield house.send(Role.UNDERWRITER, f"POST /api/v1/{path}", json=body)
