import inspect
import threading

import pytest

import model_store.errors
from data_pipeline.errors import WhereforeError
from serving import errors
from serving.adapters.fake import FakePredictor
from serving.api.problems import PROBLEMS, Problem, error_response, problem_of

STATUSES = {400, 401, 403, 404, 408, 409, 410, 413, 415, 422, 429, 431, 499, 500, 501, 503}


def subclasses(kind):
    return {kind}.union(*(subclasses(child) for child in kind.__subclasses__()))


@pytest.mark.parametrize("kind", sorted(subclasses(WhereforeError), key=lambda k: k.__qualname__))
def test_every_error_has_a_status_and_a_code(kind):
    error = kind.__new__(kind)
    if kind is errors.RowRejectedError:
        error = kind(code="nul_byte", message="found a NUL")
    status, code = problem_of(error)
    assert status in STATUSES
    assert code == code.lower().replace(" ", "_")


def test_every_request_error_has_a_line_of_its_own():
    own = {
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.RequestError)
    }
    assert own <= set(PROBLEMS)


def test_codes_are_told_apart():
    codes = [code for status, code in PROBLEMS.values() if status != 500]
    repeated = {code for code in codes if codes.count(code) > 1}
    assert repeated == {"invalid_application"}


def test_a_failure_of_ours_does_not_tell_its_message():
    response = error_response(model_store.errors.ModelError("the text was: ABC"), request_id="r")
    assert response.status_code == 500
    assert b"ABC" not in response.body


@pytest.mark.parametrize(
    ("method", "address", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/api/v1/nowhere", 404, "not_found"),
        ("GET", "/health/", 404, "not_found"),
        ("GET", "/docs/assets/nowhere.js", 404, "not_found"),
        ("GET", "/docs/assets/../../pyproject.toml", 404, "not_found"),
        ("GET", "/api/v1/predict", 405, "method_not_allowed"),
        ("DELETE", "/health", 405, "method_not_allowed"),
        ("BREW", "/health", 405, "method_not_allowed"),
    ],
)
def test_an_unknown_address_or_method_is_a_problem_too(client, method, address, status, code):
    response = client.request(method, address)
    problem = Problem.model_validate(response.json())
    assert (response.status_code, problem.code) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert problem.status == status
    assert problem.request_id == response.headers["x-request-id"]
    assert "nowhere" not in response.text


def test_an_unknown_method_is_told_the_known_ones(client):
    assert client.get("/api/v1/predict").headers["allow"] == "POST"


def test_a_failure_nobody_foresaw_is_a_problem_without_its_message(make_client):
    def fail(_texts):
        raise ValueError("secret of the applicant")

    response = make_client(predictor=FakePredictor(before=fail)).post(
        "/api/v1/predict", json={"text": "Debts."}
    )
    assert (response.status_code, response.json()["code"]) == (500, "internal_error")
    assert "secret" not in response.text
    assert response.headers["x-request-id"] == response.json()["request_id"]


def test_a_timeout_says_when_to_come_back(make_client):
    release = threading.Event()
    client = make_client(
        predictor=FakePredictor(before=lambda _: release.wait()), request_timeout_seconds=0.01
    )
    response = client.post("/api/v1/predict", json={"text": "Debts."})
    release.set()
    assert (response.status_code, response.json()["code"]) == (503, "timeout")
    assert int(response.headers["retry-after"]) >= 1
