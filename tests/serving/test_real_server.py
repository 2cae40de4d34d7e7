"""A server as a user starts it, with the bundled model."""

import json
from pathlib import Path

import httpx2

from serving.api.application_schema import EXAMPLE_APPLICATION

DEVELOPMENT_TEXTS = Path(__file__).parents[1] / "data" / "narratives_dev.jsonl"


def test_the_example_of_the_documentation_states_its_reasons(starter_server):
    address, key = starter_server
    response = httpx2.post(
        f"{address}/api/v1/predict",
        json=EXAMPLE_APPLICATION,
        headers={"X-API-Key": key},
        timeout=60,
    )
    assert response.status_code == 200
    stated = {reason["category"] for reason in response.json()["principal_reasons"]}
    assert "public_record" in stated


def test_a_batch_answers_like_the_applications_alone(starter_server, close_to):
    address, key = starter_server
    lines = DEVELOPMENT_TEXTS.read_text(encoding="utf-8").splitlines()
    applications = [{"id": row["id"], "text": row["text"]} for row in map(json.loads, lines[:8])]
    with httpx2.Client(base_url=address, headers={"X-API-Key": key}, timeout=120) as client:
        batch = client.post("/api/v1/batch-predict", json={"applications": applications}).json()
        for application, row in zip(applications, batch["rows"], strict=True):
            alone = client.post("/api/v1/predict", json=application).json()
            for name in ("explanation", "milliseconds", "degraded", "borderline"):
                del alone[name]
            assert close_to({**alone, "error": None}, row)


def test_the_metrics_show_the_stored_evaluation(starter_server):
    address, key = starter_server
    response = httpx2.get(f"{address}/api/v1/metrics", headers={"X-API-Key": key}, timeout=60)
    answer = response.json()
    assert answer["model"]["evaluation"]
