"""A file is corrected or supplemented: what stood there stays, and nothing outdated goes out."""

import json
import zipfile
from dataclasses import replace
from datetime import date

import pytest

from data_pipeline.domain.application import LoanApplication, LoanProduct
from data_pipeline.domain.rendering import render_text
from serving.adapters.exam_export import export_package
from serving.cases.application_file import ApplicantRole
from serving.cases.case import Stage
from serving.cases.decisions import Outcome
from serving.cases.errors import IllegalEventError
from serving.cases.events import CaseKind
from serving.cases.exam_package import verify_package
from serving.cases.file_events import FilePart
from serving.cases.notice_events import Channel
from serving.casework import assessing, deciding, drafting, intake, letters, revising
from serving.casework.errors import FactsError
from serving.casework.facts import case_facts
from serving.casework.revising import Particulars, Revise
from serving.casework.revisions import contents_of, revisions_of
from serving.notices import samples
from serving.notices.forms import NoticeForm
from serving.notices.notice import CreditRequest, Transaction

CAUSE = "the applicant wrote to us"
MOVED = Particulars(consumer_id="consumer-1", address_lines=("77 Mill Lane", "Millbrook, OH 43299"))
SUPPLEMENTED = LoanApplication(
    text="Asks for $20,000. The pay stubs of two years are here.",
    product=LoanProduct.AUTO,
    loan_amount_usd=20_000.0,
)


@pytest.fixture
def revise(any_office, people):
    """Revises a case of the office."""

    def change(case_id, *, cause=CAUSE, **fields):
        command = Revise(cause=cause, **fields)
        return revising.revise(any_office.desk, case_id, command, by=people[0])

    return change


def last_entry(office, case_id):
    return office.desk.storage.audit.entries(object_kind="case", object_id=case_id)[-1].action


def incomplete(office, person):
    """A case whose applicant was asked for pay stubs, and the id of the letter that asks."""
    case_id = office.receive(is_complete=False)
    asked = drafting.Draft(
        form=NoticeForm.C6, missing_items=("pay stubs",), respond_by=date(2026, 12, 20)
    )
    _, notice_id = drafting.draft(office.desk, case_id, asked, by=person)
    return case_id, notice_id


def test_who_moved_is_written_to_where_they_live_now(any_office, people, revise):
    case_id, outdated = any_office.checked()
    stored = revise(case_id, applicants=(MOVED,))
    assert stored.case.preparing == ()
    discarded = stored.events[-2]
    assert (discarded.notice_id, discarded.cause) == (
        outdated, f"the file that it rests on was revised: {CAUSE}",
    )  # fmt: skip
    _, notice_id = any_office.released(case_id=case_id)
    letter = letters.letter_file(any_office.desk, notice_id).notice
    assert letter.recipient.address_lines == MOVED.address_lines
    assert letter.recipient.name == "Dana Whitlow"


def test_what_stood_in_the_file_is_kept_and_the_log_names_parts_and_no_values(any_office, revise):
    case_id = any_office.receive()
    before = contents_of(any_office.cases.file(case_id))
    new = replace(MOVED, name="Dana Alder", email="dana@example.org")
    revise(case_id, applicants=(new,))
    revise(case_id, applicants=(Particulars(consumer_id="consumer-1", email=""),))
    file = any_office.cases.file(case_id)
    [applicant] = file.applicants
    assert (applicant.name, applicant.email) == ("Dana Alder", None)
    first, second = revisions_of(file)
    assert (first.before, first.cause, first.parts) == (before, CAUSE, (FilePart.APPLICANTS,))
    assert second.before.applicants[0].email == "dana@example.org"
    entry = last_entry(any_office, case_id)
    assert (entry.action, entry.versions) == ("file_revised", {"parts": "applicants"})


def test_an_examiner_reads_what_stood_in_the_file(any_office, people, revise, tmp_path):
    case_id = any_office.denied()
    revise(case_id, applicants=(MOVED,))
    package = tmp_path / "case.zip"
    desk = any_office.desk
    export_package(desk.storage, case_id, package, by=people[1], at=desk.now())
    verify_package(package)
    with zipfile.ZipFile(package) as files:
        papers = json.loads(files.read("file.json"))["documents"]
        [kept] = [paper["file"] for paper in papers if paper["kind"] == "revision"]
        [applicant] = json.loads(files.read(kept))["before"]["applicants"]
    assert applicant["address_lines"] == ["18 Alder Court, Apt. 3", "Millbrook, OH 43299"]


def test_what_an_applicant_sends_in_answer_is_what_the_model_reads(any_office, people, revise):
    case_id = any_office.assessed()
    first = any_office.cases.file(case_id).application
    stored = revise(case_id, application=SUPPLEMENTED)
    assert (stored.case.stage, stored.case.assessment) == (Stage.COMPLETE, None)
    approval = deciding.Decide(outcome=Outcome.APPROVE)
    with pytest.raises(IllegalEventError):
        deciding.decide(any_office.desk, case_id, approval, by=people[0])
    assert any_office.cases.submissions(case_id) == (first, SUPPLEMENTED)
    file = any_office.cases.file(case_id)
    assert (file.product, str(file.terms[0].amount_usd)) == (LoanProduct.AUTO, "20000.00")
    [revision] = revisions_of(file)
    assert revision.before.application == first
    assert any_office.cases.entry(case_id).product is LoanProduct.AUTO
    read = []
    desk = replace(
        any_office.desk, score=lambda row: read.append(row) or any_office.desk.score(row)
    )
    assessing.assess(desk, case_id, by=people[0])
    assert render_text(read[0].application) == render_text(SUPPLEMENTED)


def test_an_answer_to_a_notice_of_incompleteness_is_filed_and_the_case_goes_on(
    any_office, people, revise
):
    case_id, notice_id = incomplete(any_office, people[0])
    letters.check(any_office.desk, notice_id, causes={}, by=people[0])
    letters.release(any_office.desk, notice_id, by=people[1])
    with pytest.raises(IllegalEventError, match="send or discard it"):
        revise(case_id, application=SUPPLEMENTED)
    letters.mark_sent(any_office.desk, notice_id, channel=Channel.MAILED, by=people[1])
    stored = revise(case_id, application=SUPPLEMENTED)
    assert stored.case.stage is Stage.AWAITING_INFORMATION
    intake.complete(any_office.desk, case_id, by=people[0])
    stored = assessing.assess(any_office.desk, case_id, by=people[0])
    assert stored.case.stage is Stage.ASSESSED


def test_a_letter_that_asks_for_what_is_there_by_now_is_given_up(any_office, people, revise):
    case_id, _ = incomplete(any_office, people[0])
    stored = revise(case_id, application=SUPPLEMENTED)
    assert (stored.case.preparing, stored.case.stage) == ((), Stage.RECEIVED)


def test_creditor_and_transaction_are_corrected_while_the_case_is_undecided(
    any_office, people, revise
):
    case_id = any_office.assessed()
    creditor = replace(samples.CREDITOR, telephone="(614) 555-0199")
    transaction = Transaction(request=CreditRequest.LOAN, description="a car loan")
    stored = revise(case_id, creditors=(creditor,), transaction=transaction)
    assert stored.case.assessment is not None
    facts = case_facts(any_office.cases.file(case_id))
    assert (facts.creditors, facts.transaction) == ((creditor,), transaction)
    assert last_entry(any_office, case_id).versions == {"parts": "creditors/transaction"}
    _, notice_id = any_office.checked(case_id=_deny(any_office, case_id, people[0]))
    letter = letters.letter_file(any_office.desk, notice_id).notice
    assert letter.transaction == transaction


def _deny(office, case_id, person):
    deciding.decide(office.desk, case_id, office.denial(case_id), by=person)
    return case_id


@pytest.mark.parametrize(
    "fields",
    [
        {"application": SUPPLEMENTED},
        {"property_address_lines": ("5 Mill Lane", "Millbrook, OH 43299")},
        {"transaction": Transaction(request=CreditRequest.LOAN, description="a car loan")},
        {"creditors": (replace(samples.CREDITOR, telephone=None),)},
    ],
)
def test_what_was_decided_on_changes_only_when_the_decision_is_taken_back(
    any_office, people, revise, fields
):
    case_id = any_office.denied()
    with pytest.raises(IllegalEventError, match="take the decision back first"):
        revise(case_id, **fields)
    decision = any_office.desk.load(case_id).case.decision
    deciding.reopen(any_office.desk, decision.decision_id, cause=CAUSE, by=people[0])
    revise(case_id, **fields)


def test_a_letter_of_another_goes_on_when_somebody_moves(
    any_office, people, make_applicant, revise
):
    joint = (make_applicant(), make_applicant(2, ApplicantRole.JOINT))
    case_id, notice_id = any_office.drafted(case_id=any_office.denied(applicants=joint))
    stored = revise(case_id, applicants=(replace(MOVED, consumer_id="consumer-2"),))
    assert [notice.draft.notice_id for notice in stored.case.preparing] == [notice_id]


def test_another_e_mail_address_leaves_a_letter_as_it_is(any_office, revise):
    case_id, notice_id = any_office.released()
    new = Particulars(consumer_id="consumer-1", email="dana@example.org")
    stored = revise(case_id, applicants=(new,))
    assert [notice.draft.notice_id for notice in stored.case.preparing] == [notice_id]


def test_a_released_letter_is_sent_or_discarded_before_its_recipient_moves(
    any_office, people, revise
):
    case_id, notice_id = any_office.released()
    with pytest.raises(IllegalEventError, match="send or discard it"):
        revise(case_id, applicants=(MOVED,))
    assert revisions_of(any_office.cases.file(case_id)) == ()
    letters.discard(any_office.desk, notice_id, cause=CAUSE, by=people[0])
    revise(case_id, applicants=(MOVED,))
    any_office.sent(case_id=case_id)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"applicants": (replace(MOVED, address_lines=("Millbrook",)),)}, "applicants.0.address"),
        ({"applicants": (replace(MOVED, name=" "),)}, "applicants.0.name"),
        ({"applicants": (MOVED, replace(MOVED, consumer_id="x"))}, "applicants.1.consumer_id"),
        ({"applicants": (MOVED, MOVED)}, "applicants.consumer_id"),
        ({"creditors": ()}, "creditors"),
        ({"creditors": (replace(samples.CREDITOR, name=""),)}, "creditors.0.name"),
        (
            {"transaction": Transaction(request=CreditRequest.LOAN, description=" ")},
            "transaction.description",
        ),
        ({"applicants": (Particulars(consumer_id="consumer-1", name="Dana Whitlow"),)}, "file"),
        ({}, "file"),
    ],
)
def test_bad_facts_are_refused_as_at_intake_and_change_nothing(any_office, revise, fields, field):
    case_id = any_office.receive()
    before = any_office.cases.file(case_id)
    with pytest.raises(FactsError, match=field) as refused:
        revise(case_id, **fields)
    assert "Millbrook" not in str(refused.value)
    assert any_office.cases.file(case_id) == before


def test_a_revision_needs_a_written_cause(any_office, revise):
    case_id = any_office.receive()
    with pytest.raises(IllegalEventError, match="no cause is written"):
        revise(case_id, applicants=(MOVED,), cause="moved")
    assert revisions_of(any_office.cases.file(case_id)) == ()


def test_an_existing_account_has_no_application_to_revise(any_office, revise):
    case_id = any_office.receive(
        application=None, kind=CaseKind.EXISTING_ACCOUNT, is_complete=False
    )
    with pytest.raises(FactsError, match="application"):
        revise(case_id, application=SUPPLEMENTED)
    revise(case_id, applicants=(MOVED,))
    assert any_office.cases.file(case_id).applicants[0].address_lines == MOVED.address_lines


def test_who_is_renamed_stands_in_composed_letters_as_at_intake(any_office, revise):
    case_id = any_office.receive()
    named = Particulars(consumer_id="consumer-1", name="Jose\u0301 Nu\u0301n\u0303ez")
    revise(case_id, applicants=(named,))
    [applicant] = any_office.cases.file(case_id).applicants
    assert applicant.name == "José Núñez"
