"""What the letters of a decision will need of it, checked before it is recorded.

Once somebody was told, a decision cannot be taken back: what is accepted here passes the checks of
every letter on it.
"""

from collections.abc import Collection
from datetime import date

from data_pipeline.domain.taxonomy import REASON_INFO, DenialCategory
from serving.cases.application_file import ApplicationFile
from serving.cases.decisions import (
    DecisionPath,
    DecisionRecord,
    Provenance,
    RecordedReason,
    denies_as_incomplete,
)
from serving.casework.errors import FactsError
from serving.casework.fact_checks import check_printed
from serving.casework.facts import information_used
from serving.notices.reasons import is_specific
from serving.notices.substance import (
    names_a_measure,
    names_an_item,
    states_a_cause,
    touches_prohibited_basis,
)
from serving.notices.wording import normalised


def check_decision(decision: DecisionRecord, file: ApplicationFile, *, decided_on: date) -> None:
    """Checks what a person decides, on a day where the creditor is.

    Raises:
        FactsError: the text of an other reason may not or could not be stated, an automatic denial
            rests on more than rules, a score is younger than the decision, the cause of an override
            says nothing, or no missing item is named.
    """
    used = information_used(file)
    agencies = [report.agency.name for report in used.reports]
    for position, reason in enumerate(decision.reasons):
        if reason.specific_text is not None:
            field = f"reasons.{position}.specific_text"
            _check_text(reason, reason.specific_text, field=field, agencies=agencies)
    _check_repetition(decision)
    if decision.reasons and any(score.created_on > decided_on for score in used.scores):
        raise FactsError(
            field="decided_at",
            found="a day before a credit score on file was made",
            expected="the day of the decision, which rests on that score",
            clause="15 USC 1681m(a)(2)",
        )
    _check_rules(decision)
    _check_cause(decision.override_cause)
    _check_items(decision)


def _check_text(
    reason: RecordedReason, text: str, *, field: str, agencies: Collection[str]
) -> None:
    clause = "12 CFR 1002, Appendix C, paragraph 4"
    if REASON_INFO[reason.reason].category is not DenialCategory.OTHER:
        raise FactsError(
            field=field,
            found="a text beside a reason that form C-1 words itself",
            expected="none, or a reason of the category other",
            clause=clause,
        )
    if not is_specific(text, beside=agencies):
        raise FactsError(
            field=field,
            found="a text that explains nothing",
            expected="the factor, in three specific words at least",
            clause=clause,
        )
    if names_a_measure(text):
        raise FactsError(
            field=field,
            found="a standard, policy, score or model",
            expected="the factor that counted against the applicant",
            clause="12 CFR 1002.9(b)(2)",
        )
    if touches_prohibited_basis(text):
        raise FactsError(
            field=field,
            found="a word for a prohibited basis",
            expected="a factor that may be considered, in words for that factor alone",
            clause="12 CFR 1002.2(z) and 1002.4(a)",
        )
    check_printed(field, text)


def _check_repetition(decision: DecisionRecord) -> None:
    texts = {
        reason.reason: normalised(reason.specific_text or REASON_INFO[reason.reason].notice_wording)
        for reason in decision.reasons
    }
    if len(set(texts.values())) != len(texts):
        raise FactsError(
            field="reasons",
            found="two in the same words",
            expected="each reason in words of its own",
            clause="12 CFR 1002, Appendix C, paragraph 3",
        )


def _check_rules(decision: DecisionRecord) -> None:
    """Refuses an automatic denial that rests on more than rules: its other reasons have a path."""
    found = {reason.provenance for reason in decision.reasons}
    if decision.path is DecisionPath.AUTO_RULE and found > {Provenance.RULE}:
        raise FactsError(
            field="path",
            found="auto_rule beside reasons of the model or of a person",
            expected="reasons of rules alone, or another path: a rule may fire in each",
            clause="comments 9(b)(2)-7 and -8",
        )


def _check_cause(cause: str | None) -> None:
    if cause and not states_a_cause(cause):
        raise FactsError(
            field="override_cause",
            found="a text that only fills the field",
            expected="why the decision departs from the assessment",
            clause="12 CFR 1002.9(b)(2)",
        )


def _check_items(decision: DecisionRecord) -> None:
    items = decision.missing_items
    if denies_as_incomplete(decision) and items and not any(map(names_an_item, items)):
        raise FactsError(
            field="missing_items",
            found="none that specifies the information needed",
            expected="the name of a document or fact that the applicant did not supply",
            clause="comment 9(a)(1)-3",
        )
