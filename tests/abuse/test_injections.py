"""What is sent is data: no database, template, header, log or path takes it for more."""

import base64
import json
import sqlite3
from contextlib import closing
from urllib.parse import quote

import pytest
from captured_logs import captured_logs
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from request_bodies import APPLICATION, RECEIVE, bodies
from whole_house import CLERK, ids_of

from serving.identity.scopes import Role

JSON = {"Content-Type": "application/json"}
SQL = (
    "' OR '1'='1",
    "'; DROP TABLE applications; --",
    "x' UNION SELECT plain_key FROM data_keys --",
    "1); DELETE FROM audit_log; --",
    "%' OR 1=1 /*",
    "\\'; SELECT load_extension('x'); --",
)
TEMPLATES = (
    "{{7919*104729}}",
    "{% print(7919*104729) %}",
    "${7919*104729}",
    "#{7919*104729}",
    "<%= 7919*104729 %>",
)
EVALUATED = "829348951"
SCRIPT = "<script>alert(191)</script><img src=x onerror=alert(191)>"
TYPST = '#read("/etc/passwd") #include "x.typ" #eval("7919*104729") $sum$ @ref *bold*'


@pytest.fixture(scope="module")
def stored(shared_house):
    return ids_of(shared_house)


def _counts(house):
    """Rows of every table; reading them fails where one is gone."""
    path = house.app.state.settings.state_dir / "cases.db"
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
        ).fetchall()
        return {
            name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
            for (name,) in tables
        }


@pytest.mark.parametrize("payload", SQL)
def test_nothing_that_is_sent_becomes_part_of_a_statement(shared_house, stored, payload):
    house, path = shared_house, quote(payload, safe="")
    before = _counts(house)
    asked = [
        ("GET /api/v1/applications/{}", None),
        ("GET /api/v1/decisions/{}", None),
        ("GET /api/v1/notices/{}", None),
        ("GET /api/v1/notices/{}/file", None),
        ("GET /api/v1/worklist?assigned_to={}", None),
        ("GET /api/v1/worklist?after={}", None),
        ("GET /api/v1/worklist?stage={}", None),
        ("GET /api/v1/backlogs/{}", None),
        ("GET /api/v1/explanations/{}", None),
        ("POST /api/v1/applications", RECEIVE | {"case_id": payload}),
        ("POST /api/v1/decisions", {"case_id": payload, "outcome": "approve"}),
        ("POST /api/v1/notices", {"case_id": stored["case_id"], "consumer_id": payload}),
        ("POST /api/v1/what-if", {"case_id": payload, "changes": {}}),
        (f"POST /api/v1/applications/{stored['case_id']}/assign", {"person_id": payload}),
        ("POST /api/v1/login", {"person_id": payload, "password": payload}),
    ]
    answers = [
        house.send(Role.UNDERWRITER, route.format(path), **({"json": body} if body else {}))
        for route, body in asked
    ]
    assert {answer.status_code for answer in answers} <= {401, 404, 422, 429}
    after = _counts(house)
    # Only that a list was asked for, and that a sign-in failed, leaves a row.
    assert {name for name in before if before[name] != after[name]} <= {
        "audit_log",
        "sign_in_attempts",
    }
    secret = {"client_id": payload, "client_secret": payload, "grant_type": "client_credentials"}
    assert house.client.post("/api/v1/token", data=secret).status_code == 401


@pytest.fixture(scope="module")
def lettered(shared_house):
    """A case whose applicant is called what templates, pages and typesetters might run."""
    person = RECEIVE["applicants"][0] | {
        "name": f"{TEMPLATES[0]} {TEMPLATES[1]} {SCRIPT}",
        "address_lines": ["18 Alder Court, Apt. 3", "Millbrook, OH 43299", TYPST],
    }
    return shared_house.denied(
        applicants=[person],
        transaction={"description": f"a loan {TEMPLATES[4]} {TEMPLATES[0]}"},
        application=APPLICATION | {"text": f"Debts. Chapter 7. {SCRIPT} {TEMPLATES[0]} {TYPST}"},
    )


@pytest.mark.parametrize("kind", ["html", "text", "pdf"])
def test_a_letter_prints_what_was_sent_and_runs_nothing(shared_house, lettered, kind):
    route = f"GET /api/v1/notices/{lettered['notice_id']}/preview?format={kind}"
    answer = shared_house.send(Role.UNDERWRITER, route)
    assert answer.status_code == 200, answer.text
    if kind == "pdf":
        assert answer.content.startswith(b"%PDF")
        return
    found = " ".join(answer.text.split())  # lines are broken where they are long
    assert EVALUATED not in found
    assert TEMPLATES[0] in found
    assert (SCRIPT in found) == (kind == "text")
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("page", ["summary", "recommendations", "recommendations/page"])
def test_pages_on_a_case_run_nothing(shared_house, lettered, page):
    route = f"GET /api/v1/applications/{lettered['case_id']}/{page}"
    answer = shared_house.send(Role.UNDERWRITER, route)
    assert answer.status_code == 200, answer.text
    assert EVALUATED not in answer.text
    if answer.headers["content-type"].startswith("text/html"):
        assert "<script" not in answer.text


@pytest.mark.parametrize("ending", ["%0d%0a", "%0a", "%E5%98%8A%E5%98%8D", "%00", "%7f"])
def test_no_header_field_is_added_to_an_answer(shared_house, stored, ending):
    forged = f"{ending}X-Forged:%20yes{ending}{ending}<html>"
    for route in (
        f"GET /api/v1/applications/{stored['case_id']}{forged}/exam-package",
        f"GET /api/v1/backlogs/{stored['backlog_id']}{forged}/result",
        f"GET /api/v1/notices/{stored['notice_id']}/preview?format=html{forged}",
        f"GET /docs/assets/{forged}",
        f"GET /{forged}",
        f"DELETE /api/v1/explanations/{forged}",
    ):
        answer = shared_house.send(Role.COMPLIANCE, route)
        assert answer.status_code in {404, 405, 422}, route
        assert "x-forged" not in answer.headers
        assert "X-Forged" not in str(answer.headers)
        assert "<html>" not in answer.text


def test_no_line_of_the_log_is_somebody_elses(shared_house, stored):
    forged = '\n{"event": "forged", "level": "error"}\r\n\x1b[31m'
    with captured_logs() as log:
        path = quote(forged, safe="")
        for route in (f"GET /{path}", f"GET /api/v1/applications/{path}", f"{'X' * 9} /health"):
            shared_house.send(Role.UNDERWRITER, route)
        cause = {"cause": f"late pay stub {forged}"}
        notice = f"POST /api/v1/notices/{stored['notice_id']}/discard"
        shared_house.send(Role.UNDERWRITER, notice, json=cause)
        shared_house.send(Role.UNDERWRITER, "POST /api/v1/predict", json={"text": forged})
        told = {"person_id": forged, "password": forged}
        shared_house.send(None, "POST /api/v1/login", json=told)
        secret = {"client_id": forged, "client_secret": "x", "grant_type": "client_credentials"}
        shared_house.client.post("/api/v1/token", data=secret)
        lines = log.getvalue().splitlines()
    events = [json.loads(line) for line in lines]
    assert {"request", "client_refused"} <= {event["event"] for event in events}
    assert "forged" not in {event["event"] for event in events}
    assert "\x1b" not in "".join(lines)


@pytest.mark.parametrize(
    "name",
    [
        "../cases.db",
        "..%2fcases.db",
        "/etc/passwd",
        "....//....//etc/passwd",
        "..\\..\\cases.db",
        "file:///etc/passwd",
        "in.jsonl/../../cases.db",
        "a\0.jsonl",
        "~/x.jsonl",
        ".",
        "",
        "x" * 5000,
        "\ud800.jsonl",
    ],
)
def test_no_name_of_a_file_leads_out_of_the_folder(shared_house, name):
    body = json.dumps({"file": name})
    route = "POST /api/v1/backlogs"
    answer = shared_house.send(Role.UNDERWRITER, route, content=body, headers=JSON)
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize(
    "path",
    [
        "../../../../etc/passwd",
        "%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "..%2f..%2f..%2fetc%2fpasswd",
        "..%5c..%5cetc%5cpasswd",
        "%00",
        "/etc/passwd",
        "//etc/passwd",
        "swagger-ui.css%00.js",
    ],
)
def test_assets_are_the_packages_files_and_no_others(shared_house, path):
    answer = shared_house.send(Role.ADMIN, f"GET /docs/assets/{path}")
    assert answer.status_code == 404, answer.text[:200]
    assert "root:" not in answer.text


BODIES = {
    "nested lists": "[" * 100_000 + "]" * 100_000,
    "nested objects": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "nested in a field": '{"text": ' + "[" * 5000 + "]" * 5000 + "}",
    "not a number": '{"loan_amount_usd": NaN}',
    "infinity": '{"loan_amount_usd": Infinity}',
    "minus infinity": '{"loan_amount_usd": -Infinity}',
    "beyond a float": '{"loan_amount_usd": 1e999, "score": -1e999}',
    "a number of digits": '{"loan_amount_usd": ' + "9" * 4000 + "}",
    "a lone surrogate": '{"text": "\\ud800 debts", "case_id": "\\udfff"}',
    "a lone surrogate in a name": '{"\\ud800": 1, "text": "debts"}',
    "NUL": '{"text": "a\\u0000b", "case_id": "c\\u0000"}',
    "a field twice": '{"text": "a", "text": "b", "case_id": "c", "case_id": "d"}',
    "a prototype": '{"__proto__": {"role": "admin"}, "constructor": {}, "__class__": "x"}',
    "null": "null",
    "true": "true",
    "many fields": "{" + ",".join(f'"f{i}": {i}' for i in range(5000)) + "}",
}


@pytest.mark.parametrize("name", BODIES)
def test_no_json_however_odd_makes_a_route_fail(shared_house, stored, name):
    routes = sorted(bodies(stored))
    start = list(BODIES).index(name)
    always = {
        "POST /api/v1/predict",
        "POST /api/v1/applications",
        "POST /api/v1/decisions",
        "POST /api/v1/notices/check",
        "POST /api/v1/what-if",
    }
    for route in sorted(always | set(routes[start % 4 :: 4])):
        for who in (Role.UNDERWRITER, Role.COMPLIANCE, CLERK):
            answer = shared_house.send(
                who, route.format(**stored), content=BODIES[name], headers=JSON
            )
            if answer.status_code != 403:
                break
        assert answer.status_code < 500, f"{route}: {answer.text}"
        assert answer.status_code in {200, 400, 401, 404, 409, 422}, f"{route}: {answer.text}"


def test_of_a_field_that_comes_twice_the_last_counts_and_is_checked(shared_house):
    sent = '{"text": "Debts.", "text": "a\\u0000b"}'
    route = "POST /api/v1/predict"
    answer = shared_house.send(Role.UNDERWRITER, route, content=sent, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (422, "nul_byte")


def _encoded(part):
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def test_no_forged_token_opens_a_route(shared_house):
    token = shared_house.token
    header, claims = (
        json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2]
    )
    signature = token.split(".")[2]
    other = ECKey.generate_key("P-256")
    forged = {
        "alg none": f"{_encoded(header | {'alg': 'none'})}.{_encoded(claims)}.",
        "alg none, signed": f"{_encoded(header | {'alg': 'none'})}.{_encoded(claims)}.{signature}",
        "another key": jwt.encode(header, claims, other, algorithms=["ES256"]),
        "a path as key id": jwt.encode(
            header | {"kid": "../../cases.db"}, claims, other, algorithms=["ES256"]
        ),
        "a symmetric key": jwt.encode(
            header | {"alg": "HS256"}, claims, OctKey.import_key("k" * 32), algorithms=["HS256"]
        ),
        "another audience": f"{_encoded(header)}.{_encoded(claims | {'aud': 'x'})}.{signature}",
        "no end": f"{_encoded(header)}.{_encoded(claims | {'exp': 4102444800})}.{signature}",
        "more scopes": f"{_encoded(header)}.{_encoded(claims | {'scope': 'decide'})}.{signature}",
    }
    for name, text in forged.items():
        answer = shared_house.client.get(
            "/api/v1/metrics", headers={"Authorization": f"Bearer {text}"}
        )
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized"), name
    shared_house.renew_token()  # it may be older than it lives
    right = shared_house.client.get("/api/v1/metrics", headers=shared_house.headers("loan-system"))
    assert right.status_code == 200
