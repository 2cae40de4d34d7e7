"""Broken notices, drawn by rule from valid ones: the rules for reasons."""

from dataclasses import replace

import pytest

from data_pipeline.domain.taxonomy import REASON_INFO, REASONS
from serving.notices.notice import Language, StatedReason
from serving.notices.record import DecisionPath, FactorSource, FiredRule, MissingItem

INCOMPLETE = StatedReason(key="credit_application_incomplete", text="Credit application incomplete")
INSUFFICIENT = [
    "Did not meet our internal standards", "Contrary to company policy", "Credit score too low",
    "Not enough points were reached", "Below our cutoff value", "You did not qualify",
    "Outcome of our risk model", "Rejected by an algorithm", "Declined by AI decision engine",
    "Underwriting guidelines not satisfied", "Failed to meet minimum requirements",
    "Result of automated underwriting review", "Loan is too risky",
]  # fmt: skip
PROHIBITED = [
    "Race of the applicant", "Religion of household members", "National origin not verified",
    "Income of wife not counted", "Applicant is unmarried woman", "Pregnancy may reduce income",
    "Too old for the term", "Social security income not counted", "Receives public assistance",
    "Alimony is not reliable", "Immigration status", "Property in a changing neighborhood",
    "Accent in telephone interview", "Divorced within the year", "Church salary not accepted",
]  # fmt: skip
GENERIC = [
    "Other", "Other reason", "See above", "Other reasons", "Credit history", "N/A", "", "1 2 3 4",
    "Overall credit profile", "Other factors considered", "Information in your credit report.",
    "Unable to extend credit at this time", "  OTHER   CREDIT REASONS ",
]  # fmt: skip


def stated(reason):
    return StatedReason(key=reason.value, text=REASON_INFO[reason].notice_wording)


def other(text):
    return StatedReason(key="other:x", text=text)


def is_on_merits(case):
    return bool(case.notice.reasons) and case.record.path is not DecisionPath.INCOMPLETENESS


def c6_many(case, change, _):
    reasons = tuple(map(stated, REASONS[:7]))
    for num_reasons in (5, 6, 7):
        for cause in (None, "", "  "):
            yield change(reasons=reasons[:num_reasons], record_more_than_four_cause=cause)


def c7_insufficient(case, change, _):
    for text in INSUFFICIENT:
        yield change(reasons=(*case.notice.reasons, other(text)))
    for reason in case.notice.reasons[:1]:
        for text in (f"{reason.text} under our policy", f"{reason.text}: score too low"):
            yield change(reasons=(replace(reason, text=text), *case.notice.reasons[1:]))


def c7_unknown_key(case, change, _):
    for key in ("", "no_such_reason", "other", "other:", "C-1:24", "BANKRUPTCY"):
        reason = StatedReason(key=key, text="Bankruptcy")
        yield change(reasons=(*case.notice.reasons, reason))


def c8_prohibited(case, change, _):
    for text in PROHIBITED:
        yield change(reasons=(other(text), *case.notice.reasons))
        yield change(action=replace(case.notice.action, description=text))
        yield change(transaction=replace(case.notice.transaction, description=text))


def c8_terms(case, change, _):
    offer = case.notice.counteroffer
    if offer is not None:
        for text in PROHIBITED:
            terms = (*offer.terms, replace(offer.terms[0], label="Condition", value=text))
            yield change(counteroffer=replace(offer, terms=terms))


def c9_not_used(case, change, _):
    if is_on_merits(case):
        used = {f.reason_key for f in (*case.record.factors, *case.record.fired_rules)}
        for reason in REASONS:
            if reason.value not in used:
                yield change(reasons=(*case.notice.reasons, stated(reason)))
                yield change(reasons=(stated(reason), *case.notice.reasons[1:]))


def c9_helped(case, change, _):
    for factor in case.record.factors if is_on_merits(case) else ():
        if factor.adverse_contribution < 0:
            helpful = StatedReason(key=factor.reason_key, text="t")
            yield change(reasons=(*case.notice.reasons, helpful))
    if is_on_merits(case) and not case.record.fired_rules:
        turned = tuple(
            replace(f, adverse_contribution=-f.adverse_contribution) for f in case.record.factors
        )
        yield change(record_factors=turned)
        yield change(record_factors=())


def c9_other_words(case, change, _):
    for position, reason in enumerate(case.notice.reasons):
        if reason.reason is None:
            changed = list(case.notice.reasons)
            changed[position] = replace(reason, text="Condition of the roof")
            yield change(reasons=tuple(changed))


def c10_left_out(case, change, _):
    if is_on_merits(case) and len(case.notice.reasons) > 1:
        confirmed = set(case.record.principal_reason_keys)
        for reason in case.notice.reasons:
            if reason.key in confirmed:
                left = tuple(r for r in case.notice.reasons if r != reason)
                yield change(reasons=left)


def c10_skipped(case, change, _):
    if not is_on_merits(case):
        return
    scored = [f for f in case.record.factors if f.source is FactorSource.SCORE]
    if case.record.path is DecisionPath.SCORE and len({f.reason_key for f in scored}) > 3:
        keys = list(dict.fromkeys(f.reason_key for f in scored if f.adverse_contribution > 0))
        for lowest in range(1, len(keys)):
            only = (StatedReason(key=keys[lowest], text="t"),)
            yield change(reasons=only, record_principal_reason_keys=())


def c11_unstated_rule(case, change, _):
    if is_on_merits(case):
        named = {reason.key for reason in case.notice.reasons}
        for reason in REASONS[:12]:
            if reason.value not in named:
                rule = FiredRule(rule_id="r", reason_key=reason.value)
                yield change(record_fired_rules=(*case.record.fired_rules, rule))
        for rule in case.record.fired_rules:
            left = tuple(r for r in case.notice.reasons if r.key != rule.reason_key)
            if left:
                yield change(reasons=left)


def c11_rule_without_reason(case, change, _):
    nameless = FiredRule(rule_id="r", reason_key=None)
    yield change(record_fired_rules=(*case.record.fired_rules, nameless))


def c12_another_path(case, change, _):
    if is_on_merits(case):
        for path in {None, *DecisionPath} - {case.record.path, DecisionPath.INCOMPLETENESS}:
            yield change(record_path=path)


def c12_another_source(case, change, _):
    swap = {
        FactorSource.SCORE: FactorSource.JUDGMENT,
        FactorSource.JUDGMENT: FactorSource.SCORE,
    }
    if is_on_merits(case) and case.record.path in {DecisionPath.SCORE, DecisionPath.JUDGMENTAL}:
        turned = tuple(replace(f, source=swap[f.source]) for f in case.record.factors)
        yield change(record_factors=turned)


def c13_not_alone(case, change, _):
    if case.notice.reasons:
        missing = (MissingItem(name="Pay statement", applicant_can_supply=True),)
        merits = is_on_merits(case)
        extra = (INCOMPLETE,) if merits else (stated(REASONS[0]),)
        yield change(reasons=(*case.notice.reasons, *extra), record_missing_items=missing)
        if merits:
            yield change(reasons=(INCOMPLETE,), record_missing_items=missing)
            yield change(record_path=DecisionPath.INCOMPLETENESS, record_missing_items=missing)


def c13_not_curable(case, change, _):
    if case.record.path is DecisionPath.INCOMPLETENESS:
        yield change(record_missing_items=())
        incurable = MissingItem(name="Credit file of the bureau", applicant_can_supply=False)
        yield change(record_missing_items=(incurable,))


def c14_generic(case, change, _):
    for text in GENERIC:
        yield change(reasons=(*case.notice.reasons, other(text)))


def c15_twice(case, change, _):
    for reason in case.notice.reasons:
        yield change(reasons=(*case.notice.reasons, reason))
        yield change(reasons=(*case.notice.reasons, replace(reason, key="other:again")))


def c15_other_words(case, change, broken):
    for position, reason in enumerate(case.notice.reasons):
        if reason.reason is not None:
            texts = [reason.text.upper(), f"{reason.text}.", f"Too low: {reason.text}"]
            texts += broken(f"{reason.text} of you")[:3]
            for text in texts:
                changed = list(case.notice.reasons)
                changed[position] = replace(reason, text=text)
                yield change(reasons=tuple(changed))


def c15_unapproved_language(case, change, _):
    yield change(language=Language.SPANISH, english_notice_id="e", record_stored_notice_ids=("e",))


RULES = {
    "C6": [c6_many],
    "C7": [c7_insufficient, c7_unknown_key],
    "C8": [c8_prohibited, c8_terms],
    "C9": [c9_not_used, c9_helped, c9_other_words],
    "C10": [c10_left_out, c10_skipped],
    "C11": [c11_unstated_rule, c11_rule_without_reason],
    "C12": [c12_another_path, c12_another_source],
    "C13": [c13_not_alone, c13_not_curable],
    "C14": [c14_generic],
    "C15": [c15_twice, c15_other_words, c15_unapproved_language],
}


@pytest.mark.parametrize("check_id", RULES)
def test_every_broken_notice_is_caught_by_its_own_check(check_id, detect):
    assert detect(check_id, RULES[check_id]) == []
