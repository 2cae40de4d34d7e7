"""Two people at one case: what one of them read is not recorded on when the other changed it."""

from dataclasses import replace
from datetime import date

import pytest

from serving.cases.application_file import ApplicantRole
from serving.cases.store_errors import CaseConflictError
from serving.casework import deciding, intake, letters
from serving.casework.facts import Consent, Consents, InformationUsed
from serving.notices import samples


class Meanwhile:
    """A storage where somebody else acts once, right after something was read of a case."""

    def __init__(self, storage, reading, act):
        self._storage, self._reading, self._act = storage, reading, act

    @property
    def cases(self):
        return self

    def __getattr__(self, name):
        found = getattr(self._storage.cases, name)
        return self._and_then(found) if name == self._reading else found

    def _and_then(self, read):
        def read_then_act(case_id):
            found, act = read(case_id), self._act
            self._act = lambda: None
            act()
            return found

        return read_then_act


@pytest.fixture
def meanwhile(any_office):
    """A desk at which somebody else acts right after something was read of a case."""

    def desk(reading, act):
        return replace(any_office.desk, storage=Meanwhile(any_office.desk.storage, reading, act))

    return desk


def test_no_recipient_is_left_out_of_a_decision_made_while_a_report_comes_in(
    any_office, people, make_applicant, meanwhile
):
    joint = (make_applicant(), make_applicant(2, ApplicantRole.JOINT))
    case_id = any_office.assessed(applicants=joint)
    report = replace(samples.DENIAL.reports_used[0], consumer_id="consumer-2")

    def report_comes_in():
        used = InformationUsed(reports=(report,))
        intake.add_information(any_office.desk, case_id, used, by=people[1])

    denial = any_office.denial(case_id)
    with pytest.raises(CaseConflictError, match="papers on file"):
        deciding.decide(meanwhile("file", report_comes_in), case_id, denial, by=people[0])
    decided = deciding.decide(any_office.desk, case_id, denial, by=people[0]).case.decision
    assert decided.other_recipients == ("consumer-2",)


def test_no_letter_is_released_on_a_consent_withdrawn_in_that_moment(any_office, people, meanwhile):
    case_id, notice_id = any_office.checked()
    withdrawn = Consent(
        consent_id="e-1",
        consumer_id="consumer-1",
        given_on=date(2026, 11, 1),
        withdrawn_on=date(2026, 11, 20),
    )

    def consent_is_withdrawn():
        consents = Consents(consents=(withdrawn,))
        intake.add_consents(any_office.desk, case_id, consents, by=people[0])

    with pytest.raises(CaseConflictError):
        letters.release(meanwhile("file", consent_is_withdrawn), notice_id, by=people[1])
    letters.release(any_office.desk, notice_id, by=people[1])


def test_of_two_who_take_one_case_one_has_it_and_the_other_is_told(any_office, people, meanwhile):
    case_id = any_office.receive()

    def other_takes_it():
        intake.assign(any_office.desk, case_id, "bob", by=people[1])

    with pytest.raises(CaseConflictError):
        intake.assign(meanwhile("entry", other_takes_it), case_id, "ann", by=people[0])
    assert any_office.cases.entry(case_id).assigned_to == "bob"
    entries = any_office.desk.storage.audit.entries(object_kind="case", object_id=case_id)
    [taken] = [e.action for e in entries if e.action.action == "case_assigned"]
    assert taken.versions == {"assigned_to": "bob"}
