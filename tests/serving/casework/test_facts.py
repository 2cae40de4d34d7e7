"""Bad facts are refused with the field and the clause, and never with the value."""

import unicodedata
from dataclasses import replace
from datetime import date

import pytest

from serving.cases.application_file import ApplicantRole
from serving.cases.errors import EventValueError
from serving.casework import intake, letters
from serving.casework.errors import FactsError
from serving.casework.facts import Consent, Consents, InformationUsed, case_facts, information_used
from serving.notices import samples
from serving.notices.errors import NoticeDataError
from serving.notices.notice import CreditorType, CreditRequest, Transaction
from serving.policy import DEFAULT_POLICY, CreditorProfile

PRIMARY = ApplicantRole.PRIMARY
FACTORS = samples.SCORE.key_factors


def changed(**fields):
    return (replace(samples.CREDITOR, **fields),)


@pytest.mark.parametrize(
    ("fields", "field", "clause"),
    [
        ({"creditors": ()}, "creditors", "12 CFR 1002.9(a)(2)"),
        ({"creditors": (samples.CREDITOR,) * 2}, "creditors", "12 CFR 1002.9(g), comment 9(g)-1"),
        (
            {"creditors": changed(address_lines=())},
            "creditors.0.address_lines",
            "12 CFR 1002.9(a)(2)",
        ),
        ({"creditors": changed(name=" ")}, "creditors.0.name", "12 CFR 1002.9(a)(2)"),
        (
            {"creditors": changed(telephone="1")},
            "creditors.0.telephone",
            "12 CFR 1002.9(a)(2)(ii)",
        ),
        (
            {"transaction": Transaction(request=CreditRequest.LOAN, description="")},
            "transaction.description",
            "12 CFR 1002, Appendix C",
        ),
    ],
)
def test_a_missing_fact_of_the_creditor_names_field_and_clause(
    office, make_facts, fields, field, clause
):
    with pytest.raises(FactsError) as caught:
        office.receive(facts=make_facts(**fields))
    assert (caught.value.field, caught.value.clause) == (field, clause)
    assert str(caught.value).startswith(f"{field}: found ")
    assert f"({clause})" in str(caught.value)


def test_a_creditor_whose_agency_has_no_address_is_told_at_once(office, make_facts):
    kind = CreditorType.PACKERS_AND_STOCKYARDS
    with pytest.raises(NoticeDataError, match="Appendix A"):
        office.receive(facts=make_facts(creditors=changed(creditor_type=kind)))


def test_a_case_without_applicants_or_with_one_id_twice_is_refused(office, make_applicant):
    with pytest.raises(FactsError, match=r"applicants: .*1002\.9\(f\)"):
        office.receive(applicants=())
    twice = (make_applicant(), make_applicant())
    with pytest.raises(FactsError, match=r"applicants\.consumer_id"):
        office.receive(applicants=twice)
    nowhere = (replace(make_applicant(), address_lines=("Millbrook",)),)
    with pytest.raises(FactsError, match=r"applicants\.0\.address_lines"):
        office.receive(applicants=nowhere)


def test_somebody_applies_and_at_most_one_of_them_is_the_primary_applicant(office, make_applicant):
    guarantor = make_applicant(2, ApplicantRole.GUARANTOR)
    with pytest.raises(FactsError, match=r"applicants\.role: found guarantors alone"):
        office.receive(applicants=(guarantor,))
    with pytest.raises(FactsError, match=r"applicants\.role: found several primary applicants"):
        office.receive(applicants=(make_applicant(), make_applicant(2, PRIMARY)))
    for first in (PRIMARY, ApplicantRole.JOINT):
        office.receive(applicants=(make_applicant(1, first), guarantor))


@pytest.mark.parametrize(
    "name", ["Leilani Kaʻahumanu", "Dʼvora Levin", "Anne\u2011Marie Smith", "Adékúnlé Ọláyínká́"]
)
def test_a_lawful_name_goes_all_the_way_to_the_letter(office, people, make_applicant, name):
    case_id = office.denied(applicants=(replace(make_applicant(), name=name),))
    _, notice_id = office.checked(case_id=case_id)
    letters.release(office.desk, notice_id, by=people[1])


def test_a_name_is_kept_in_composed_letters(office, make_applicant):
    typed = replace(make_applicant(), name=unicodedata.normalize("NFD", "José Núñez"))
    case_id = office.receive(applicants=(typed,))
    assert [a.name for a in office.cases.file(case_id).applicants] == ["José Núñez"]


@pytest.mark.parametrize(("field", "text"), [("name", "王小明"), ("address_lines", "Мира 7")])
def test_what_no_letter_can_print_is_refused_at_once(office, make_applicant, field, text):
    value = text if field == "name" else (text, "Millbrook, OH 43299")
    with pytest.raises(FactsError, match=rf"applicants\.0\.{field}: .*1002\.4\(d\)\(1\)") as caught:
        office.receive(applicants=(replace(make_applicant(), **{field: value}),))
    assert text not in str(caught.value)


@pytest.mark.parametrize(
    "description",
    ["a loan to refinance the Church Street property", "a mortgage on 4 Faith Lane"],
)
def test_a_description_that_no_letter_may_hold_is_refused_at_once(office, make_facts, description):
    asked = Transaction(request=CreditRequest.LOAN, description=description)
    with pytest.raises(FactsError, match=r"transaction\.description: .*1002\.2\(z\)") as caught:
        office.receive(facts=make_facts(transaction=asked))
    assert description not in str(caught.value)


def test_a_time_zone_must_be_given_and_be_one(office):
    with pytest.raises(FactsError, match="time_zone"):
        office.receive(time_zone=None)
    with pytest.raises(EventValueError, match="time_zone"):
        office.receive(time_zone="Mars/Olympus")


@pytest.mark.parametrize("case_id", ["", "a b", "x" * 65, "-a", "Dana Whitlow"])
def test_an_id_that_could_hold_anything_is_refused_without_repeating_it(office, case_id):
    if not case_id:
        assert office.receive(case_id=None).startswith("c-")
        return
    with pytest.raises(FactsError, match="case_id") as caught:
        office.receive(case_id=case_id)
    assert case_id not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "field", "clause"),
    [
        ({"consumer_id": "somebody"}, "scores.0.consumer_id", "1681m(a)"),
        ({"score": 900}, "scores.0.score", "1681g(f)(1)(B)"),
        ({"created_on": date(2030, 1, 1)}, "scores.0.created_on", "1681g(f)(1)(D)"),
        ({"key_factors": ()}, "scores.0.key_factors", "1681g(f)(1)(C)"),
        ({"key_factors": (" ",)}, "scores.0.key_factors", "1681g(f)(1)(C)"),
        ({"inquiries_factor": None}, "scores.0.key_factors", "1681g(f)(1)(C) and (f)(9)"),
        ({"inquiries_factor": "Inquiries"}, "scores.0.key_factors", "1681g(f)(1)(C) and (f)(9)"),
        (
            {"key_factors": FACTORS[:4], "inquiries_factor": FACTORS[4]},
            "scores.0.key_factors",
            "1681g(f)(1)(C) and (f)(9)",
        ),
        ({"provided_by": " "}, "scores.0.provided_by", "1681g(f)(1)(E)"),
    ],
)
def test_a_score_that_cannot_be_names_field_and_clause(office, people, change, field, clause):
    case_id = office.receive()
    used = InformationUsed(scores=(replace(samples.SCORE, **change),))
    with pytest.raises(FactsError) as caught:
        intake.add_information(office.desk, case_id, used, by=people[0])
    assert caught.value.field == field
    assert clause in str(caught.value)


def test_a_score_needs_the_report_on_the_same_consumer(office, people, make_applicant):
    joint = (make_applicant(), make_applicant(2, ApplicantRole.JOINT))
    case_id = office.receive(applicants=joint)
    theirs = replace(samples.SCORE, consumer_id="consumer-2")
    for reports, score in (((), samples.SCORE), (samples.DENIAL.reports_used, theirs)):
        used = InformationUsed(reports=reports, scores=(score,))
        with pytest.raises(FactsError, match=r"1681m\(a\)\(3\)") as caught:
            intake.add_information(office.desk, case_id, used, by=people[0])
        assert caught.value.field == "scores.0.consumer_id"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"address_lines": ()}, "reports.0.agency"),
        ({"name": " "}, "reports.0.agency"),
        ({"telephone": "555-0199"}, "reports.0.agency"),
        ({"telephone": "(614) 555-0199"}, "reports.0.agency.telephone"),
    ],
)
def test_a_report_needs_an_agency_that_can_be_reached(office, people, change, field):
    case_id = office.receive()
    report = replace(samples.DENIAL.reports_used[0], agency=replace(samples.AGENCY, **change))
    with pytest.raises(FactsError, match=r"1681m\(a\)\(3\)\(A\)") as caught:
        intake.add_information(
            office.desk, case_id, InformationUsed(reports=(report,)), by=people[0]
        )
    assert caught.value.field == field


def test_a_local_agency_needs_no_toll_free_number(office, people):
    agency = replace(samples.AGENCY, telephone="(614) 555-0199", is_nationwide=False)
    used = InformationUsed(reports=(replace(samples.DENIAL.reports_used[0], agency=agency),))
    intake.add_information(office.desk, office.receive(), used, by=people[0])


def test_information_obtained_after_the_decision_is_not_what_it_rested_on(office, people):
    case_id = office.denied()
    with pytest.raises(FactsError, match=r"comment 9\(b\)\(2\)-2"):
        intake.add_information(office.desk, case_id, InformationUsed(), by=people[0])


def test_the_latest_sheet_counts_and_the_earlier_ones_stay(any_office, people):
    case_id = any_office.receive()
    first = InformationUsed(reports=samples.DENIAL.reports_used)
    for used in (first, InformationUsed(other_information_used=True)):
        intake.add_information(any_office.desk, case_id, used, by=people[0])
    file = any_office.cases.file(case_id)
    assert information_used(file) == InformationUsed(other_information_used=True)
    assert len([d for d in file.documents if d.kind == "information_used"]) == 2


def test_a_consent_is_of_somebody_who_takes_part(any_office, people, make_applicant):
    joint = (make_applicant(), make_applicant(2, ApplicantRole.JOINT))
    case_id = any_office.receive(applicants=joint)
    given = Consent(consent_id="e-1", consumer_id="consumer-2", given_on=date(2026, 11, 1))
    intake.add_consents(any_office.desk, case_id, Consents(consents=(given,)), by=people[0])
    stranger = replace(given, consumer_id="consumer-3")
    with pytest.raises(FactsError, match=r"consents\.0\.consumer_id"):
        intake.add_consents(any_office.desk, case_id, Consents(consents=(stranger,)), by=people[0])


def test_a_consent_holds_from_its_day_until_it_is_withdrawn():
    given = Consent(
        consent_id="e-1",
        consumer_id="c",
        given_on=date(2026, 1, 2),
        withdrawn_on=date(2026, 1, 5),
    )
    found = Consents(consents=(given,))
    days = [
        day for day in range(1, 8) if found.in_force("e-1", consumer_id="c", on=date(2026, 1, day))
    ]
    assert days == [2, 3, 4]
    assert not found.in_force("e-1", consumer_id="other", on=date(2026, 1, 3))


OWN = CreditorProfile(
    name="Example Finance Company",
    address_lines=("400 Example Street", "Millbrook, OH 43299"),
    creditor_type=CreditorType.OTHER_CREDITOR,
    time_zone="America/Chicago",
)


def test_the_policy_names_the_creditor_for_every_application(office, make_facts):
    policy = DEFAULT_POLICY.model_copy(update={"creditor": OWN})
    office.desk = replace(office.desk, policy=policy)
    case_id = office.receive(facts=make_facts(creditors=()), time_zone=None)
    [creditor] = case_facts(office.cases.file(case_id)).creditors
    assert (creditor.name, creditor.address_lines) == (OWN.name, OWN.address_lines)
    assert office.desk.load(case_id).case.time_zone == "America/Chicago"
    named = office.receive()
    assert case_facts(office.cases.file(named)).creditors == (samples.CREDITOR,)


def test_the_version_of_a_policy_follows_from_all_of_it():
    own = DEFAULT_POLICY.model_copy(update={"creditor": OWN})
    assert own.version != DEFAULT_POLICY.version
    assert own.version == own.model_copy().version
