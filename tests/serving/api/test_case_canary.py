"""Names, addresses and texts of a case stay in its record: no log, metric or problem has them."""

import json

CANARY = "xkcanaryqz"


def marked(body):
    """The request with the canary in every place that may hold something personal."""
    applicant = body["applicants"][0] | {
        "name": f"Dana {CANARY}",
        "address_lines": [f"1 {CANARY} Street", "Millbrook, OH 43299"],
        "email": f"{CANARY}@example.org",
    }
    application = {
        "id": CANARY,
        "text": f"Debts of {CANARY}.",
        "purpose": CANARY,
        "product": "mortgage",
    }
    creditor = body["creditors"][0] | {"name": f"{CANARY} Bank"}
    return body | {
        "application": application,
        "applicants": [applicant],
        "creditors": [creditor],
        "transaction": {"description": f"a loan for {CANARY}"},
    }


def told_for_monitoring():
    """What the applicant told for monitoring, with the canary in the own words."""
    declined = {"origin": "declined"}
    questions = ("ethnicity", "sex", "marital_status", "age_years")
    answers = dict.fromkeys(questions, declined) | {
        "consumer_id": "consumer-1",
        "race": {"origin": "self_reported", "values": ["other_asian"]},
        "written_in": [{"category": "other_asian", "text": CANARY}],
    }
    return {"asked_under": "regulation_b", "taken_by": "mail", "applicants": [answers]}


def refused(bench, body, case_id, notice_id):
    """Sends the canary through the failure paths and gives the answers."""
    cause = {"cause": CANARY}
    decision = {"case_id": case_id, "outcome": "deny", "path": "score", "override_cause": CANARY}
    bodies = [
        ("applications", body | {"case_id": CANARY + " "}),
        ("applications", body | {"time_zone": CANARY}),
        ("applications", body | {CANARY: 1}),
        ("applications", body | {"application": {"text": CANARY + "\0"}}),
        ("applications", body | {"applicants": [{"name": CANARY}]}),
        (f"applications/{CANARY}/complete", {}),
        (f"applications/{case_id}/file", {"cause": CANARY, "application": {"text": CANARY}}),
        (f"applications/{case_id}/file", cause | {"applicants": [{"consumer_id": CANARY}]}),
        (f"applications/{case_id}/file", cause | {"transaction": {"request": CANARY}}),
        (f"applications/{case_id}/holds", {"hold_id": f"{CANARY} {CANARY}"}),
        (f"applications/{case_id}/holds/lift", {"hold_id": CANARY}),
        (f"applications/{case_id}/assign", {"person_id": f"{CANARY} x"}),
        ("decisions", decision | {"reasons": [{"reason": CANARY, "provenance": "model"}]}),
        ("decisions", decision | {"reasons": [{CANARY: CANARY}]}),
        (f"decisions/{CANARY}/reopen", cause),
        ("notices", {"case_id": case_id, "language": CANARY}),
        ("notices", {"case_id": CANARY}),
        ("notices", {"case_id": case_id, "consumer_id": CANARY}),
        ("notices/check", {"notice": {CANARY: CANARY}}),
        ("notices/check", {CANARY: CANARY}),
        (f"notices/{notice_id}/discard", cause),
        (f"notices/{notice_id}/sent", {"channel": CANARY}),
        (f"notices/{notice_id}/sent", {"channel": "electronic", "consent_id": CANARY}),
        (f"notices/{CANARY}/release", {}),
        (f"monitoring/{case_id}", told_for_monitoring()),
    ]
    for path, sent in bodies:
        yield bench.underwriter.post(f"/api/v1/{path}", json=sent)
    for sent in ({CANARY: CANARY}, told_for_monitoring() | {"taken_by": CANARY}):
        yield bench.intake.post(f"/api/v1/monitoring/{case_id}", json=sent)
    yield bench.intake.post(f"/api/v1/monitoring/{CANARY}", json=told_for_monitoring())
    for path in ("worklist?after=", "worklist?stage=", "worklist?", "notices/"):
        yield bench.underwriter.get(f"/api/v1/{path}{CANARY}")


def test_no_refusal_and_no_log_repeats_what_is_personal(bench, receive_body, logged):
    body = marked(receive_body)
    case_id = bench.post("applications", body, status=201)["case_id"]
    entered = bench.post(f"monitoring/{case_id}", told_for_monitoring(), by=bench.intake)
    assert set(entered) == {"case_id", "entered_at"}
    moved = {"consumer_id": "consumer-1", "name": CANARY, "address_lines": [CANARY, CANARY]}
    revision = {"cause": f"{CANARY} moved to her", "applicants": [moved]}
    assert CANARY not in json.dumps(bench.post(f"applications/{case_id}/file", revision))
    bench.post(f"applications/{case_id}/complete")
    bench.post(f"applications/{case_id}/assess")
    bench.post("decisions", bench.denial(case_id), status=201)
    notice_id = bench.post("notices", {"case_id": case_id}, status=201)["notice_id"]
    checked = bench.post(f"notices/{notice_id}/check")
    assert CANARY not in json.dumps(checked)
    answers = list(refused(bench, body, case_id, notice_id))
    assert [a.status_code for a in answers if a.status_code < 400] == []
    assert [a.text for a in answers if CANARY in a.text] == []
    for path in ("summary", "recommendations", "recommendations/page"):
        bench.underwriter.get(f"/api/v1/applications/{case_id}/{path}")
    bench.underwriter.get(f"/api/v1/notices/{notice_id}/preview?format=pdf")
    assert CANARY not in bench.underwriter.get("/metrics").text
    assert CANARY not in json.dumps(bench.get("worklist"))
    log = logged()
    assert '"event": "notice_checked"' in log
    assert case_id in log
    assert CANARY not in log
