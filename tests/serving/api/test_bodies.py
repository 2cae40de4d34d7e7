import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PREDICT = "/api/v1/predict"
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid_request"),
        (b"{", "invalid_json"),
        (b"text", "invalid_json"),
        (b'{"text": NaN}', "invalid_json"),
        (b'{"text": 1e}', "invalid_json"),
        (b'{"loan_amount_usd": ' + b"9" * 5000 + b"}", "invalid_json"),
        (b"[" * 200_000, "invalid_json"),
        (b'{"text": "\xff\xfe"}', "invalid_utf8"),
        ('{"text": "Schulden für"}'.encode("latin-1"), "invalid_utf8"),
        ('{"text": "a"}'.encode("utf-16"), "invalid_utf8"),
        (b'\xef\xbb\xbf{"text": "a"}', "invalid_json"),
    ],
)
def test_a_body_that_is_not_json_in_utf8_is_refused_in_one_sentence(client, body, code):
    response = client.post(PREDICT, content=body, headers=JSON)
    assert response.json()["code"] == code
    assert response.status_code in {400, 422}
    assert "\n" not in response.json()["detail"]


@pytest.mark.parametrize("declared", [None, "text/plain", "application/xml", "multipart/form-data"])
def test_another_content_type_is_refused(client, declared):
    headers = {} if declared is None else {"Content-Type": declared}
    response = client.post(PREDICT, content=b'{"text": "Debts."}', headers=headers)
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


def test_a_charset_behind_the_content_type_does_no_harm(client):
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert client.post(PREDICT, content=b'{"text": "a"}', headers=headers).status_code == 200


def test_a_declared_length_over_the_limit_is_refused_unread(make_client):
    client = make_client(max_body_bytes=2000)
    response = client.post(PREDICT, json={"text": "a" * 2000})
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")
    assert "2,000 bytes" in response.json()["detail"]


def test_a_body_without_a_length_is_counted_as_it_comes(make_client):
    client = make_client(max_body_bytes=2000)
    taken = 0

    def chunks():
        nonlocal taken
        for _ in range(1000):
            taken += 1
            yield b" " * 500

    response = client.post(PREDICT, content=chunks(), headers=JSON)
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")


def test_a_body_in_several_pieces_is_read_whole(client):
    body = json.dumps({"text": "Her debts " * 50}).encode()
    pieces = (body[i : i + 7] for i in range(0, len(body), 7))
    assert client.post(PREDICT, content=pieces, headers=JSON).status_code == 200


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_bytes_make_the_server_fail(client, body):
    response = client.post(PREDICT, content=body, headers=JSON)
    assert response.status_code in {200, 400, 413, 422}
    if response.status_code != 200:
        assert response.json()["code"]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["id", "text", "product", "loan_amount_usd", "num_units", "state", "occupancy", "lien_position"]
)


@settings(
    max_examples=80,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.dictionaries(FIELDS, JSON_VALUES) | JSON_VALUES, min_size=1, max_size=4))
def test_no_values_make_a_batch_fail(client, applications):
    body = json.dumps({"applications": applications}).replace("Infinity", "1e999")
    response = client.post("/api/v1/batch-predict", content=body.encode(), headers=JSON)
    assert response.status_code == 200
    assert len(response.json()["rows"]) == len(applications)
