"""Notices over HTTP: the letter, its checks, and what is refused."""

import hashlib
import io
import json

import pytest
from pypdf import PdfReader
from typer.testing import CliRunner

from serving.notice_commands import app as command
from serving.notices.case_file import dump_case
from serving.notices.forms import NoticeForm
from serving.notices.samples import sample_case


def checked_over_http(bench, content):
    return bench.underwriter.post(
        "/api/v1/notices/check", content=content, headers={"Content-Type": "application/json"}
    )


@pytest.mark.parametrize("kind", ["pdf", "html", "text"])
def test_a_letter_is_shown_released_and_made_again_in_the_same_bytes(bench, kind):
    _, notice_id = bench.released()
    path = f"/api/v1/notices/{notice_id}"
    shown = bench.underwriter.get(f"{path}/preview?format={kind}")
    made = bench.underwriter.post(f"{path}/regenerate?format={kind}", json={})
    assert shown.status_code == made.status_code == 200
    assert shown.content == made.content
    assert made.headers["x-content-sha256"] == hashlib.sha256(made.content).hexdigest()
    assert "default-src 'none'" in shown.headers["content-security-policy"]


def test_the_pdf_is_the_letter_to_the_applicant(bench):
    _, notice_id = bench.drafted()
    shown = bench.underwriter.get(f"/api/v1/notices/{notice_id}/preview?format=pdf")
    text = " ".join(PdfReader(io.BytesIO(shown.content)).pages[0].extract_text().split())
    assert shown.headers["content-type"] == "application/pdf"
    assert "Dana Whitlow" in text
    assert "Excessive obligations in relation to income" in text


def test_the_command_and_the_api_give_the_same_verdicts(bench, tmp_path):
    _, notice_id = bench.drafted()
    file = tmp_path / "notice.json"
    file.write_bytes(bench.underwriter.get(f"/api/v1/notices/{notice_id}/file").content)
    printed = CliRunner().invoke(command, ["check", "--json", str(file)])
    assert printed.exit_code == 1
    over_http = checked_over_http(bench, file.read_bytes()).json()
    assert over_http == json.loads(printed.stdout)
    stored = bench.post(f"notices/{notice_id}/check")
    assert stored["verdicts"] == over_http["verdicts"]


@pytest.mark.parametrize("form", NoticeForm)
def test_a_sample_file_passes_over_http(bench, form):
    answer = checked_over_http(bench, dump_case(sample_case(form)).encode())
    assert answer.json()["blocked"] is False


@pytest.mark.parametrize(
    ("change", "code", "names"),
    [
        (
            lambda c: c["notice"]["creditors"][0].pop("address_lines"),
            "invalid_notice_file",
            ("address_lines", "12 CFR 1002.9(a)(2)"),
        ),
        (
            lambda c: c["notice"]["creditors"][0].update(creditor_type="bank"),
            "invalid_notice_file",
            ("creditor_type", "Appendix A"),
        ),
        (
            lambda c: c["notice"]["score_block"].pop("created_on"),
            "invalid_notice_file",
            ("created_on", "1681g(f)(1)"),
        ),
        (
            lambda c: c["notice"].update(language="fr"),
            "invalid_notice_file",
            ("language", "12 CFR 1002.4(e)"),
        ),
        (
            lambda c: c["notice"].update(Whitlow="x"),
            "invalid_notice_file",
            ("notice.a field is unknown",),
        ),
        (lambda c: c.update(record=None), "invalid_facts", ("record", "comment 9(b)(2)-2")),
    ],
)
def test_a_file_that_cannot_be_read_names_field_and_clause(bench, change, code, names):
    plain = json.loads(dump_case(sample_case(NoticeForm.C1)))
    change(plain)
    problem = checked_over_http(bench, json.dumps(plain).encode()).json()
    assert problem["code"] == code
    assert all(name in problem["detail"] for name in names), problem["detail"]
    assert "Whitlow" not in str(problem)


def test_a_reason_that_is_not_in_the_decision_is_named_with_its_clause(bench):
    plain = json.loads(dump_case(sample_case(NoticeForm.C1)))
    plain["notice"]["reasons"][0] = {"key": "bankruptcy", "text": "Bankruptcy"}
    answer = checked_over_http(bench, json.dumps(plain).encode()).json()
    [verdict] = [v for v in answer["verdicts"] if v["check_id"] == "C9"]
    assert not verdict["passed"]
    assert verdict["field"] == "notice.reasons[0]"
    assert verdict["clause"] == "comments 9(b)(2)-2 and -4"


@pytest.mark.parametrize(
    ("fields", "code", "names"),
    [
        ({"language": "fr"}, "invalid_request", ("language", "12 CFR 1002.4(e)")),
        ({"language": "es"}, "language_not_approved", ("language", "12 CFR 1002.4(e)")),
        ({"form": "C-9"}, "invalid_request", ("form", "Appendix C")),
        ({"form": "C-8"}, "invalid_facts", ("form", "1002.9(a)(3)")),
        (
            {"form": "C-6", "missing_items": ["Pay stub"], "respond_by": "2020-01-01"},
            "invalid_facts",
            ("respond_by", "12 CFR 1002.9(c)(2)"),
        ),
        ({"consumer_id": "consumer-9"}, "notice_data_missing", ("1002.9(f)",)),
    ],
)
def test_a_draft_that_cannot_be_names_field_and_clause(bench, fields, code, names):
    case_id, _ = bench.denied()
    problem = bench.post("notices", {"case_id": case_id} | fields, status=422)
    assert problem["code"] == code
    assert all(name in problem["detail"] for name in names), problem["detail"]


def test_a_notice_not_checked_or_not_released_goes_nowhere(bench):
    _, notice_id = bench.drafted()
    path = f"notices/{notice_id}"
    assert bench.post(f"{path}/release", by=bench.compliance, status=409)["code"] == (
        "illegal_event"
    )
    assert bench.post(f"{path}/sent", {"channel": "mailed"}, status=409)["code"] == (
        "illegal_event"
    )
    assert bench.post(f"{path}/regenerate", status=409)["code"] == "not_regenerable"
    bench.post(f"{path}/check")
    bench.post(f"{path}/release", by=bench.compliance)
    assert bench.post(f"{path}/sent", {"channel": "delivered"}, status=422)["code"] == (
        "invalid_facts"
    )
    sent = bench.post(f"{path}/sent", {"channel": "mailed"})
    assert (sent["step"], sent["channel"], sent["due_on"]) == (None, "mailed", None)
