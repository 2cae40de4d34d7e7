"""A joint application over HTTP: two letters, each with its own bureau, sent one by one."""

import io
import re

import pytest
from pypdf import PdfReader

HOME = ["18 Alder Court, Apt. 3", "Millbrook, OH 43299"]


def bureau(name, telephone):
    return {
        "name": name,
        "address_lines": ["P.O. Box 1150", "Granite Falls, PA 19299"],
        "telephone": telephone,
        "is_nationwide": True,
    }


NORTH = bureau("Northern Example Credit Bureau", "(800) 555-0199")
SOUTH = bureau("Southern Example Credit Bureau", "(888) 555-0142")


def score(consumer_id, number, factor, agency):
    return {
        "consumer_id": consumer_id,
        "score": number,
        "created_on": "2026-11-10",
        "range_low": 300,
        "range_high": 850,
        "key_factors": [factor],
        "provided_by": agency["name"],
    }


INFORMATION = {
    "reports": [
        {"consumer_id": "consumer-1", "agency": NORTH},
        {"consumer_id": "consumer-2", "agency": SOUTH},
    ],
    "scores": [
        score("consumer-1", 612, "Too many accounts with balances", NORTH),
        score("consumer-2", 588, "Time since delinquency is too recent", SOUTH),
    ],
}
WORDS = {
    "consumer-1": ("Dana Whitlow", NORTH["name"], "612", "Too many accounts with balances"),
    "consumer-2": ("Robin Vance", SOUTH["name"], "588", "Time since delinquency is too recent"),
}


@pytest.fixture
def joint(bench):
    """The id of a denied case of two people."""
    applicants = [
        {"consumer_id": "consumer-1", "name": "Dana Whitlow", "address_lines": HOME},
        {"consumer_id": "consumer-2", "name": "Robin Vance", "address_lines": HOME},
    ]
    case_id = bench.receive(applicants=applicants)
    bench.post(f"applications/{case_id}/information", INFORMATION)
    bench.post(f"applications/{case_id}/complete")
    bench.post(f"applications/{case_id}/assess")
    bench.post("decisions", bench.denial(case_id), status=201)
    return case_id


def test_two_letters_go_out_one_by_one_and_only_then_is_the_case_notified(bench, joint):
    drafted = bench.post("notices/all", {"case_id": joint}, status=201)["notices"]
    assert [notice["consumer_id"] for notice in drafted] == [None, "consumer-2"]
    first, second = (notice["notice_id"] for notice in drafted)
    for notice_id, own, other in [
        (first, "consumer-1", "consumer-2"),
        (second, "consumer-2", "consumer-1"),
    ]:
        for kind in ("pdf", "html", "text"):
            shown = bench.underwriter.get(f"/api/v1/notices/{notice_id}/preview?format={kind}")
            text = shown.text
            if kind == "pdf":
                text = "".join(p.extract_text() for p in PdfReader(io.BytesIO(shown.content)).pages)
            text = " ".join(text.split())
            assert all(word in text for word in WORDS[own])
            # A score stands alone: its digits may also be in an id.
            assert not [word for word in WORDS[other] if re.search(rf"\b{re.escape(word)}\b", text)]
        assert bench.post(f"notices/{notice_id}/check")["blocked_by"] == []
        refused = bench.post(f"notices/{notice_id}/release", status=403)
        assert refused["code"] == "not_permitted"
        bench.post(f"notices/{notice_id}/release", by=bench.compliance)
    told = bench.post(f"notices/{first}/sent", {"channel": "mailed"}, by=bench.compliance)
    assert told["case_state"] == "decided, 1 of 2 notified, notice (action taken) released"
    [line] = bench.get("worklist")["entries"]
    assert line["entry"]["open_notices"] == [
        {"consumer_id": "consumer-2", "purpose": "action_taken", "step": "released"}
    ]
    assert line["entry"]["due_clock"] == "report_disclosures"
    bench.post(f"applications/{joint}/retain", by=bench.compliance, status=409)
    told = bench.post(f"notices/{second}/sent", {"channel": "mailed"}, by=bench.compliance)
    assert (told["case_state"], told["due_on"]) == ("notified", None)
    case = bench.get(f"applications/{joint}")
    assert case["open_notices"] == []
    assert [n["consumer_id"] for n in case["notices"]] == [None, "consumer-2"]
    for notice_id in (first, second):
        shown = bench.underwriter.get(f"/api/v1/notices/{notice_id}/preview?format=pdf")
        made = bench.underwriter.post(f"/api/v1/notices/{notice_id}/regenerate", json={})
        assert made.content == shown.content
    bench.post(f"applications/{joint}/retain", by=bench.compliance)


def test_one_recipients_letter_is_drafted_and_what_is_left_is_told(bench, joint):
    body = {"case_id": joint, "consumer_id": "consumer-2"}
    notice = bench.post("notices", body, status=201)
    assert notice["consumer_id"] == "consumer-2"
    assert bench.post("notices", body, status=409)["code"] == "illegal_event"
    case = bench.get(f"applications/{joint}")
    assert [(n["consumer_id"], n["step"]) for n in case["open_notices"]] == [
        (None, None),
        ("consumer-2", "drafted"),
    ]
    blocked = bench.post(f"notices/{notice['notice_id']}/check")
    assert blocked["blocked_by"] == ["C19"]
    bench.post("notices/all", {"case_id": joint}, status=201)
    assert bench.post("notices/all", {"case_id": joint}, status=409)["code"] == "illegal_event"


def test_an_approval_is_drafted_checked_released_and_sent(bench):
    case_id = bench.assessed(application={"text": "Nurse for nine years, no cards."})
    approve = bench.denial(case_id) | {"outcome": "approve", "path": "judgmental"}
    bench.post("decisions", approve, status=201)
    notice = bench.post("notices", {"case_id": case_id}, status=201)
    path = f"notices/{notice['notice_id']}"
    assert bench.post(f"{path}/check")["blocked_by"] == []
    bench.post(f"{path}/release", by=bench.compliance)
    told = bench.post(f"{path}/sent", {"channel": "mailed"}, by=bench.compliance)
    assert (told["case_state"], told["due_on"]) == ("notified", None)
    shown = bench.underwriter.get(f"/api/v1/{path}/preview?format=text")
    assert "pleased to tell you that we have" in shown.text


def test_reasons_are_asked_for_by_name(bench, joint):
    drafted = bench.post("notices/all", {"case_id": joint, "form": "C-5"}, status=201)["notices"]
    for notice in drafted:
        path = f"notices/{notice['notice_id']}"
        bench.post(f"{path}/check")
        bench.post(f"{path}/release", by=bench.compliance)
        bench.post(f"{path}/sent", {"channel": "mailed"}, by=bench.compliance)
    asked = bench.post(f"applications/{joint}/reasons-requested", {"consumer_id": "consumer-2"})
    assert asked["open_notices"] == [
        {"consumer_id": "consumer-2", "purpose": "reasons_statement", "step": None}
    ]
