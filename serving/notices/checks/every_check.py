"""All checks of a notice, in the order of the list they come from."""

from serving.notices.checks import content, credit_report, delivery, reason_lines, special
from serving.notices.checks.verdict import Check, Severity, Verdict
from serving.notices.notice import AdverseActionNotice
from serving.notices.record import DecisionRecord

CHECKS: tuple[Check, ...] = (
    content.states_the_action_taken,
    content.names_the_creditor,
    content.carries_the_ecoa_notice,
    content.names_the_agency_of_the_creditor,
    content.states_reasons_or_the_right_to_them,
    reason_lines.states_few_reasons,
    reason_lines.gives_no_insufficient_statement,
    reason_lines.names_no_prohibited_basis,
    reason_lines.states_only_factors_used,
    reason_lines.omits_no_principal_reason,
    reason_lines.states_each_rule_that_fired,
    reason_lines.takes_reasons_from_the_failed_component,
    reason_lines.states_incompleteness_alone,
    reason_lines.explains_other_reasons,
    reason_lines.states_each_reason_once_in_approved_words,
    delivery.is_clear_and_retainable,
    delivery.is_delivered_as_consented,
    delivery.exists_in_english,
    delivery.goes_to_the_right_person,
    delivery.tells_the_creditors_apart,
    credit_report.names_each_reporting_agency,
    credit_report.says_the_agency_did_not_decide,
    credit_report.tells_of_the_free_report,
    credit_report.tells_of_the_dispute,
    credit_report.discloses_the_score_used,
    credit_report.gives_the_providers_key_factors,
    credit_report.shows_no_block_without_its_use,
    credit_report.tells_of_outside_information,
    credit_report.does_not_replace_reasons_by_a_report,
    special.follows_the_business_path,
    special.completes_the_counteroffer,
    special.completes_the_request_for_information,
    special.reports_the_issued_reasons,
    special.is_decided_and_released_by_two_people,
)
"""C1 to C20, F1 to F9, B1, K1, N1, H1 and A1."""


def check_notice(notice: AdverseActionNotice, record: DecisionRecord) -> list[Verdict]:
    """Returns the verdict of every check, passed ones included, in the order of `CHECKS`."""
    return [judge(notice, record) for judge in CHECKS]


def blocking(verdicts: list[Verdict]) -> list[Verdict]:
    """Returns the failures that block a release."""
    return [v for v in verdicts if not v.passed and v.severity is Severity.BLOCKS]
