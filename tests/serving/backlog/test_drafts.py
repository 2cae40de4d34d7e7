"""Jobs that draft notices for the rows that the model would have denied."""

import csv
import itertools
import json
import logging
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_pipeline.domain.application import LoanApplication
from serving.adapters.fake import FakePredictor
from serving.adapters.memory_cases import MemoryStorage
from serving.backlog.draft_folder import check_draft_folder
from serving.backlog.draft_terms import creditor_of
from serving.backlog.errors import ColumnsMissingError, JobMismatchError, NoCreditorError
from serving.backlog.job import folder_of
from serving.backlog.local_job import ScoreOptions
from serving.backlog.particulars import PARTICULAR_COLUMNS, particulars_of
from serving.cases.application_file import Applicant, ApplicantRole
from serving.cases.decisions import DecisionPath, Outcome
from serving.cases.events import Actor
from serving.casework import assessing, deciding, drafting, intake, letters
from serving.casework.desk import Desk, ScoredApplication
from serving.casework.facts import CaseFacts, InformationUsed
from serving.errors import OutputError
from serving.notices import samples
from serving.notices.case_file import read_case
from serving.notices.checks.every_check import blocking, check_notice
from serving.notices.forms import NoticeForm
from serving.notices.notice import CreditRequest, Transaction
from serving.notices.record import Actor as Person
from serving.policy import DEFAULT_POLICY, CreditorProfile
from serving.scoring import ScoringService

CREDITOR = samples.CREDITOR
POLICY = DEFAULT_POLICY.model_copy(
    update={
        "creditor": CreditorProfile(
            name=CREDITOR.name,
            address_lines=CREDITOR.address_lines,
            creditor_type=CREDITOR.creditor_type,
            telephone=CREDITOR.telephone,
            time_zone="America/New_York",
        )
    }
)
DATED = date(2026, 11, 20)
DENIED = "Her debts are heavy."
AGENCY = {
    "name": samples.AGENCY.name,
    "address_lines": list(samples.AGENCY.address_lines),
    "telephone": samples.AGENCY.telephone,
    "is_nationwide": True,
}
SCORE = {
    "score": 612,
    "created_on": "2026-11-10",
    "range_low": 300,
    "range_high": 850,
    "key_factors": list(samples.SCORE.key_factors[:4]),
    "provided_by": samples.SCORE.provided_by,
}

COPIED = SCORE | {"key_factors": ["Excessive obligations in relation to income"]}


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


def person(number=1, **more):
    return {
        "id": f"A{number}",
        "text": DENIED,
        "applicant_name": f"Dana Whitlow {number}",
        "applicant_address_lines": [f"{number} Alder Court", "Millbrook, OH 43299"],
        "credit_requested": "a personal loan",
    } | more


def options(folder, **more):
    return ScoreOptions(**{"shard_rows": 3, "draft_notices": folder, "notices_dated": DATED} | more)


def tree(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def drafted(tmp_path, backlog):
    """Scores rows with drafts and gives the table, and the folder."""

    def make(rows, *, name="in.jsonl", **more):
        source = backlog.write(tmp_path / name, rows)
        folder = tmp_path / "drafts"
        backlog.score(
            source, tmp_path / "out.jsonl", options=options(folder, **more), policy=POLICY
        )
        return backlog.lines(folder / "drafts.jsonl"), folder

    return make


def test_every_row_is_told_what_became_of_its_draft(drafted):
    rows = [
        person(1),
        person(2, text="Fine."),
        person(3, text="a\0b"),
        person(4, applicant_name=" "),
        person(5, applicant_address_lines="18 Alder Court\nMillbrook, OH 43299"),
        person(6, applicant_address_lines=["18 Alder Court"]),
        person(7, reporting_agencies=[AGENCY], credit_score_used=COPIED),
        person(8, credit_requested="a loan for Hispanic applicants"),
        person(9, reporting_agencies=[AGENCY | {"telephone": "(614) 555-0100"}]),
        person(1),
    ]
    table, folder = drafted(rows)
    assert [(entry["row"], entry["id"], entry["outcome"]) for entry in table] == [
        (1, "A1", "drafted"),
        (2, "A2", "not_advised"),
        (3, "A3", "not_scored"),
        (4, "A4", "particulars_missing"),
        (5, "A5", "drafted"),
        (6, "A6", "not_draftable"),
        (7, "A7", "checks_failed"),
        (8, "A8", "not_draftable"),
        (9, "A9", "not_draftable"),
        (10, "A1", "not_scored"),
    ]
    assert table[3]["columns"] == ["applicant_name"]
    assert "no complete address" in table[5]["why"]
    assert [check["check_id"] for check in table[6]["failed_checks"]] == ["F6"]
    assert "Hispanic" not in table[7]["why"]
    assert "toll-free" in table[8]["why"]
    files = {entry["file"] for entry in table if entry["file"]}
    assert files == {name for name in tree(folder) if name.startswith("notices/")}
    assert len(files) == 2


def test_a_draft_cannot_be_released_until_a_person_decides_and_another_releases(drafted):
    [entry], folder = drafted([person(1)])
    case = read_case(folder / entry["file"])
    assert case.notice.notice_id == entry["notice_id"]
    assert case.notice.recipient.name == "Dana Whitlow 1"
    assert case.notice.dated_on == DATED
    assert case.record.decided_by is None
    assert [v.check_id for v in blocking(check_notice(case.notice, case.record))] == ["A1"]
    people = {
        "decided_by": Person(actor_id="underwriter-7", is_person=True),
        "released_by": Person(actor_id="compliance-2", is_person=True),
    }
    assert blocking(check_notice(case.notice, replace(case.record, **people))) == []


def in_a_case(text, information):
    """The letter that a person drafts who follows the model's advice in a case."""
    by = Actor(actor_id="underwriter-1", role="underwriter")
    desk = Desk(
        storage=MemoryStorage(),
        score=lambda row: ScoredApplication(
            row=ScoringService(predictor=FakePredictor()).score([row])[0]
        ),
        now=lambda: datetime(2026, 11, 20, 15, tzinfo=UTC),
        policy=POLICY,
    )
    applicant = Applicant(
        consumer_id="applicant",
        role=ApplicantRole.PRIMARY,
        name="Dana Whitlow 1",
        address_lines=("1 Alder Court", "Millbrook, OH 43299"),
    )
    loan = Transaction(request=CreditRequest.LOAN, description="a personal loan")
    received = intake.Receive(
        application=LoanApplication(text=text),
        applicants=(applicant,),
        facts=CaseFacts(creditors=(), transaction=loan, is_hmda_reportable=True),
    )
    case_id = intake.receive(desk, received, by=by).case.case_id
    intake.complete(desk, case_id, by=by)
    intake.add_information(desk, case_id, information, by=by)
    found = assessing.assess(desk, case_id, by=by).case.assessment
    decision = deciding.Decide(
        outcome=Outcome.DENY, path=DecisionPath.SCORE, reasons=deciding.confirmed(found)
    )
    deciding.decide(desk, case_id, decision, by=by)
    _, notice_id = drafting.draft(desk, case_id, drafting.Draft(), by=by)
    return letters.letter_file(desk, notice_id)


@pytest.mark.parametrize("text", [DENIED, "Debts, Chapter 7, and seasonal work."])
def test_a_draft_is_the_letter_that_a_case_would_get_but_for_who_decided(drafted, text):
    given_row = person(
        1,
        text=text,
        reporting_agencies=[AGENCY],
        credit_score_used=SCORE,
        other_information_used=True,
        is_hmda_reportable=True,
    )
    [entry], folder = drafted([given_row])
    draft = read_case(folder / entry["file"])
    own = {"consumer_id": "applicant"}
    information = InformationUsed(
        reports=(replace(samples.DENIAL.reports_used[0], **own),),
        scores=(
            replace(
                samples.SCORE, **own, key_factors=tuple(SCORE["key_factors"]), inquiries_factor=None
            ),
        ),
        other_information_used=True,
    )
    letter = in_a_case(text, information)
    assert draft.notice == replace(letter.notice, notice_id=draft.notice.notice_id)
    people = {"decided_by": None, "decided_on": None, "notified_consumer_ids": ()}
    assert draft.record == replace(letter.record, **people)
    assert draft.notice.report_block is not None
    assert draft.notice.score_block is not None


def test_a_business_is_told_on_form_c7(drafted):
    business = {"gross_revenue_usd": "640000", "is_trade_credit_or_factoring": False}
    [entry], _ = drafted([person(1, business=business)])
    assert (entry["outcome"], entry["form"]) == ("drafted", NoticeForm.C7.value)


def test_figures_of_a_consumer_report_need_the_agency_or_the_word_that_there_was_none(drafted):
    rows = [
        person(1, credit_score=612),
        person(2, num_inquiries_6m=9),
        person(3, credit_score=612, reporting_agencies=[AGENCY]),
        person(4, credit_score=612, reporting_agencies=[AGENCY], credit_score_used=SCORE),
        person(5, credit_score=612, reporting_agencies=[]),
        person(6, credit_score_used=SCORE),
        person(7, credit_score_used=SCORE, reporting_agencies=[]),
    ]
    table, _ = drafted(rows)
    assert [(entry["outcome"], entry["columns"]) for entry in table] == [
        ("particulars_missing", ["reporting_agencies"]),
        ("particulars_missing", ["reporting_agencies"]),
        ("particulars_missing", ["credit_score_used"]),
        ("drafted", []),
        ("drafted", []),
        ("particulars_missing", ["reporting_agencies"]),
        ("particulars_missing", ["reporting_agencies"]),
    ]


def test_reasons_that_a_person_must_answer_are_named_beside_the_draft(drafted):
    [entry], _ = drafted([person(1, text="Debts. Nine inquiries.", reporting_agencies=[])])
    assert entry["outcome"] == "drafted"
    assert entry["open_review_reasons"] == ["number_of_recent_inquiries"]


RAGGED = [
    {"applicant_name": 5},
    {"applicant_name": ["Dana"]},
    {"applicant_name": "a" * 201},
    {"applicant_address_lines": "[not json"},
    {"applicant_address_lines": [1, 2]},
    {"credit_request": "gift"},
    {"business": "yes"},
    {"business": {"gross_revenue_usd": "NaN", "is_trade_credit_or_factoring": False}},
    {"is_hmda_reportable": "perhaps"},
    {"reporting_agencies": {"name": "x"}},
    {"reporting_agencies": "[" * 5000},
    {"credit_score_used": {"score": "high"}},
    {"credit_score_used": [1]},
    {"consumer_id": "../secret"},
]


@pytest.mark.parametrize("cells", RAGGED, ids="-".join)
def test_a_cell_that_cannot_be_read_is_named_and_stops_nothing(drafted, cells):
    table, _ = drafted([person(1, **cells), person(2)])
    assert [entry["outcome"] for entry in table] == ["particulars_missing", "drafted"]
    assert table[0]["columns"] == list(cells)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    cells=st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(
            PARTICULAR_COLUMNS,
            st.none()
            | st.text(max_size=30)
            | st.integers()
            | st.floats()
            | st.binary(max_size=5)
            | st.lists(st.text(max_size=5) | st.none(), max_size=3)
            | st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
        ),
    )
)
def test_no_particulars_stop_anything(cells):
    found = particulars_of(cells, LoanApplication(text="Debts."))
    assert set(found.missing) | set(found.unreadable) <= set(PARTICULAR_COLUMNS)
    assert not set(found.missing) & set(found.unreadable)


def test_facts_that_cannot_be_are_told_of_their_row_alone(drafted):
    later = SCORE | {"created_on": "2027-01-01"}
    outside = SCORE | {"score": 10}
    rows = [
        person(1, reporting_agencies=[AGENCY], credit_score_used=later),
        person(2, reporting_agencies=[AGENCY], credit_score_used=outside),
        person(3, reporting_agencies=[AGENCY | {"telephone": "none"}]),
        person(4, applicant_name="王小明"),
        person(5),
    ]
    table, _ = drafted(rows)
    assert [entry["outcome"] for entry in table] == [
        "not_draftable", "not_draftable", "not_draftable", "not_draftable", "drafted",
    ]  # fmt: skip


@pytest.mark.parametrize("order", ["input", "due-date"])
def test_wherever_a_run_is_killed_the_drafts_are_those_of_a_run_nothing_stopped(
    tmp_path, backlog, order
):
    rows = [
        person(i, text=f"{DENIED} {i}" if i % 3 else "Fine.", completed_at=f"2026-11-0{1 + i % 9}")
        for i in range(1, 25)
    ]
    source = backlog.write(tmp_path / "in.jsonl", rows)
    whole = options(tmp_path / "whole", order=order)
    backlog.score(source, tmp_path / "whole.jsonl", options=whole, policy=POLICY)
    for call in (1, 3, 8):
        output, asked = tmp_path / f"out{call}.jsonl", options(tmp_path / f"{call}", order=order)
        calls = []

        def kill(texts, calls=calls, call=call):
            calls.append(texts)
            if len(calls) == call:
                raise Killed

        with pytest.raises(Killed):
            backlog.score(
                source, output, options=asked, policy=POLICY, predictor=FakePredictor(before=kill)
            )
        assert not asked.draft_notices.exists()
        backlog.score(source, output, options=asked, policy=POLICY)
        assert output.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
        assert tree(asked.draft_notices) == tree(tmp_path / "whole")
    entries = backlog.lines(tmp_path / "whole" / "drafts.jsonl")
    assert [e["row"] for e in entries if e["outcome"] == "drafted"]
    assert (entries[0]["due_on"] is None) == (order == "input")


def test_drafts_do_not_change_the_rows(tmp_path, backlog, drafted):
    rows = [person(1), person(2, text="Fine.")]
    drafted(rows)
    backlog.score(tmp_path / "in.jsonl", tmp_path / "plain.jsonl", policy=POLICY)
    assert (tmp_path / "out.jsonl").read_bytes() == (tmp_path / "plain.jsonl").read_bytes()


def test_a_job_keeps_the_date_it_was_begun_with_and_goes_on_with_no_other(tmp_path, backlog):
    source = backlog.write(tmp_path / "in.jsonl", [person(i) for i in range(1, 8)])
    output, folder = tmp_path / "out.jsonl", tmp_path / "drafts"

    def kill(_texts):
        raise Killed

    with pytest.raises(Killed):
        backlog.score(
            source,
            output,
            options=options(folder),
            policy=POLICY,
            predictor=FakePredictor(before=kill),
        )
    for asked in (options(folder, notices_dated=date(2026, 11, 21)), ScoreOptions(shard_rows=3)):
        with pytest.raises(JobMismatchError) as caught:
            backlog.score(source, output, options=asked, policy=POLICY)
        assert "--draft-notices" in caught.value.what
    backlog.score(source, output, options=options(folder, notices_dated=None), policy=POLICY)
    entry = backlog.lines(folder / "drafts.jsonl")[0]
    assert read_case(folder / entry["file"]).notice.dated_on == DATED


def test_a_job_begun_without_drafts_makes_none_later(tmp_path, backlog):
    source = backlog.write(tmp_path / "in.jsonl", [person(i) for i in range(1, 8)])

    def kill(_texts):
        raise Killed

    plain, folder = ScoreOptions(shard_rows=3), tmp_path / "drafts"
    arguments = {"source": source, "output": tmp_path / "out.jsonl", "policy": POLICY}
    with pytest.raises(Killed):
        backlog.score(**arguments, options=plain, predictor=FakePredictor(before=kill))
    for dated in (DATED, None):
        with pytest.raises(JobMismatchError):
            backlog.score(**arguments, options=options(folder, notices_dated=dated))


def test_without_a_date_drafts_have_that_of_the_day_at_the_creditors(tmp_path, backlog, drafted):
    table, folder = drafted([person(1)], notices_dated=None)
    found = read_case(folder / table[0]["file"]).notice.dated_on
    assert abs((found - datetime.now(UTC).date()).days) <= 1
    manifest = json.loads((tmp_path / "out.jsonl.manifest.json").read_text())
    assert manifest["notices_dated_on"] == found.isoformat()


def test_a_shard_whose_drafts_were_damaged_is_made_again(tmp_path, backlog):
    source = backlog.write(tmp_path / "in.jsonl", [person(i) for i in range(1, 10)])
    output, calls = tmp_path / "out.jsonl", []

    def kill(texts):
        calls.append(texts)
        if len(calls) == 3:
            raise Killed

    with pytest.raises(Killed):
        backlog.score(
            source,
            output,
            options=options(tmp_path / "drafts"),
            policy=POLICY,
            predictor=FakePredictor(before=kill),
        )
    (folder_of(output) / "00000000.drafts.jsonl").write_text("{}\n")
    backlog.score(source, output, options=options(tmp_path / "drafts"), policy=POLICY)
    assert len(backlog.lines(tmp_path / "drafts" / "drafts.jsonl")) == 9


def test_without_a_creditor_nothing_is_drafted():
    with pytest.raises(NoCreditorError, match="WHEREFORE_POLICY_FILE"):
        creditor_of(DEFAULT_POLICY)


def test_a_table_without_the_columns_of_a_notice_is_refused(tmp_path, backlog):
    (tmp_path / "in.csv").write_text("text,applicant_name\nDebts.,Dana\n")
    with pytest.raises(ColumnsMissingError, match="applicant_address_lines, credit_requested"):
        backlog.score(
            tmp_path / "in.csv",
            tmp_path / "out.jsonl",
            options=options(tmp_path / "drafts"),
            policy=POLICY,
        )


def as_cell(value):
    return json.dumps(value) if isinstance(value, list | dict) else value


def test_a_null_of_json_in_a_cell_is_none(drafted):
    names = ("reporting_agencies", "credit_score_used", "business")
    cells = person(1) | {"applicant_address_lines": json.dumps(["1 Road", "Millbrook, OH 43299"])}
    [entry], _ = drafted([cells | dict.fromkeys(names, " null ")])
    assert (entry["outcome"], entry["columns"]) == ("drafted", [])


@pytest.mark.parametrize("kind", [".csv", ".parquet"])
def test_particulars_are_read_from_every_kind_of_input(tmp_path, backlog, drafted, kind):
    rows = [
        person(1, reporting_agencies=[AGENCY], credit_score_used=SCORE, credit_score=612),
        person(2, reporting_agencies=[], credit_score_used=None, credit_score=None),
    ]
    expected, whole = drafted(rows)
    source, folder = tmp_path / f"other{kind}", tmp_path / "other"
    if kind == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), source)
    else:
        with source.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            for row in rows:
                writer.writerow({name: as_cell(value) for name, value in row.items()})
    backlog.score(source, tmp_path / "other.jsonl", options=options(folder), policy=POLICY)
    found = backlog.lines(folder / "drafts.jsonl")
    assert [entry["outcome"] for entry in found] == ["drafted", "drafted"]
    for a, b in zip(found, expected, strict=True):
        again, before = read_case(folder / a["file"]), read_case(whole / b["file"])
        assert again.record == before.record
        assert again.notice == replace(before.notice, notice_id=again.notice.notice_id)


def test_a_folder_that_holds_something_else_is_refused_and_left_alone(tmp_path, backlog, drafted):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    for name, is_begun in itertools.product(["file", "full"], [True, False]):
        with pytest.raises(OutputError, match="name another"):
            check_draft_folder(tmp_path / name, output=tmp_path / "out.jsonl", is_begun=is_begun)
    with pytest.raises(OutputError, match="does not exist"):
        check_draft_folder(
            tmp_path / "none" / "drafts", output=tmp_path / "out.jsonl", is_begun=False
        )
    with pytest.raises(OutputError, match="is the output"):
        check_draft_folder(tmp_path / "out.jsonl", output=tmp_path / "out.jsonl", is_begun=False)
    _, folder = drafted([person(1)])
    before = tree(folder)
    check_draft_folder(folder, output=tmp_path / "out.jsonl", is_begun=True)
    with pytest.raises(OutputError, match="holds something already"):
        check_draft_folder(folder, output=tmp_path / "out.jsonl", is_begun=False)
    source = backlog.write(tmp_path / "other.jsonl", [person(2)])
    with pytest.raises(OutputError, match="holds something already"):
        backlog.score(source, tmp_path / "b.jsonl", options=options(folder), policy=POLICY)
    assert tree(folder) == before
    assert not (tmp_path / "b.jsonl").exists()
    drafted([person(1)])
    assert tree(folder) == before


@pytest.mark.parametrize(
    "name",
    ["out.jsonl.shards", "out.jsonl.shards/drafts", "out.jsonl.manifest.json", "linked/drafts"],
)
def test_a_folder_that_the_job_itself_writes_or_removes_is_refused(tmp_path, name):
    output = tmp_path / "out.jsonl"
    folder_of(output).mkdir()
    (tmp_path / "linked").symlink_to(folder_of(output))
    with pytest.raises(OutputError, match="name another folder"):
        check_draft_folder(tmp_path / name, output=output, is_begun=False)


def test_an_empty_folder_and_an_empty_input_are_all_right(tmp_path, drafted):
    (tmp_path / "drafts").mkdir()
    table, folder = drafted([])
    assert table == []
    assert set(tree(folder)) == {"drafts.jsonl"}


def test_nothing_personal_is_logged_or_told_in_the_table(tmp_path, backlog, drafted, caplog):
    caplog.set_level(logging.DEBUG)
    canary = "CANARY"
    rows = [
        person(1, applicant_name=canary),
        person(2, applicant_address_lines=[canary]),
        person(3, applicant_name=f"{canary} 王"),
        person(4, reporting_agencies=f"[{canary}"),
        person(5, credit_requested=f"{canary} for Hispanic applicants"),
        person(6, credit_score_used=SCORE | {"score": canary}, reporting_agencies=[AGENCY]),
    ]
    _, folder = drafted(rows)
    assert canary not in caplog.text
    assert canary not in (folder / "drafts.jsonl").read_text()
    assert canary not in (tmp_path / "out.jsonl").read_text()
    assert not folder_of(tmp_path / "out.jsonl").exists()


def test_the_folder_of_drafts_is_for_its_owner_alone(drafted):
    _, folder = drafted([person(1)])
    assert folder.stat().st_mode & 0o077 == 0


def test_the_summary_counts_what_became_of_drafts(tmp_path, backlog):
    source = backlog.write(tmp_path / "in.jsonl", [person(1), person(2, text="Fine.")])
    printed = backlog.score(
        source, tmp_path / "out.jsonl", options=options(Path(tmp_path / "d")), policy=POLICY
    )
    words = " ".join(printed.split())
    assert "draft: drafted │ 1" in words
    assert "draft: not_advised │ 1" in words
