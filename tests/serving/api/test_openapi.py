import dataclasses

import jsonschema
import pytest

from data_pipeline.domain.application import LoanApplication
from serving.api.access import SCOPES, SIGNED_IN, name_of
from serving.api.application_schema import application_schema, field_descriptions

OPERATIONS = [
    ("/health", "get"),
    ("/ready", "get"),
    ("/metrics", "get"),
    ("/api/v1/predict", "post"),
    ("/api/v1/batch-predict", "post"),
    ("/api/v1/categories", "get"),
    ("/api/v1/metrics", "get"),
    ("/api/v1/applications", "post"),
    ("/api/v1/applications/{case_id}", "get"),
    ("/api/v1/applications/{case_id}/approval-told", "post"),
    ("/api/v1/applications/{case_id}/assess", "post"),
    ("/api/v1/applications/{case_id}/assign", "post"),
    ("/api/v1/applications/{case_id}/complete", "post"),
    ("/api/v1/applications/{case_id}/consents", "post"),
    ("/api/v1/applications/{case_id}/counteroffer-answer", "post"),
    ("/api/v1/applications/{case_id}/counteroffer-told", "post"),
    ("/api/v1/applications/{case_id}/exam-package", "get"),
    ("/api/v1/applications/{case_id}/file", "post"),
    ("/api/v1/applications/{case_id}/holds", "post"),
    ("/api/v1/applications/{case_id}/holds/lift", "post"),
    ("/api/v1/applications/{case_id}/information", "post"),
    ("/api/v1/applications/{case_id}/purge", "post"),
    ("/api/v1/applications/{case_id}/reasons-requested", "post"),
    ("/api/v1/applications/{case_id}/recommendations", "get"),
    ("/api/v1/applications/{case_id}/recommendations/page", "get"),
    ("/api/v1/applications/{case_id}/retain", "post"),
    ("/api/v1/applications/{case_id}/retention-requested", "post"),
    ("/api/v1/applications/{case_id}/summary", "get"),
    ("/api/v1/backlogs", "get"),
    ("/api/v1/backlogs", "post"),
    ("/api/v1/backlogs/{backlog_id}", "get"),
    ("/api/v1/backlogs/{backlog_id}/cancel", "post"),
    ("/api/v1/backlogs/{backlog_id}/errors", "get"),
    ("/api/v1/backlogs/{backlog_id}/events", "get"),
    ("/api/v1/backlogs/{backlog_id}/pause", "post"),
    ("/api/v1/backlogs/{backlog_id}/result", "get"),
    ("/api/v1/backlogs/{backlog_id}/resume", "post"),
    ("/api/v1/decisions", "post"),
    ("/api/v1/decisions/{decision_id}", "get"),
    ("/api/v1/decisions/{decision_id}/reopen", "post"),
    ("/api/v1/login", "post"),
    ("/api/v1/login/oidc", "get"),
    ("/api/v1/login/oidc/callback", "get"),
    ("/api/v1/logout", "post"),
    ("/api/v1/me", "get"),
    ("/api/v1/password", "post"),
    ("/api/v1/token", "post"),
    ("/api/v1/token", "delete"),
    ("/api/v1/worklist", "get"),
    ("/api/v1/explanations", "post"),
    ("/api/v1/explanations/{explanation_id}", "get"),
    ("/api/v1/explanations/{explanation_id}", "delete"),
    ("/api/v1/what-if", "post"),
    ("/api/v1/what-if/recourse", "post"),
    ("/api/v1/monitoring/{case_id}", "post"),
    ("/api/v1/notices", "post"),
    ("/api/v1/notices/all", "post"),
    ("/api/v1/notices/check", "post"),
    ("/api/v1/notices/{notice_id}", "get"),
    ("/api/v1/notices/{notice_id}/check", "post"),
    ("/api/v1/notices/{notice_id}/discard", "post"),
    ("/api/v1/notices/{notice_id}/file", "get"),
    ("/api/v1/notices/{notice_id}/preview", "get"),
    ("/api/v1/notices/{notice_id}/regenerate", "post"),
    ("/api/v1/notices/{notice_id}/release", "post"),
    ("/api/v1/notices/{notice_id}/sent", "post"),
]


@pytest.fixture
def document(client):
    return client.get("/openapi.json").json()


def test_the_document_lists_the_routes_laid_down(document):
    found = {(path, method) for path, item in document["paths"].items() for method in item}
    assert found == set(OPERATIONS)


def test_every_field_of_an_application_is_described():
    names = [field.name for field in dataclasses.fields(LoanApplication)]
    assert list(field_descriptions()) == names
    properties = application_schema()["properties"]
    assert list(properties) == ["id", *names]
    assert all(properties[name]["description"] for name in properties)


@pytest.mark.parametrize("address", ["/api/v1/predict", "/api/v1/batch-predict"])
def test_the_examples_of_a_request_are_valid_and_get_an_answer(client, document, address):
    body = document["paths"][address]["post"]["requestBody"]["content"]["application/json"]
    schema = body["schema"]
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    assert schema["examples"]
    for example in schema["examples"]:
        jsonschema.validate(example, schema | {"components": document["components"]})
        assert client.post(address, json=example).status_code == 200


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("/api/v1/predict", {"text": "Debts and inquiries."}),
        ("/api/v1/batch-predict", {"applications": [{"text": "Debts."}, {}]}),
    ],
)
def test_answers_have_the_form_the_document_says(client, document, address, body):
    [schema] = document["paths"][address]["post"]["responses"]["200"]["content"].values()
    answer = client.post(address, json=body).json()
    jsonschema.validate(answer, schema["schema"] | {"components": document["components"]})


@pytest.mark.parametrize("address", ["/api/v1/predict", "/api/v1/batch-predict"])
def test_refusals_are_declared_as_problem_details_only(document, address):
    responses = document["paths"][address]["post"]["responses"]
    assert set(responses) == {"200", "400", "401", "403", "413", "415", "422", "429", "503"}
    for status, response in responses.items():
        if status != "200":
            assert list(response["content"]) == ["application/problem+json"]


def test_every_route_with_a_scope_or_a_change_says_that_it_may_refuse(document):
    for path, method in OPERATIONS:
        declared, name = document["paths"][path][method]["responses"], name_of(method.upper(), path)
        refuses = (
            name in SCOPES or (name in SIGNED_IN and method != "get") or path.endswith("login")
        )
        assert ("403" in declared) == refuses, path
        if refuses:
            assert list(declared["403"]["content"]) == ["application/problem+json"]


def test_the_package_is_declared_as_a_zip_file(document):
    package = document["paths"]["/api/v1/applications/{case_id}/exam-package"]["get"]["responses"]
    assert list(package["200"]["content"]) == ["application/zip"]
    assert "Content-Disposition" in package["200"]["headers"]


def test_the_frameworks_own_error_form_is_not_declared(document):
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_keyed_routes_declare_their_key(document):
    for path, method in OPERATIONS:
        keyed = "security" in document["paths"][path][method]
        open_ = path in {"/health", "/ready", "/api/v1/categories"} or (
            path.startswith("/api/v1/login") or (path, method) == ("/api/v1/token", "post")
        )
        assert keyed != open_
