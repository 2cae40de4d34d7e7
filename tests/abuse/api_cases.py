"""Cases drawn from the OpenAPI document by schemathesis, sent as everybody, and judged.

Positive cases fit the document, negative ones do not, and mixed ones are valid bodies of ours with
one field drawn: they get past the first check. Paths and bodies name, half of the time, what was
stored by requests before, so that later routes have something to work on.
"""

import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import hypothesis
import requests
import schemathesis
from httpx2 import InvalidURL
from hypothesis import HealthCheck, Phase
from hypothesis.errors import Unsatisfiable
from request_bodies import bodies
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks as openapi_checks
from whole_house import PROGRAM, House

from serving.api.access import SCOPES
from serving.api.problems import PROBLEM_MEDIA_TYPE, PROBLEMS

SEED = 20261120
_STORED, _INNER = 0.6, 0.5
"""Share of ids that are of something stored; of drawn fields that change one field of an object."""

_BASE = "http://testserver"
_ENDLESS = "GET /api/v1/backlogs/{backlog_id}/events"
"""It ends with its backlog, and a backlog that was paused has no end."""

_OF_TOKENS = frozenset({"POST /api/v1/token", "DELETE /api/v1/token"})
"""They refuse in the form of RFC 6749, as the document says."""

_ENDS_THE_TOKEN = "DELETE /api/v1/token"
_FRAMEWORK_CODES = frozenset({"not_found", "method_not_allowed", "bad_request", "internal_error"})
_OPENAPI_CHECKS = (
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
)


class Kind(StrEnum):
    """How a case relates to the document."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    MIXED = "mixed"


@dataclass(slots=True, kw_only=True)
class Tally:
    """What was sent, and what came of it.

    Attributes:
        statuses: answers by route and status.
        kinds: cases by kind.
        principals: cases by who sent them.
        failures: what an answer did wrong, by route and finding, with the first request of it.
    """

    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    principals: Counter[str] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)

    @property
    def num_cases(self) -> int:
        """Requests sent."""
        return self.statuses.total()

    def fail(self, route: str, finding: str, shown: str) -> None:
        """Notes a failure."""
        self.failures.setdefault(f"{route}: {finding}", shown)


class Pool:
    """Ids that answers have told, by the name of the path parameter."""

    _FIELDS: Mapping[str, tuple[str, ...]] = {
        "case_id": ("case_id",),
        "decision_id": ("decision_id",),
        "notice_id": ("notice_id",),
        "backlog_id": ("backlog_id",),
        "explanation_id": ("id",),
    }
    _MOST = 12

    def __init__(self, first: Mapping[str, str]) -> None:
        """Takes ids of what is there."""
        self.first = dict(first)
        self._ids: dict[str, list[str]] = {name: [value] for name, value in first.items()}

    def of(self, name: str) -> list[str]:
        """Returns ids for a path parameter."""
        return self._ids.get(name, ["none"])

    def learn(self, route: str, answer: Any) -> None:
        """Takes the ids of an answer."""
        if not isinstance(answer, dict):
            return
        for name, fields in self._FIELDS.items():
            if name == "explanation_id" and not route.endswith("/explanations"):
                continue
            for found in (answer.get(each) for each in fields):
                known = self._ids.setdefault(name, [])
                if isinstance(found, str) and found not in known:
                    known.append(found)
                    del known[1 : -self._MOST]


class Attack:
    """Sends cases to a house and tallies what comes back."""

    def __init__(
        self, house: House, first: Mapping[str, str], *, document: dict[str, Any] | None = None
    ) -> None:
        """Takes a running house, ids of what is stored in it, and its document if it is changed."""
        found = document or house.client.get("/openapi.json").json()
        self.schema = schemathesis.openapi.from_dict(_without_credentials(found))
        self.house, self.pool, self.tally = house, Pool(first), Tally()
        self._random = random.Random(SEED)
        self.bodies = bodies(first)
        self.operations = {
            f"{operation.method.upper()} {operation.path}": operation
            for operation in (found.ok() for found in self.schema.get_all_operations())
        }

    def run(self, route: str, kind: Kind, *, count: int, seed: int = SEED) -> None:
        """Sends so many cases of a kind to a route."""
        if kind is Kind.MIXED and route not in self.bodies:
            kind = Kind.POSITIVE
        operation = self.operations[route]
        mode = GenerationMode.NEGATIVE if kind is Kind.NEGATIVE else GenerationMode.POSITIVE
        if mode is GenerationMode.NEGATIVE and not _can_be_negated(operation):
            mode = GenerationMode.POSITIVE

        seen: list[Any] = []

        @hypothesis.seed(seed)
        @hypothesis.settings(
            max_examples=count + 1,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @hypothesis.given(operation.as_strategy(generation_mode=mode))
        def send(case: Any) -> None:
            seen.append(case)
            # The first is always the simplest there is.
            if len(seen) > 1:
                self._send(route, kind, case)

        try:
            send()
        except Unsatisfiable:
            # Nothing contradicts what the document says of this route.
            if mode is not GenerationMode.NEGATIVE:
                raise
            self.run(route, Kind.POSITIVE, count=count, seed=seed)
            return
        if len(seen) == 1:
            self._send(route, kind, seen[0])

    def _send(self, route: str, kind: Kind, case: Any) -> None:
        self._name_what_is_stored(route, case)
        if kind is Kind.MIXED:
            case.body = self._mixed(route, case.body)
        who = self._random.choice(self._senders(route))
        try:
            answer = self._answer(case, self.house.headers(who))
        except InvalidURL:
            # Longer than this client sends; heads too large are in tests/serving/test_connections.
            return
        self.tally.statuses[route, answer.status_code] += 1
        self.tally.kinds[kind] += 1
        self.tally.principals[who or "nobody"] += 1
        if answer.content and answer.headers.get("content-type") == "application/json":
            self.pool.learn(route, answer.json())
        if route == _ENDS_THE_TOKEN and who == PROGRAM:
            self.house.renew_token()
        self._judge(route, case, answer)

    def _name_what_is_stored(self, route: str, case: Any) -> None:
        for name in list(case.path_parameters):
            if route == _ENDLESS:
                case.path_parameters[name] = self.pool.first["backlog_id"]
            elif self._random.random() < _STORED:
                case.path_parameters[name] = self._random.choice(self.pool.of(name))
        if (
            isinstance(case.body, dict)
            and "case_id" in case.body
            and self._random.random() < _STORED
        ):
            case.body["case_id"] = self._random.choice(self.pool.of("case_id"))

    def _mixed(self, route: str, drawn: Any) -> Any:
        """A valid body, with at most one of its fields, or an inner one, as drawn."""
        body = json.loads(json.dumps(self.bodies[route]))
        if "case_id" in body:
            body["case_id"] = self._random.choice(self.pool.of("case_id"))
        if not isinstance(drawn, dict) or not drawn:
            return body
        name = self._random.choice(sorted(drawn))
        if (
            self._random.random() < _INNER
            and isinstance(body.get(name), dict)
            and isinstance(drawn[name], dict)
        ):
            body[name] |= drawn[name]
        else:
            body[name] = drawn[name]
        return body

    def _senders(self, route: str) -> list[str | None]:
        """Everybody once, and who may do it as often again as all of them."""
        scope, keys = SCOPES.get(route), self.house.app.state.keys
        everybody = self.house.everybody
        able = [
            who
            for who in self.house.keys
            if scope and keys.person_of(self.house.keys[who]).principal.may(scope)
        ]
        return everybody + able * (2 * len(everybody) // len(able)) if able else everybody

    def _answer(self, case: Any, credentials: Mapping[str, str]) -> Any:
        asked = requests.Request(**case.as_transport_kwargs(base_url=_BASE)).prepare()
        headers = {k: v for k, v in asked.headers.items() if k.lower() != "content-length"}
        return self.house.client.request(
            asked.method,
            asked.url,
            content=asked.body,
            headers=headers | dict(credentials),
            follow_redirects=False,
        )

    def _judge(self, route: str, case: Any, answer: Any) -> None:
        shown = f"{case.method} {case.formatted_path} -> {answer.status_code} {answer.text[:300]}"
        if answer.status_code == 500:
            self.tally.fail(route, "answers 500", f"{shown} to {case.body!r}")
        if answer.status_code >= 400:
            is_oauth = route in _OF_TOKENS and answer.status_code in {400, 401}
            for finding in () if is_oauth else _unlike_a_problem(answer):
                self.tally.fail(route, finding, shown)
        try:
            case.validate_response(answer, checks=list(_OPENAPI_CHECKS))
        except FailureGroup as group:
            for failure in group.exceptions:
                finding = getattr(failure, "title", type(failure).__name__)
                self.tally.fail(route, finding, f"{shown}; {failure}")


def _without_credentials(document: dict[str, Any]) -> dict[str, Any]:
    """The document without what it says of credentials: they are ours and need not be drawn."""
    paths = {
        path: {
            method: {key: value for key, value in operation.items() if key != "security"}
            for method, operation in item.items()
        }
        for path, item in document["paths"].items()
    }
    return document | {"paths": paths}


def _can_be_negated(operation: Any) -> bool:
    return bool(operation.body or operation.query or operation.path_parameters)


def _unlike_a_problem(answer: Any) -> Sequence[str]:
    """What a refusal lacks of a problem document."""
    if answer.headers.get("content-type") != PROBLEM_MEDIA_TYPE:
        return [f"refuses with {answer.headers.get('content-type')}"]
    problem = answer.json()
    known = {code for _, code in PROBLEMS.values()} | _FRAMEWORK_CODES
    found = []
    if problem["status"] != answer.status_code:
        found.append("tells another status in the body")
    if problem["code"] not in known and answer.status_code not in {413, 422}:
        found.append(f"tells the unknown code {problem['code']}")
    if problem["request_id"] != answer.headers.get("x-request-id"):
        found.append("tells another request id in the body")
    return found
