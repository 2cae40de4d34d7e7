import pytest

from data_pipeline.domain.application import MAX_TEXT_BYTES
from data_pipeline.domain.taxonomy import CATEGORIES
from serving.api.application_schema import EXAMPLE_APPLICATION
from serving.api.schemas import PredictAnswer

ADDRESS = "/api/v1/predict"


def test_a_pasted_text_gets_an_assessment(client):
    response = client.post(ADDRESS, json={"text": "Chapter 7 filed; debts take 61% of income."})
    answer = response.json()
    assert response.status_code == 200
    assert PredictAnswer.model_validate(answer).id is None
    assert 0 <= answer["risk_score"] <= 100
    assert [entry["category"] for entry in answer["categories"]] == list(CATEGORIES)
    assert answer["primary_category"] == "excessive_obligations"
    assert {r["reason"] for r in answer["principal_reasons"]} == {
        "bankruptcy",
        "excessive_obligations_to_income",
    }
    assert answer["milliseconds"] > 0


def test_the_answer_has_the_columns_of_an_output_row_and_the_time(client):
    answer = client.post(ADDRESS, json={"text": "Debts."}).json()
    assert list(answer) == [
        "id",
        "risk_score",
        "risk_band",
        "primary_category",
        "categories",
        "principal_reasons",
        "review_reasons",
        "tokens",
        "windows",
        "model_version",
        "explanation",
        "milliseconds",
        "degraded",
        "borderline",
    ]


def test_offsets_count_code_points_of_the_text_as_submitted(client):
    text = "\U0001f3e0 naïve café\r\nher debts are heavy"
    answer = client.post(ADDRESS, json={"text": text, "product": "auto"}).json()
    [span] = answer["principal_reasons"][0]["evidence"]
    assert text[span["start"] : span["end"]] == span["quote"] == "debts"


def test_fields_alone_are_scored(client):
    response = client.post(ADDRESS, json={"annual_income_usd": 61800, "product": "auto"})
    assert response.status_code == 200


@pytest.mark.parametrize(("given", "answered"), [("A-7", "A-7"), (7, "7"), (None, None)])
def test_the_id_comes_back(client, given, answered):
    answer = client.post(ADDRESS, json={"id": given, "text": "Debts."}).json()
    assert answer["id"] == answered


def test_the_same_application_gets_the_same_answer(client):
    first, second = (client.post(ADDRESS, json=EXAMPLE_APPLICATION).json() for _ in range(2))
    assert first | {"milliseconds": 0} == second | {"milliseconds": 0}


def test_properties_that_are_no_fields_change_nothing(client):
    plain = client.post(ADDRESS, json={"text": "Debts."}).json()
    labelled = client.post(ADDRESS, json={"text": "Debts.", "denied": True, "age": 61}).json()
    assert plain["risk_score"] == labelled["risk_score"]


def test_a_text_of_exactly_the_limit_is_scored(client):
    assert client.post(ADDRESS, json={"text": "a" * MAX_TEXT_BYTES}).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "empty_application"),
        ({"text": ""}, 422, "empty_application"),
        ({"text": " \n "}, 422, "empty_application"),
        ({"id": "A-1"}, 422, "empty_application"),
        ({"text": 5}, 422, "invalid_field"),
        ({"text": ["a"]}, 422, "invalid_field"),
        ({"text": "a", "loan_amount_usd": "many"}, 422, "invalid_field"),
        ({"text": "a", "loan_amount_usd": -1}, 422, "invalid_field"),
        ({"text": "a", "loan_amount_usd": True}, 422, "invalid_field"),
        ({"text": "a", "product": "boat"}, 422, "invalid_field"),
        ({"text": "a", "id": ["x"]}, 422, "invalid_field"),
        ({"text": "a\0b"}, 422, "nul_byte"),
        ({"text": "a" * (MAX_TEXT_BYTES + 1)}, 413, "text_too_long"),
        ({"text": "é" * MAX_TEXT_BYTES}, 413, "text_too_long"),
        ([], 422, "malformed_row"),
        ("text", 422, "malformed_row"),
        (4, 422, "malformed_row"),
    ],
)
def test_an_application_that_cannot_be_scored_gets_one_sentence(client, body, status, code):
    response = client.post(ADDRESS, json=body)
    problem = response.json()
    assert (response.status_code, problem["code"]) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert "expected" in problem["detail"] or "remove" in problem["detail"]
    assert "\n" not in problem["detail"]


def test_a_lone_surrogate_is_told_from_text(client):
    response = client.post(
        ADDRESS, content=b'{"text": "a\\ud800b"}', headers={"Content-Type": "application/json"}
    )
    assert (response.status_code, response.json()["code"]) == (422, "invalid_utf8")
