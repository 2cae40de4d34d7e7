import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from serving.notices.case_file import MAX_FILE_BYTES, dump_case, parse_case
from serving.notices.commands import app
from serving.notices.errors import NoticeError, NoticeFileError
from serving.notices.forms import NoticeForm
from serving.notices.samples import sample_case


@pytest.fixture
def run():
    return lambda *arguments: CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "case.json"
    path.write_text(dump_case(sample_case(NoticeForm.C1)))
    return path


@pytest.mark.parametrize("form", NoticeForm)
def test_a_notice_file_gives_back_what_was_written(form):
    case = sample_case(form)
    assert parse_case(dump_case(case)) == case


def test_a_good_notice_passes(run, file):
    result = run("check", file)
    assert result.exit_code == 0
    assert "34 of 34 passed" in result.stdout
    assert "checked clause by clause" in result.stdout


def test_a_broken_notice_is_blocked_with_field_and_clause(run, file):
    plain = json.loads(file.read_text())
    plain["notice"]["score_block"]["created_on"] = None
    file.write_text(json.dumps(plain))
    result = run("check", file)
    assert result.exit_code == 1
    assert result.stdout.startswith("F5 blocks: notice.score_block.created_on: is missing (15 USC")
    listed = json.loads(run("check", "--json", file).stdout)
    assert listed["blocked"] is True
    assert [v["check_id"] for v in listed["verdicts"] if not v["passed"]] == ["F5"]


@pytest.mark.parametrize("suffix", ["pdf", "html", "txt"])
def test_a_notice_is_rendered_by_its_suffix(run, file, tmp_path, suffix):
    output = tmp_path / f"notice.{suffix}"
    assert run("render", file, output).exit_code == 0
    start = {"pdf": b"%PDF-", "html": b"<!DOCTYPE html>", "txt": b"Statement of Credit Denial"}
    assert output.read_bytes().startswith(start[suffix])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda n: n.pop("creditors"), "notice.creditors is missing (12 CFR 1002.9(a)(2))"),
        (
            lambda n: n["creditors"][0].pop("address_lines"),
            "notice.creditors.0.address_lines is missing (12 CFR 1002.9(a)(2))",
        ),
        (
            lambda n: n["creditors"][0].update(creditor_type="bank"),
            "(12 CFR 1002, Appendix A)",
        ),
        (lambda n: n.update(language="fr"), "notice.language should be 'en' or 'es'"),
        (lambda n: n["score_block"].pop("created_on"), "score_block.created_on is missing"),
        (lambda n: n.update(dated_on="soon"), "notice.dated_on should be"),
        (lambda n: n["recipient"].update(birthday="x"), "notice.recipient.birthday is unknown"),
    ],
)
def test_a_bad_field_is_named_with_its_clause_in_one_sentence(change, message, run, file):
    plain = json.loads(file.read_text())
    change(plain["notice"])
    file.write_text(json.dumps(plain))
    result = run("check", file)
    assert isinstance(result.exception, NoticeFileError)
    assert message in str(result.exception)
    assert "\n" not in str(result.exception)


def test_no_value_of_a_file_reaches_a_message(file):
    plain = json.loads(file.read_text())
    plain["notice"]["recipient"]["name"] = {"canary": "Dana Canary"}
    with pytest.raises(NoticeFileError) as caught:
        parse_case(json.dumps(plain))
    assert "anary" not in str(caught.value)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "\x00"])
def test_what_is_no_notice_is_refused(content):
    with pytest.raises(NoticeFileError):
        parse_case(content)


def test_files_that_cannot_be_used_are_named(run, file, tmp_path):
    large = tmp_path / "large.json"
    large.write_bytes(b" " * (MAX_FILE_BYTES + 1))
    alone = tmp_path / "alone.json"
    alone.write_text(dump_case(replace(sample_case(NoticeForm.C1), record=None)))
    commands = [
        ("check", tmp_path / "missing.json"),
        ("check", large),
        ("check", alone),
        ("render", file, tmp_path / "notice.docx"),
        ("sample", "C-9", tmp_path / "c9.json"),
        ("sample", "C-1", tmp_path / "missing" / "c1.json"),
    ]
    for command in commands:
        assert isinstance(run(*command).exception, NoticeError), command


def test_a_notice_without_its_record_can_be_rendered(run, tmp_path):
    alone = tmp_path / "alone.json"
    alone.write_text(dump_case(replace(sample_case(NoticeForm.C1), record=None)))
    assert run("render", alone, tmp_path / "notice.txt").exit_code == 0


def test_a_sample_is_a_notice_file(run, tmp_path):
    output = tmp_path / "c5.json"
    assert run("sample", "c-5", output).exit_code == 0
    assert run("check", output).exit_code == 0
