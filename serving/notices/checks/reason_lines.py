"""Checks C6 to C15: the reasons against the decision record."""

from data_pipeline.domain.taxonomy import REASON_INFO, REASONS
from serving.notices.checks.verdict import Fault, Severity, check
from serving.notices.errors import LanguageError
from serving.notices.forms import FORMS, NoticeForm, ReasonDisclosure
from serving.notices.notice import OTHER_PREFIX, AdverseActionNotice, StatedReason
from serving.notices.reasons import (
    FEW_REASONS,
    INCOMPLETE_KEY,
    is_specific,
    merge_families,
    statable_families,
)
from serving.notices.record import DecisionPath, DecisionRecord, FactorSource
from serving.notices.substance import (
    asks_what_may_not_be_asked,
    names_a_measure,
    names_an_item,
    states_a_cause,
    touches_prohibited_basis,
)
from serving.notices.wording import normalised, reason_text

_OTHER_NUMBER = 24


def _field(position: int) -> str:
    return f"notice.reasons[{position}]"


def _is_other_key(key: str) -> bool:
    return key.startswith(OTHER_PREFIX) and len(key) > len(OTHER_PREFIX)


def _keys(notice: AdverseActionNotice) -> set[str]:
    return {reason.key for reason in notice.reasons}


def _is_incompleteness(notice: AdverseActionNotice, record: DecisionRecord) -> bool:
    return record.path is DecisionPath.INCOMPLETENESS or INCOMPLETE_KEY in _keys(notice)


@check("C6", clause="comment 9(b)(2)-1", severity=Severity.WARNS)
def states_few_reasons(notice: AdverseActionNotice, record: DecisionRecord) -> Fault | None:
    """At most four reasons, or a written cause for more."""
    num_reasons = len(notice.reasons)
    if num_reasons <= FEW_REASONS or states_a_cause(record.more_than_four_cause):
        return None
    return Fault(
        field="notice.reasons",
        found=f"states {num_reasons} reasons, more than four are not likely to be helpful",
        advice="write the cause in record.more_than_four_cause; leave no principal reason out",
    )


@check("C7", clause="12 CFR 1002.9(b)(2)")
def gives_no_insufficient_statement(
    notice: AdverseActionNotice, _record: DecisionRecord
) -> Fault | None:
    """No reason is a policy, a standard, a score or a model; each key is a known reason."""
    for position, reason in enumerate(notice.reasons):
        if reason.reason is None and not _is_other_key(reason.key):
            return Fault(
                field=f"{_field(position)}.key",
                found="is no reason of the taxonomy and no `other:` reason",
                advice="use a known reason, or `other:` with specific text",
            )
        if names_a_measure(reason.text, is_own=reason.reason is None):
            return Fault(
                field=f"{_field(position)}.text",
                found="names a standard, policy, score or model instead of a factor",
                advice="state the factor that counted against the applicant",
            )
    return None


@check("C8", clause="12 CFR 1002.2(z), 1002.4(a) and 1002.5(b) to (d)")
def names_no_prohibited_basis(notice: AdverseActionNotice, _record: DecisionRecord) -> Fault | None:
    """No reason, description or offered term touches a prohibited basis, no item asks for one."""
    texts = {f"{_field(i)}.text": reason.text for i, reason in enumerate(notice.reasons)}
    texts["notice.action.description"] = notice.action.description
    texts["notice.transaction.description"] = notice.transaction.description
    for position, term in enumerate(notice.counteroffer.terms if notice.counteroffer else ()):
        texts[f"notice.counteroffer.terms[{position}]"] = f"{term.label} {term.value}"
    for field, text in texts.items():
        if touches_prohibited_basis(text):
            return Fault(
                field=field,
                found="holds a word for a prohibited basis",
                advice="have compliance review the decision; such a reason cannot be issued",
            )
    for position, item in enumerate(notice.incompleteness.items if notice.incompleteness else ()):
        if asks_what_may_not_be_asked(item):
            return Fault(
                field=f"notice.incompleteness.items[{position}]",
                found="asks for information that may not be asked for",
                advice="leave it out; call somebody who applies jointly the joint applicant",
            )
    return None


@check("C9", clause="comments 9(b)(2)-2 and -4")
def states_only_factors_used(notice: AdverseActionNotice, record: DecisionRecord) -> Fault | None:
    """Each reason is a factor of this record that counted against this applicant."""
    families = merge_families(record)
    adverse = {family.key for family in families if family.is_adverse}
    texts = {family.key: family.specific_text for family in families}
    for position, reason in enumerate(notice.reasons):
        if reason.key == INCOMPLETE_KEY and record.path is DecisionPath.INCOMPLETENESS:
            continue
        if reason.key not in adverse:
            used = "did not count against the applicant" if reason.key in texts else "was not used"
            return Fault(
                field=_field(position),
                found=f"rests on a factor that {used}",
                advice="state only adverse factors of the decision record",
            )
        specific = texts[reason.key]
        if specific and normalised(specific) != normalised(reason.text):
            return Fault(
                field=f"{_field(position)}.text",
                found="differs from the factor in the record",
                advice="describe the factor as the record does",
            )
    return None


@check("C10", clause="comment 9(b)(2)-4")
def omits_no_principal_reason(notice: AdverseActionNotice, record: DecisionRecord) -> Fault | None:
    """Confirmed reasons are stated, and so is each family ranked above the lowest stated one."""
    if not notice.reasons or _is_incompleteness(notice, record):
        return None
    stated = _keys(notice)
    families = statable_families(record)
    required = set(record.principal_reason_keys)
    for source in FactorSource:
        own = [family for family in families if family.source is source]
        lowest = max((f.position for f in own if f.key in stated), default=0)
        required |= {family.key for family in own if family.position < lowest}
    if missing := sorted(required - stated):
        return Fault(
            field="notice.reasons",
            found=f"leaves out {', '.join(missing)}",
            advice="state every principal reason, more than four if need be",
        )
    return None


@check("C11", clause="comment 9(b)(2)-8")
def states_each_rule_that_fired(
    notice: AdverseActionNotice, record: DecisionRecord
) -> Fault | None:
    """An automatic-denial rule that fired has a reason, and the notice states it."""
    if unmapped := [rule.rule_id for rule in record.fired_rules if rule.reason_key is None]:
        return Fault(
            field="record.fired_rules",
            found=f"rule {unmapped[0]!r} has no reason",
            advice="give every rule its reason before it may deny",
        )
    missing = {rule.reason_key for rule in record.fired_rules} - _keys(notice)
    if missing and FORMS[notice.form].reasons is ReasonDisclosure.STATED:
        return Fault(
            field="notice.reasons",
            found="leaves out the reason of a rule that fired",
            advice="state that specific factor",
        )
    return None


_REQUIRED_SOURCES = {
    DecisionPath.SCORE: frozenset({FactorSource.SCORE}),
    DecisionPath.JUDGMENTAL: frozenset({FactorSource.JUDGMENT}),
    DecisionPath.BOTH: frozenset({FactorSource.SCORE, FactorSource.JUDGMENT}),
    DecisionPath.AUTO_RULE: frozenset({FactorSource.RULE}),
    DecisionPath.INCOMPLETENESS: frozenset[FactorSource](),
}


@check("C12", clause="comments 9(b)(2)-6 and -7")
def takes_reasons_from_the_failed_component(
    notice: AdverseActionNotice, record: DecisionRecord
) -> Fault | None:
    """Reasons come from the component that the applicant failed, in a gray band from both.

    Form C-3 says that the applicant failed a scoring system, and nothing else.
    """
    if notice.form is NoticeForm.C3 and record.path is not DecisionPath.SCORE:
        return Fault(
            field="notice.form",
            found="tells of a scoring system that the application failed, not of what decided",
            advice="use form C-1 or C-2",
        )
    if not notice.reasons or record.path is DecisionPath.INCOMPLETENESS:
        return None
    if record.path is None:
        return Fault(
            field="record.path",
            found="is missing though reasons are stated",
            advice="record which component decided",
        )
    families = [f for f in statable_families(record) if f.key in _keys(notice)]
    if _keys(notice) - {family.key for family in families}:
        return Fault(
            field="notice.reasons",
            found=f"a reason does not come from the path {record.path.value!r}",
            advice="state factors of the component that the applicant failed",
        )
    if absent := _REQUIRED_SOURCES[record.path] - {family.source for family in families}:
        return Fault(
            field="notice.reasons",
            found=f"no reason comes from the {min(absent).value} component",
            advice="state reasons from each component that decided",
        )
    return None


@check("C13", clause="comments 9(a)(1)-3 and -4")
def states_incompleteness_alone(
    notice: AdverseActionNotice, record: DecisionRecord
) -> Fault | None:
    """Incompleteness is the only reason, something curable is missing, nothing else was decided."""
    if not notice.reasons or not _is_incompleteness(notice, record):
        return None
    if _keys(notice) != {INCOMPLETE_KEY}:
        return Fault(
            field="notice.reasons",
            found="mixes incompleteness with other reasons",
            advice="decide on the merits, or deny for incompleteness alone",
        )
    if record.path is not DecisionPath.INCOMPLETENESS:
        return Fault(
            field="record.path",
            found="is a decision on the merits",
            advice="state the reasons of the decision instead of incompleteness",
        )
    decided = {*record.principal_reason_keys, *(r.reason_key for r in record.fired_rules)}
    if decided - {INCOMPLETE_KEY}:
        return Fault(
            field="record.principal_reason_keys",
            found="holds reasons on the merits, so the data sufficed for a decision",
            advice="state those reasons instead of incompleteness",
        )
    if not any(i.applicant_can_supply and names_an_item(i.name) for i in record.missing_items):
        return Fault(
            field="record.missing_items",
            found="names nothing that the applicant could supply",
            advice="deny for incompleteness only when the applicant can complete the application",
        )
    return None


def _is_other(reason: StatedReason) -> bool:
    return reason.reason is None or REASON_INFO[reason.reason].c1_number == _OTHER_NUMBER


@check("C14", clause="12 CFR 1002, Appendix C, paragraph 4")
def explains_other_reasons(notice: AdverseActionNotice, _record: DecisionRecord) -> Fault | None:
    """A reason under "Other" has at least three words, one of which names a factor."""
    for position, reason in enumerate(notice.reasons):
        if _is_other(reason) and not is_specific(reason.text):
            return Fault(
                field=f"{_field(position)}.text",
                found="does not explain the other reason",
                advice="name the factor in at least three specific words",
            )
    return None


@check("C15", clause="12 CFR 1002, Appendix C, paragraph 3; 12 CFR 1002.4(e)")
def states_each_reason_once_in_approved_words(
    notice: AdverseActionNotice, _record: DecisionRecord
) -> Fault | None:
    """No reason twice, each of the catalogue, in the text approved for the notice's language."""
    try:
        approved = {reason: reason_text(reason, notice.language) for reason in REASONS}
    except LanguageError:
        return Fault(
            field="notice.language",
            found=f"{notice.language.value!r} has no approved texts",
            advice="issue the notice in 'en', or have the texts approved first",
        )
    stated = [(reason.key, reason.creditor_name) for reason in notice.reasons]
    texts = [(normalised(reason.text), reason.creditor_name) for reason in notice.reasons]
    if len(set(stated)) != len(stated) or len(set(texts)) != len(texts):
        return Fault(
            field="notice.reasons", found="states a reason twice", advice="state each reason once"
        )
    for position, reason in enumerate(notice.reasons):
        if reason.reason is None and not _is_other_key(reason.key):
            return Fault(
                field=f"{_field(position)}.key",
                found="has no approved text",
                advice="use a reason of the catalogue, or `other:` with specific text",
            )
        if reason.reason is not None and reason.text != approved[reason.reason]:
            return Fault(
                field=f"{_field(position)}.text",
                found="differs from the approved text of this reason",
                advice=f"write {approved[reason.reason]!r}",
            )
    return None
