from data_pipeline.domain.application import MAX_TEXT_BYTES
from serving.api.schemas import BatchAnswer
from serving.rows import ROW_FIELDS

ADDRESS = "/api/v1/batch-predict"


def test_each_application_gets_its_row_in_order(client):
    sent = [{"id": f"A-{i}", "text": f"Application {i}, debts."} for i in range(20)]
    response = client.post(ADDRESS, json={"applications": sent})
    assert response.status_code == 200
    answer = BatchAnswer.model_validate(response.json())
    assert [row.id for row in answer.rows] == [f"A-{i}" for i in range(20)]


def test_a_row_is_the_same_as_the_answer_to_the_application_alone(client):
    application = {"id": "A-1", "text": "Debts and two inquiries."}
    alone = client.post("/api/v1/predict", json=application).json()
    [row] = client.post(ADDRESS, json={"applications": [application]}).json()["rows"]
    for name in ("explanation", "milliseconds", "degraded", "borderline"):
        del alone[name]
    assert row == {**alone, "error": None}
    assert tuple(row) == ROW_FIELDS


def test_bad_applications_get_an_error_and_the_others_are_scored(client):
    sent = [
        {"text": "Debts."},
        {"text": ""},
        {"id": "B", "text": "a\0"},
        7,
        {"text": "a" * (MAX_TEXT_BYTES + 1)},
        {"text": "a", "credit_score": "good"},
        {"text": "Fine."},
    ]
    rows = client.post(ADDRESS, json={"applications": sent}).json()["rows"]
    assert [row["id"] for row in rows] == ["1", "2", "B", "4", "5", "6", "7"]
    assert [row["error"] and row["error"]["code"] for row in rows] == [
        None,
        "empty_application",
        "nul_byte",
        "malformed_row",
        "text_too_long",
        "invalid_field",
        None,
    ]
    assert all(tuple(row) == ROW_FIELDS for row in rows)


def test_a_batch_of_bad_applications_only_is_answered(client):
    response = client.post(ADDRESS, json={"applications": [{}, {}]})
    assert response.status_code == 200
    assert len(response.json()["rows"]) == 2


def test_a_batch_over_the_limit_is_refused_whole(make_client):
    client = make_client(max_batch_size=2)
    response = client.post(ADDRESS, json={"applications": [{"text": "a"}] * 3})
    assert (response.status_code, response.json()["code"]) == (413, "batch_too_large")
    assert "3" in response.json()["detail"]
    assert client.post(ADDRESS, json={"applications": [{"text": "a"}] * 2}).status_code == 200


def test_a_batch_of_another_shape_is_refused_without_repeating_it(client):
    for body in [
        {},
        [],
        "a",
        {"applications": {}},
        {"applications": []},
        {"applications": "x" * 9},
    ]:
        response = client.post(ADDRESS, json=body)
        assert (response.status_code, response.json()["code"]) == (422, "invalid_request")
        assert "xxx" not in response.text
