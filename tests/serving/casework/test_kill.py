"""Killed in the middle of a write, a command has happened as a whole or not at all.

Each step is tried in a process of its own that runs this file, because a process in which threads
of other tests go on cannot be forked safely.
"""

import os
import signal
import subprocess
import sys
import traceback
from dataclasses import replace
from pathlib import Path
from runpy import run_path

import pytest
import sqlalchemy as sa

from data_pipeline.domain.application import LoanApplication
from serving.adapters.sql.storage import open_storage
from serving.cases.audited import EVENT_DIGEST
from serving.cases.clocks import clocks
from serving.cases.decisions import Outcome
from serving.cases.file_events import FileRevised
from serving.cases.notice_events import Channel, NoticeDrafted, NoticeReleased
from serving.cases.store_errors import CasePurgedError, UnknownCaseError, UnknownNoticeError
from serving.casework import (
    assessing,
    deciding,
    drafting,
    intake,
    keeping,
    letters,
    revising,
    telling,
)
from serving.casework.facts import information_used
from serving.casework.printing import Rendering
from serving.casework.revisions import revisions_of
from serving.notices import samples
from serving.notices.notice import Term
from serving.settings import Settings

WRITES = ("INSERT", "UPDATE", "DELETE")
CASE = "case-1"
REVISION = revising.Revise(
    cause="two pay stubs came in", application=LoanApplication(text="Her debts take 61%.")
)


def latest_notice(office):
    return office.desk.load(CASE).case.preparing[-1].draft.notice_id


def obtain(office, person, **used):
    found = intake.InformationUsed(other_information_used=True, **used)
    intake.add_information(office.desk, CASE, found, by=person)


STEPS = {
    "receive": lambda office, _: office.receive(case_id=CASE, is_complete=False),
    "complete": lambda office, who: intake.complete(office.desk, CASE, by=who[0]),
    "obtain": lambda office, who: obtain(office, who[0]),
    "revise": lambda office, who: revising.revise(office.desk, CASE, REVISION, by=who[0]),
    "assess": lambda office, who: assessing.assess(office.desk, CASE, by=who[0]),
    "decide": lambda office, who: deciding.decide(
        office.desk, CASE, office.denial(CASE), by=who[0]
    ),
    "draft": lambda office, who: drafting.draft(office.desk, CASE, drafting.Draft(), by=who[0]),
    "check": lambda office, who: letters.check(
        office.desk, latest_notice(office), causes={}, by=who[0]
    ),
    "release": lambda office, who: letters.release(office.desk, latest_notice(office), by=who[1]),
    "send": lambda office, who: letters.mark_sent(
        office.desk, latest_notice(office), channel=Channel.MAILED, by=who[1]
    ),
    "retain": lambda office, who: keeping.retain(office.desk, CASE, by=who[1]),
    "purge": lambda office, who: keeping.purge(office.desk, CASE, by=who[1]),
}


DRAFT_ALL, TELL_OFFER = "draft all", "tell offer"
NUM_EVENTS = {DRAFT_ALL: 2, TELL_OFFER: 4}
"""How many events a step records, where it is not one."""


def steps_of(step):
    """The steps that lead to one; for the drafts of all letters, of two people's request."""
    if step == TELL_OFFER:
        return offer_steps()
    if step != DRAFT_ALL:
        return STEPS
    given = run_path(str(Path(__file__).with_name("conftest.py")))
    people = (given["applicant"](), given["applicant"](2))
    report = samples.DENIAL.reports_used[0]
    reports = (report, replace(report, consumer_id="consumer-2"))
    steps = {name: STEPS[name] for name in ("receive", "complete", "obtain", "assess", "decide")}
    return steps | {
        "receive": lambda office, _: office.receive(
            case_id=CASE, is_complete=False, applicants=people
        ),
        "obtain": lambda office, who: obtain(office, who[0], reports=reports),
        DRAFT_ALL: lambda office, who: drafting.draft_all(
            office.desk, CASE, drafting.Draft(), by=who[0]
        ),
    }


def offer_steps():
    """The steps that lead to an offer told without the reasons."""
    before = {name: STEPS[name] for name in ("receive", "complete", "assess")}
    return before | {
        "decide": lambda office, who: deciding.decide(
            office.desk, CASE, office.denial(CASE, outcome=Outcome.COUNTEROFFER), by=who[0]
        ),
        TELL_OFFER: lambda office, who: telling.tell_offer(
            office.desk,
            CASE,
            terms=(Term(label="Amount", value="$12,000.00"),),
            channel=Channel.ORAL,
            by=who[1],
        ),
    }


def die_at(number):
    """Lets this process be killed before its numberth write, or the commit after it."""
    seen = 0

    def count(*arguments):
        nonlocal seen
        statement = arguments[2] if len(arguments) > 1 else "INSERT"
        if statement.lstrip().upper().startswith(WRITES):
            seen += 1
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(sa.Engine, "before_cursor_execute", count)
    sa.event.listen(sa.Engine, "commit", count)


def run_and_die(settings, make_office, step, people, *, number):
    """Whether the step was killed at its numberth write, in a process of its own."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            with open_storage(settings) as storage:
                office = make_office(storage)
                die_at(number)
                steps_of(step)[step](office, people)
            status = 0
        except BaseException:  # noqa: BLE001
            traceback.print_exc()
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    assert os.WIFSIGNALED(ended) or os.WEXITSTATUS(ended) == 0
    return os.WIFSIGNALED(ended)


def seen_of(storage):
    """What is there of the case, after everything of it was looked at."""
    storage.audit.verify()
    try:
        stored = storage.cases.load(CASE)
    except (UnknownCaseError, CasePurgedError) as error:
        return type(error).__name__
    clocks(stored.events)
    assert storage.cases.entry(CASE).num_events == stored.num_events
    for event in stored.events:
        if isinstance(event, NoticeDrafted):
            storage.cases.notice(event.notice_id)
        if isinstance(event, NoticeReleased):
            kept = storage.cases.notice(event.notice_id).content.renderings
            printed = {kind.value for kind in Rendering}
            assert set(kept) == (printed if stored.case.offer is None else set())
    entries = storage.audit.entries(object_kind="case", object_id=CASE)
    assert len([e for e in entries if EVENT_DIGEST in e.action.digests]) == stored.num_events
    file = storage.cases.file(CASE)
    revised = [event for event in stored.events if isinstance(event, FileRevised)]
    assert len(revisions_of(file)) == len(revised) == len(storage.cases.submissions(CASE)) - 1
    used = information_used(file)
    return stored.num_events, used.other_information_used


@pytest.mark.parametrize("step", [*STEPS, *NUM_EVENTS])
def test_a_command_killed_at_any_write_has_happened_or_has_not(tmp_path, step):
    done = subprocess.run(
        [sys.executable, __file__, tmp_path, step], stderr=subprocess.PIPE, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def try_step(state_dir, step):
    given = run_path(str(Path(__file__).with_name("conftest.py")))
    make_office, people = given["office_over"], (given["UNDERWRITER"], given["COMPLIANCE"])
    settings = Settings(state_dir=Path(state_dir))
    with open_storage(settings) as storage:
        office = make_office(storage)
        for earlier, take in steps_of(step).items():
            if earlier == step:
                break
            take(office, people)
        before = seen_of(storage)
    number = 1
    while run_and_die(settings, make_office, step, people, number=number):
        with open_storage(settings) as storage:
            if seen_of(storage) != before:
                break
        number += 1
    assert number > 1
    with open_storage(settings) as storage:
        after = seen_of(storage)
        assert after != before
        if isinstance(after, tuple) and isinstance(before, tuple) and step != "obtain":
            assert after[0] == before[0] + NUM_EVENTS.get(step, 1)
        with pytest.raises(UnknownNoticeError):
            storage.cases.notice("n-none")


if __name__ == "__main__":
    try_step(*sys.argv[1:])
