"""What every notice needs of creditor, applicants and credit data, checked when it comes in."""

from datetime import date

from serving.cases.application_file import Applicant, ApplicantRole
from serving.casework.errors import FactsError
from serving.casework.facts import CaseFacts, InformationUsed
from serving.notices.checks.content import digits_of, has_address
from serving.notices.checks.credit_report import (
    MAX_KEY_FACTORS,
    can_be_reached,
    key_factors_fault,
    lacks_toll_free_number,
)
from serving.notices.compose import compose_agencies
from serving.notices.notice import ConsumerReportingAgency, Creditor
from serving.notices.printable import is_printable
from serving.notices.record import ScoreUsed
from serving.notices.substance import is_written, touches_prohibited_basis


def check_facts(facts: CaseFacts) -> None:
    """Checks what every notice will need of the creditor and the transaction.

    Raises:
        FactsError: a name, an address or a description is missing or cannot be printed, or the
            description holds a word for a prohibited basis.
        NoticeDataError: the agency of the creditor has no address on file.
    """
    if not facts.creditors:
        raise FactsError(
            field="creditors",
            found="none",
            expected="name, address and type of the creditor, here or in the policy file",
            clause="12 CFR 1002.9(a)(2)",
        )
    if len(facts.creditors) > 1:
        # Whose reasons are whose is not known of one decision.
        raise FactsError(
            field="creditors",
            found="several",
            expected="the one that decides; each has a case of its own, and a notice on behalf of "
            "several is a file to be checked",
            clause="12 CFR 1002.9(g), comment 9(g)-1",
        )
    for position, creditor in enumerate(facts.creditors):
        _check_creditor(creditor, field=f"creditors.{position}")
    _check_description(facts.transaction.description, field="transaction.description")


def _check_description(description: str, *, field: str) -> None:
    if not description.strip():
        raise FactsError(
            field=field,
            found="nothing",
            expected="words that continue 'your request for', such as 'a car loan'",
            clause="12 CFR 1002, Appendix C",
        )
    check_printed(field, description)
    if touches_prohibited_basis(description):
        raise FactsError(
            field=field,
            found="a word that also stands for a prohibited basis",
            expected="the credit alone, such as 'a mortgage loan', without names of places",
            clause="12 CFR 1002.2(z)",
        )


def _check_creditor(creditor: Creditor, *, field: str) -> None:
    clause = "12 CFR 1002.9(a)(2)"
    if not creditor.name.strip():
        raise FactsError(
            field=f"{field}.name", found="nothing", expected="the creditor's name", clause=clause
        )
    check_printed(f"{field}.name", creditor.name)
    check_printed(f"{field}.address_lines", *creditor.address_lines)
    if not has_address(creditor.address_lines):
        raise FactsError(
            field=f"{field}.address_lines",
            found="no complete address",
            expected="street or box, and city, state and ZIP code, as two lines at least",
            clause=clause,
        )
    if creditor.telephone is not None and not digits_of(creditor.telephone):
        raise FactsError(
            field=f"{field}.telephone",
            found="no telephone number",
            expected="ten digits, or nothing",
            clause="12 CFR 1002.9(a)(2)(ii)",
        )
    compose_agencies(creditor)


def check_printed(field: str, *texts: str) -> None:
    """Raises FactsError where a letter could not print a text."""
    if not all(map(is_printable, texts)):
        raise FactsError(
            field=field,
            found="a character that the fonts of a notice cannot print",
            expected="Latin letters",
            clause="12 CFR 1002.4(d)(1)",
        )


def check_applicants(applicants: tuple[Applicant, ...]) -> None:
    """Checks that everybody can be addressed and told apart, and that one of them applies.

    Raises:
        FactsError: nobody applies, several are the primary applicant, a name, an address or an id
            of its own is missing, or a name or an address cannot be printed.
    """
    clause = "12 CFR 1002.9(f)"
    if not applicants:
        raise FactsError(
            field="applicants", found="nobody", expected="the primary applicant", clause=clause
        )
    for position, applicant in enumerate(applicants):
        field = f"applicants.{position}"
        if not applicant.name.strip():
            raise FactsError(
                field=f"{field}.name", found="nothing", expected="a name", clause=clause
            )
        check_printed(f"{field}.name", applicant.name)
        check_printed(f"{field}.address_lines", *applicant.address_lines)
        if not has_address(applicant.address_lines):
            raise FactsError(
                field=f"{field}.address_lines",
                found="no complete address",
                expected="the last known address, as two lines at least",
                clause="12 CFR 1002.9, comment 9-3",
            )
    ids = [applicant.consumer_id for applicant in applicants]
    if len(set(ids)) != len(ids):
        raise FactsError(
            field="applicants.consumer_id",
            found="one id twice",
            expected="an id for each person",
            clause="15 USC 1681m(a)",
        )
    _check_roles([applicant.role for applicant in applicants])


def _check_roles(roles: list[ApplicantRole]) -> None:
    clause = "12 CFR 1002.9(f)"
    if set(roles) == {ApplicantRole.GUARANTOR}:
        raise FactsError(
            field="applicants.role",
            found="guarantors alone",
            expected="somebody who applies and can be told the reasons",
            clause=clause,
        )
    if roles.count(ApplicantRole.PRIMARY) > 1:
        raise FactsError(
            field="applicants.role",
            found="several primary applicants",
            expected="one; who applies with them is a joint applicant",
            clause=clause,
        )


def check_information(
    found: InformationUsed, *, applicants: tuple[Applicant, ...], today: date
) -> None:
    """Checks reports and scores: whose they are, and what a notice will have to say of them.

    Raises:
        FactsError: a consumer takes no part, has two scores or one without a report, or an agency
            or a score cannot be disclosed as the law asks.
    """
    known = {applicant.consumer_id for applicant in applicants}
    reported = {report.consumer_id for report in found.reports}
    for position, report in enumerate(found.reports):
        if report.consumer_id not in known:
            raise _stranger(f"reports.{position}.consumer_id")
        _check_agency(report.agency, field=f"reports.{position}.agency")
    for position, score in enumerate(found.scores):
        if score.consumer_id not in known:
            raise _stranger(f"scores.{position}.consumer_id")
        _check_score(score, field=f"scores.{position}", today=today)
        if score.consumer_id not in reported:
            raise FactsError(
                field=f"scores.{position}.consumer_id",
                found="somebody on whom there is no report",
                expected="the report that the score was made from, with its agency, among reports",
                clause="15 USC 1681m(a)(3)",
            )
    scored = [score.consumer_id for score in found.scores]
    if len(set(scored)) != len(scored):
        raise FactsError(
            field="scores",
            found="two scores of one consumer",
            expected="the one that was relied on",
            clause="15 USC 1681m(a)(2)",
        )


def _stranger(field: str) -> FactsError:
    return FactsError(
        field=field,
        found="somebody who takes no part in the application",
        expected="the consumer_id of an applicant or guarantor",
        clause="15 USC 1681m(a)",
    )


def _check_agency(agency: ConsumerReportingAgency, *, field: str) -> None:
    clause = "15 USC 1681m(a)(3)(A)"
    if not can_be_reached(agency):
        raise FactsError(
            field=field,
            found="no name, no full address or no telephone number",
            expected="name, address and telephone number",
            clause=clause,
        )
    if lacks_toll_free_number(agency):
        raise FactsError(
            field=f"{field}.telephone",
            found="no toll-free number of a nationwide agency",
            expected="its toll-free number",
            clause=clause,
        )
    check_printed(field, agency.name, agency.telephone, *agency.address_lines)


def _check_score(score: ScoreUsed, *, field: str, today: date) -> None:
    if not score.range_low <= score.score <= score.range_high:
        raise FactsError(
            field=f"{field}.score",
            found="a score outside its range",
            expected="the range of the model that made it",
            clause="15 USC 1681g(f)(1)(B)",
        )
    if score.created_on > today:
        raise FactsError(
            field=f"{field}.created_on",
            found="a day in the future",
            expected="the day the score was made",
            clause="15 USC 1681g(f)(1)(D)",
        )
    inquiries = score.inquiries_factor
    if fault := key_factors_fault(score.key_factors, inquiries_factor=inquiries):
        raise FactsError(
            field=f"{field}.key_factors",
            found=f"key factors that {fault}",
            expected=f"the provider's list: {MAX_KEY_FACTORS} at most, the number of inquiries "
            "beside them where it is one",
            clause="15 USC 1681g(f)(1)(C) and (f)(9)",
        )
    if not is_written(score.provided_by):
        raise FactsError(
            field=f"{field}.provided_by",
            found="no name",
            expected="who provided the score",
            clause="15 USC 1681g(f)(1)(E)",
        )
    check_printed(f"{field}.key_factors", *score.key_factors)
    check_printed(f"{field}.provided_by", score.provided_by)
