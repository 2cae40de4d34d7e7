"""What every store of cases does, in memory and in both databases."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest

from data_pipeline.domain.application import LoanProduct
from serving.cases import events as ev
from serving.cases import keeping_events as keeping_ev
from serving.cases import notice_events as notice_ev
from serving.cases.audit import from_line
from serving.cases.case import NoticeStep, Stage
from serving.cases.clock import ClockKind
from serving.cases.decisions import Outcome
from serving.cases.errors import AuditFieldError, IllegalEventError
from serving.cases.file_events import FilePart, FileRevised
from serving.cases.simulation import Simulator
from serving.cases.store import NoticeContent
from serving.cases.store_errors import (
    CaseConflictError,
    CaseExistsError,
    CasePurgedError,
    IdTakenError,
    NoticeContentError,
    RecordFieldError,
    UnknownCaseError,
    UnknownDecisionError,
    UnknownNoticeError,
)
from serving.cases.transitions import replay
from serving.cases.worklist import WorklistQuery


@pytest.fixture
def desk(any_storage, made):
    return made.desk(any_storage.cases)


def test_what_was_recorded_comes_back_event_by_event(desk, made):
    stored = desk.deny_and_tell().load()
    assert [type(e).__name__ for e in stored.events] == [
        "ApplicationReceived", "ApplicationCompleted", "AssessmentRecorded", "DecisionRecorded",
        "NoticeDrafted", "NoticeChecked", "NoticeReleased", "NoticeSent",
    ]  # fmt: skip
    assert stored.case == replay(stored.events)
    assert stored.case.decision.reasons[0].basis == f"letter about {made.canary}"
    assert stored.case.assessment.risk_score == 41.25
    assert stored.events[0].recorded_at.microsecond == 123456
    assert len(set(stored.digests)) == len(stored.digests) == 8


def test_the_file_comes_back_as_it_was_given(desk, made):
    file = made.file()
    desk.open(file)
    assert desk.cases.file(desk.case_id) == file
    assert file.terms[0].amount_usd == Decimal("24000.10")
    assert file.collateral.value_usd == Decimal("26500.55")


def test_a_case_is_opened_once(desk):
    desk.open()
    with pytest.raises(CaseExistsError):
        desk.open()


def test_only_an_opening_event_opens_a_case(desk, made):
    with pytest.raises(IllegalEventError):
        desk.cases.open_case(ev.ApplicationCompleted(**desk.when()), made.file())


def test_an_unknown_case_is_told(any_storage, made):
    desk = made.desk(any_storage.cases, case_id="nowhere")
    for ask in (desk.load, desk.complete, lambda: desk.cases.entry("nowhere")):
        with pytest.raises(UnknownCaseError):
            ask()
    with pytest.raises(UnknownNoticeError):
        any_storage.cases.notice("nowhere")
    with pytest.raises(UnknownDecisionError):
        any_storage.cases.case_of_decision("nowhere")


def test_who_has_not_seen_every_event_is_refused(desk):
    desk.open().complete()
    desk.seen = 1
    with pytest.raises(CaseConflictError) as refused:
        desk.assess()
    assert (refused.value.expected, refused.value.found) == ("1 events", "2 events")
    assert desk.load().num_events == 2


def test_an_event_the_case_refuses_leaves_nothing_behind(desk, any_storage):
    desk.open()
    head = any_storage.audit.head
    completed = ev.ApplicationCompleted(**desk.when())
    with pytest.raises(IllegalEventError):
        desk.add(completed, replace(completed, recorded_at=completed.recorded_at))
    assert desk.load().num_events == 1
    assert any_storage.audit.head == head
    assert desk.cases.entry(desk.case_id).stage is Stage.RECEIVED


def test_several_events_are_recorded_at_once(desk):
    desk.open()
    desk.add(
        ev.ApplicationCompleted(**desk.when()),
        keeping_ev.LegalHoldPlaced(**desk.when(), hold_id="h"),
    )
    assert desk.load().case.holds == {"h"}
    assert desk.cases.entry(desk.case_id).is_on_hold


def test_every_event_has_its_entry_in_the_audit_log(desk, any_storage):
    stored = desk.deny_and_tell().load()
    entries = any_storage.audit.entries(object_kind="case", object_id=desk.case_id)
    assert [entry.action.digests["event"] for entry in entries] == list(stored.digests)
    assert [entry.action.action for entry in entries][-4:] == [
        "notice_drafted", "notice_checked", "notice_released", "notice_sent",
    ]  # fmt: skip
    assert entries[3].action.versions["model"] == "starter-0.1.0+dca774d66ffa"
    assert any_storage.audit.verify() == any_storage.audit.head


def test_reading_is_recorded_too(desk, any_storage, made):
    desk.open()
    action = from_line(next(iter(any_storage.audit.lines())), sequence=1).action
    any_storage.audit.record(replace(action, action="case_read", actor_id="u-7"))
    entries = any_storage.audit.entries(object_kind="case", object_id=desk.case_id)
    assert entries[-1].action.action == "case_read"
    assert any_storage.audit.head.sequence == 2
    assert len(list(any_storage.audit.lines(after=1))) == 1


def test_what_the_audit_log_refuses_is_not_recorded(desk, any_storage):
    desk.open()
    event = ev.ApplicationCompleted(**desk.when(ev.Actor(actor_id="Jane Doe", role="underwriter")))
    with pytest.raises(AuditFieldError):
        desk.add(event)
    assert desk.load().num_events == any_storage.audit.head.sequence == 1


def test_of_several_events_none_is_recorded_where_the_audit_log_refuses_one(desk, any_storage):
    desk.open()
    strange = ev.Actor(actor_id="Jane Doe", role="underwriter")
    completed = ev.ApplicationCompleted(**desk.when())
    with pytest.raises(AuditFieldError):
        desk.add(completed, keeping_ev.LegalHoldPlaced(**desk.when(strange), hold_id="h"))
    assert desk.load().num_events == any_storage.audit.head.sequence == 1
    with pytest.raises(AuditFieldError):
        desk.add(completed, versions={"configuration": "v" * 200})
    assert desk.load().num_events == any_storage.audit.head.sequence == 1


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("consumer_id", lambda f: {"applicants": (replace(f.applicants[0], consumer_id="J Doe"),)}),
        ("consumer_id", lambda f: {"applicants": (f.applicants[0],) * 2}),
        (
            "consumer_id",
            lambda f: {"applicants": (replace(f.applicants[0], consumer_id="123-45-6789"),)},
        ),
        ("terms", lambda f: {"terms": f.terms[:1] * 2}),
        ("amount_usd", lambda f: {"terms": (replace(f.terms[0], amount_usd=Decimal("0.001")),)}),
        ("amount_usd", lambda f: {"terms": (replace(f.terms[0], amount_usd=Decimal("NaN")),)}),
        ("value_usd", lambda f: {"collateral": replace(f.collateral, value_usd=Decimal("1e14"))}),
        ("state", lambda f: {"collateral": replace(f.collateral, state="Ohio")}),
        ("document_id", lambda f: {"documents": (replace(f.documents[0], document_id="d" * 129),)}),
        ("document_id", lambda f: {"documents": f.documents * 2}),
        ("kind", lambda f: {"documents": (replace(f.documents[0], kind="Pay stub"),)}),
        ("media_type", lambda f: {"documents": (replace(f.documents[0], media_type="pdf"),)}),
        (
            "received_at",
            lambda f: {
                "documents": (
                    replace(
                        f.documents[0], received_at=f.documents[0].received_at.replace(tzinfo=None)
                    ),
                )
            },
        ),
    ],
)
def test_a_file_that_no_database_would_keep_alike_is_refused(desk, made, field, change):
    file = made.file()
    with pytest.raises(RecordFieldError) as refused:
        desk.open(replace(file, **change(file)))
    assert refused.value.field == field
    assert "123-45-6789" not in str(refused.value)
    with pytest.raises(UnknownCaseError):
        desk.load()


def test_an_id_or_digest_of_another_form_is_refused(desk, made):
    desk.open().complete()
    for fields in ({"assessment_id": "a 1"}, {"text_digest": "d" * 63}):
        with pytest.raises(RecordFieldError):
            desk.assess(**fields)
    with pytest.raises(RecordFieldError, match="person_id"):
        desk.cases.assign(desk.case_id, "Jane Doe", expected=None, by=made.compliance, at=desk.now)
    assert desk.load().num_events == 2


def test_the_largest_and_smallest_figures_come_back(desk, made):
    file = made.file()
    most = replace(
        file.terms[0], amount_usd=Decimal("99999999999999.99"), term_months=Decimal("0.01"),
        annual_rate_percent=Decimal("9999.999999"),
    )  # fmt: skip
    file = replace(file, terms=(most,), collateral=replace(file.collateral, num_units=10**12))
    desk.open(file)
    assert desk.cases.file(desk.case_id) == file


def test_a_notice_is_kept_with_its_bytes(desk):
    desk.open().complete().assess().decide().draft(renderings={"text/plain": b"first"})
    notice_id = desk.notice.notice_id
    assert desk.cases.notice(notice_id).content.renderings == {"text/plain": b"first"}
    desk.release(renderings={"application/pdf": b"%PDF", "text/plain": b"another"})
    kept = desk.cases.notice(notice_id)
    assert kept.case_id == desk.case_id
    assert kept.content.content == desk.notice.content
    assert kept.content.renderings == {"text/plain": b"first", "application/pdf": b"%PDF"}


def test_a_draft_needs_its_content(desk):
    desk.open().complete().assess().decide()
    event = desk.drafted(b"content")
    other = NoticeContent(notice_id=event.notice_id, content=b"other")
    for notices in ([], [other], [NoticeContent(notice_id="n-none", content=b"content")]):
        with pytest.raises(NoticeContentError):
            desk.add(event, notices=notices)
    assert desk.load().case.preparing == ()


def test_no_id_is_given_twice(any_storage, made):
    first = made.desk(any_storage.cases).deny_and_tell()
    second = made.desk(any_storage.cases).open().complete()
    taken = first.load().case
    with pytest.raises(IdTakenError, match="assessment"):
        second.assess(assessment_id=taken.assessment.assessment_id)
    second.assess()
    with pytest.raises(IdTakenError, match="decision"):
        second.decide(decision_id=taken.decision.decision_id)
    second.decide()
    with pytest.raises(IdTakenError, match="notice"):
        second.draft(notice_id=first.notice.notice_id)
    document = first.cases.file(first.case_id).documents[0]
    with pytest.raises(IdTakenError, match="document"):
        second.cases.add_document(second.case_id, document, by=made.underwriter)
    assert any_storage.cases.case_of_decision(taken.decision.decision_id) == first.case_id


def test_a_file_is_revised_and_what_was_submitted_is_kept(desk, made):
    first = made.file()
    desk.open(first)
    application = replace(first.application, annual_income_usd=61_000.0)
    second = replace(
        first,
        application=application,
        applicants=first.applicants[:1],
        terms=first.terms[:1],
        collateral=None,
        documents=(*first.documents, made.document(kind="tax_return")),
    )
    change = {"expected_events": 1, "by": made.underwriter, "at": desk.now}
    with pytest.raises(RecordFieldError, match="documents"):
        desk.cases.revise_file(
            desk.case_id, replace(first, collateral=None), **change, expected_documents=1
        )
    change["expected_documents"] = 1
    desk.cases.revise_file(desk.case_id, second, **change)
    change["expected_documents"] = 2
    assert desk.cases.file(desk.case_id) == second
    assert desk.cases.submissions(desk.case_id) == (first.application, application)
    with pytest.raises(IdTakenError):
        desk.cases.revise_file(desk.case_id, replace(second, documents=()), **change)
    with pytest.raises(CaseConflictError):
        desk.cases.revise_file(desk.case_id, second, **change | {"expected_events": 0})
    assert desk.cases.file(desk.case_id) == second


def test_a_file_is_revised_with_the_event_that_says_so_or_neither_is(desk, made, any_storage):
    first = made.file()
    desk.open(first)
    application = replace(first.application, annual_income_usd=61_000.0)
    papers = (*first.documents, made.document(kind="tax_return"))
    second = replace(first, application=application, documents=papers)

    def revise(file, *, expected_documents=1):
        event = FileRevised(
            **desk.when(made.underwriter),
            parts=(FilePart.APPLICANTS, FilePart.APPLICATION),
            cause="a tax return came in",
        )
        desk.add(event, file=file, expected_documents=expected_documents)

    for file, error in (
        (replace(second, documents=papers[1:]), IdTakenError),
        (replace(second, documents=first.documents), RecordFieldError),
        (replace(second, applicants=second.applicants * 2), RecordFieldError),
    ):
        with pytest.raises(error):
            revise(file)
    with pytest.raises(CaseConflictError):
        revise(second, expected_documents=0)
    assert (desk.cases.file(desk.case_id), desk.load().num_events) == (first, 1)
    revise(second)
    assert (desk.cases.file(desk.case_id), desk.load().num_documents) == (second, 2)
    assert desk.cases.submissions(desk.case_id) == (first.application, application)
    last = any_storage.audit.entries(object_kind="case", object_id=desk.case_id)[-1].action
    assert (last.action, last.versions) == ("file_revised", {"parts": "applicants/application"})


def test_a_paper_is_added(desk, made, any_storage):
    desk.open()
    paper = made.document(kind="appraisal", content=b"")
    desk.cases.add_document(desk.case_id, paper, by=made.underwriter)
    assert desk.cases.file(desk.case_id).documents[-1] == paper
    last = any_storage.audit.entries(object_kind="case", object_id=desk.case_id)[-1].action
    assert (last.action, last.actor_id) == ("document_added", "u-decides")


def test_the_worklist_says_where_a_case_stands(desk):
    desk.open().complete().assess().decide().draft()
    entry = desk.cases.entry(desk.case_id)
    assert (entry.stage, entry.outcome, entry.product) == (
        Stage.DECIDED, Outcome.DENY, LoanProduct.AUTO,
    )  # fmt: skip
    [notice] = entry.open_notices
    assert (notice.consumer_id, notice.step) == (None, NoticeStep.DRAFTED)
    assert entry.due_clock is ClockKind.ACTION_TAKEN
    assert entry.due_on.isoformat() == "2026-02-04"
    assert (entry.decided_by, entry.assigned_to, entry.num_events) == ("u-decides", None, 5)


def test_the_worklist_says_what_is_open_for_each_recipient(desk):
    desk.open().complete().assess().decide(other_recipients=("p-2", "p-3"))
    purpose = notice_ev.NoticePurpose.ACTION_TAKEN

    def found():
        listed = desk.cases.worklist(WorklistQuery()).entries
        [entry] = [entry for entry in listed if entry.case_id == desk.case_id]
        assert entry == desk.cases.entry(desk.case_id)
        assert all(notice.purpose is purpose for notice in entry.open_notices)
        return [(notice.consumer_id, notice.step) for notice in entry.open_notices]

    drafted = NoticeStep.DRAFTED
    assert found() == [(None, None), ("p-2", None), ("p-3", None)]
    desk.draft(consumer_id="p-3")
    assert found() == [(None, None), ("p-2", None), ("p-3", drafted)]
    desk.release().send()
    assert found() == [(None, None), ("p-2", None)]
    desk.draft().release().send()
    entry = desk.cases.entry(desk.case_id)
    assert (entry.stage, entry.due_clock) == (Stage.DECIDED, ClockKind.REPORT_DISCLOSURES)
    desk.draft(consumer_id="p-2").release().send()
    assert found() == []
    assert desk.cases.entry(desk.case_id).stage is Stage.NOTIFIED


def test_the_worklist_goes_by_due_day_page_by_page(any_storage, made):
    desks = [
        made.desk(any_storage.cases, case_id=f"c-{n}", now=made.start + timedelta(days=n % 3))
        for n in range(7)
    ]
    for desk in desks:
        desk.open()
    desks[0].withdraw()
    listed, query = [], WorklistQuery(limit=2)
    while True:
        page = any_storage.cases.worklist(query)
        listed += [entry.case_id for entry in page.entries]
        if page.next is None:
            break
        query = replace(query, after=page.next)
    assert listed == ["c-3", "c-6", "c-1", "c-4", "c-2", "c-5", "c-0"]


def test_the_worklist_is_filtered(any_storage, made):
    cases = any_storage.cases
    denied = made.desk(cases, case_id="c-denied").open().complete().assess().decide()
    denied.draft()
    made.desk(cases, case_id="c-withdrawn").open(made.file(consumer_id="p-9")).withdraw()
    home = made.file(application={"product": LoanProduct.MORTGAGE})
    made.desk(cases, case_id="c-home", now=made.start + timedelta(days=9)).open(home)
    cases.assign("c-home", "u-5", expected=None, by=made.compliance, at=denied.now)

    def listed(**filters):
        page = cases.worklist(WorklistQuery(**filters))
        return [entry.case_id.removeprefix("c-") for entry in page.entries]

    assert listed() == ["denied", "home", "withdrawn"]
    assert listed(stages=frozenset({Stage.RECEIVED})) == ["home"]
    assert listed(outcomes=frozenset({Outcome.DENY, Outcome.WITHDRAWN})) == ["denied", "withdrawn"]
    assert listed(notice_steps=frozenset({NoticeStep.DRAFTED})) == ["denied"]
    assert listed(products=frozenset({LoanProduct.MORTGAGE})) == ["home"]
    assert listed(assigned_to="u-5") == ["home"]
    assert listed(is_unassigned=True) == ["denied", "withdrawn"]
    assert listed(decided_by="u-decides") == ["denied", "withdrawn"]
    assert listed(consumer_id="p-9") == ["withdrawn"]
    assert listed(consumer_id="p-2", only_due=True) == ["denied", "home"]
    assert listed(due_clocks=frozenset({ClockKind.INCOMPLETE_APPLICATION})) == ["home"]
    due = cases.entry("c-denied").due_on
    assert listed(due_on_or_before=due) == ["denied"]
    assert listed(due_on_or_before=due - timedelta(days=1)) == []


def test_a_case_is_assigned_and_the_log_says_by_whom(desk, any_storage, made):
    desk.open()
    change = {"by": made.compliance, "at": desk.now}
    desk.cases.assign(desk.case_id, "u-5", expected=None, **change)
    assert desk.cases.entry(desk.case_id).assigned_to == "u-5"
    desk.complete()
    assert desk.cases.entry(desk.case_id).assigned_to == "u-5"
    desk.cases.assign(desk.case_id, None, expected="u-5", **change)
    assert desk.cases.entry(desk.case_id).assigned_to is None
    with pytest.raises(UnknownCaseError):
        desk.cases.assign("nowhere", "u-5", expected=None, **change)
    entries = any_storage.audit.entries(object_kind="case", object_id=desk.case_id)
    told = [entry.action for entry in entries if entry.action.action == "case_assigned"]
    assert [(action.actor_id, dict(action.versions)) for action in told] == [
        ("u-releases", {"assigned_to": "u-5"}), ("u-releases", {}),
    ]  # fmt: skip


def test_who_would_take_a_case_that_somebody_else_took_is_told(desk, any_storage, made):
    desk.open()
    change = {"expected": None, "by": made.compliance, "at": desk.now}
    desk.cases.assign(desk.case_id, "u-5", **change)
    with pytest.raises(CaseConflictError, match="another person who works on it") as refused:
        desk.cases.assign(desk.case_id, "u-6", **change)
    assert "u-5" not in str(refused.value)
    assert desk.cases.entry(desk.case_id).assigned_to == "u-5"
    assert any_storage.audit.verify().sequence == 2


@pytest.mark.parametrize("revises", [True, False])
def test_what_rests_on_a_file_that_was_changed_is_refused(desk, made, revises):
    seen = desk.open().load()
    paper = made.document(kind="appraisal")
    if revises:
        file = desk.cases.file(desk.case_id)
        desk.cases.revise_file(
            desk.case_id,
            replace(file, documents=(*file.documents, paper)),
            expected_events=seen.num_events,
            expected_documents=seen.num_documents,
            by=made.underwriter,
            at=desk.now,
        )
    else:
        desk.cases.add_document(desk.case_id, paper, by=made.underwriter)
    with pytest.raises(CaseConflictError) as refused:
        desk.add(desk.decision(), expected_documents=seen.num_documents)
    assert (refused.value.expected, refused.value.found) == ("1 papers on file", "2 papers on file")
    assert desk.load().num_events == seen.num_events
    desk.complete()
    assert desk.load().num_documents == 2


def test_a_purged_case_keeps_its_line_and_its_chain_and_nothing_else(desk, any_storage):
    desk.deny_and_tell().retain()
    day = desk.cases.entry(desk.case_id).keep_until
    assert desk.cases.purgeable(on=day) == ()
    assert desk.cases.purgeable(on=day + timedelta(days=1)) == (desk.case_id,)
    desk.purge()
    assert desk.cases.purgeable(on=day + timedelta(days=2000)) == ()
    for ask in (
        desk.load,
        desk.retain,
        lambda: desk.cases.file(desk.case_id),
        lambda: desk.cases.submissions(desk.case_id),
        lambda: desk.cases.notice(desk.notice.notice_id),
    ):
        with pytest.raises(CasePurgedError):
            ask()
    entry = desk.cases.entry(desk.case_id)
    assert (entry.stage, entry.outcome, entry.product) == (Stage.PURGED, None, None)
    entries = any_storage.audit.entries(object_kind="case", object_id=desk.case_id)
    assert entries[-1].action.action == "case_purged"
    assert any_storage.audit.verify() == any_storage.audit.head


def test_a_purge_too_early_is_refused_and_destroys_nothing(desk):
    desk.deny_and_tell().retain()
    with pytest.raises(IllegalEventError):
        desk.purge(years=1)
    assert desk.load().case.stage is Stage.RETAINED
    assert desk.cases.notice(desk.notice.notice_id).content == desk.notice


@pytest.mark.parametrize("seed", range(8))
def test_random_cases_are_stored_as_they_were_told(any_storage, made, seed):
    """Random legal and illegal events: what is refused leaves no trace, what is not comes back."""
    random = Random(seed)
    simulator = Simulator(random, carelessness=0.2)
    opening = simulator.opening()
    cases, told = any_storage.cases, [opening]
    cases.open_case(opening, made.file())
    for _ in range(25):
        case = replay(told)
        if case.stage is Stage.PURGED:
            break
        event = simulator.next_event(case)
        notices = []
        if isinstance(event, notice_ev.NoticeDrafted):
            content = f"notice {seed} {len(told)}".encode()
            notices = [NoticeContent(notice_id=event.notice_id, content=content)]
            event = replace(event, digest=hashlib.sha256(content).hexdigest())
        try:
            stored = cases.append(
                opening.case_id, [event], expected_events=len(told), notices=notices
            )
        except IllegalEventError:
            continue
        told.append(event)
        assert stored.case == replay(told)
    entry = cases.entry(opening.case_id)
    assert (entry.stage, entry.num_events) == (replay(told).stage, len(told))
    if entry.stage is not Stage.PURGED:
        assert list(cases.load(opening.case_id).events) == told
    assert any_storage.audit.verify().sequence == len(told)
