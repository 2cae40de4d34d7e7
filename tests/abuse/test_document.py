"""Cases drawn from the OpenAPI document, few of each route; `run_schemathesis.py` sends 10,000."""

import pytest
from api_cases import Attack, Kind
from whole_house import ids_of


@pytest.fixture(scope="module")
def attack(shared_house):
    return Attack(shared_house, ids_of(shared_house))


@pytest.mark.slow
def test_no_case_drawn_from_the_document_breaks_the_api_or_what_the_document_says(attack):
    kinds = list(Kind)
    for number, route in enumerate(attack.operations):
        for kind in (kinds[number % 3], kinds[(number + 1) % 3]):
            attack.run(route, kind, count=1)
    assert attack.tally.num_cases >= 100
    assert attack.tally.failures == {}


def test_an_answer_that_the_document_does_not_know_would_be_found(shared_house, attack):
    document = shared_house.client.get("/openapi.json").json()
    health = document["paths"]["/health"]["get"]["responses"]
    health["201"] = health.pop("200")
    fields = document["components"]["schemas"]["CategoryList"]["properties"]
    fields["categories"] = {"type": "string"}
    told = Attack(shared_house, attack.pool.first, document=document)
    told.run("GET /health", Kind.POSITIVE, count=1)
    told.run("GET /api/v1/categories", Kind.POSITIVE, count=1)
    assert set(told.tally.failures) == {
        "GET /health: Undocumented status code",
        "GET /api/v1/categories: Response violates schema",
    }
