"""Principal reasons from the decision record, and the HMDA codes that follow from them.

Source: comments 9(b)(2)-1 to -8; 12 CFR 1003.4(a)(16).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from data_pipeline.domain.taxonomy import REASON_INFO, DenialReason
from serving.notices.errors import ReasonsError
from serving.notices.notice import OTHER_PREFIX, Language, StatedReason
from serving.notices.record import DecisionPath, DecisionRecord, Factor, FactorSource, HmdaReport
from serving.notices.substance import names_a_factor
from serving.notices.wording import reason_text

INCOMPLETE_KEY = DenialReason.CREDIT_APPLICATION_INCOMPLETE.value
FEW_REASONS = 4
MIN_SPECIFIC_WORDS = 3
HMDA_OTHER = 9
HMDA_NOT_APPLICABLE = 10
HMDA_EXEMPT = 1111
HMDA_MAX_CODES = 4
HMDA_TEXT_LENGTH = 255

_DENIED_ACTIONS = frozenset({3, 7})
_OTHER_ACTIONS = frozenset({1, 2, 4, 5, 6, 8})
_REASON_CODES = frozenset(range(1, 10))

SOURCES_OF_PATH: dict[DecisionPath, frozenset[FactorSource]] = {
    DecisionPath.SCORE: frozenset({FactorSource.SCORE, FactorSource.RULE}),
    DecisionPath.JUDGMENTAL: frozenset({FactorSource.JUDGMENT, FactorSource.RULE}),
    DecisionPath.BOTH: frozenset(FactorSource),
    DecisionPath.AUTO_RULE: frozenset({FactorSource.RULE}),
    DecisionPath.INCOMPLETENESS: frozenset(),
}
"""Where the reasons of each path may come from; a rule that fired is disclosed in any path.

Source: comments 9(b)(2)-4, -6, -7 and -8.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonFamily:
    """All factors of one source that stand for the same reason.

    Attributes:
        key: the reason.
        source: the component that considered them.
        adverse_contribution: the signed sum of its factors; above 0 counts against the applicant.
        position: from 1, the most adverse family of its source.
        specific_text: the statement of a reason outside the taxonomy, where one is recorded.
    """

    key: str
    source: FactorSource
    adverse_contribution: float
    position: int
    specific_text: str | None

    @property
    def is_adverse(self) -> bool:
        """Whether the family counted against this applicant."""
        return self.adverse_contribution > 0


def _factors(record: DecisionRecord) -> list[Factor]:
    rules = [
        Factor(
            factor_id=rule.rule_id,
            reason_key=rule.reason_key,
            source=FactorSource.RULE,
            adverse_contribution=1.0,
            rank=rank,
            specific_text=rule.specific_text,
        )
        for rank, rule in enumerate(record.fired_rules, start=1)
        if rule.reason_key is not None
    ]
    return [*rules, *(f for f in record.factors if f.source is not FactorSource.RULE)]


def _families_of_source(factors: list[Factor], source: FactorSource) -> list[ReasonFamily]:
    members: dict[str, list[Factor]] = {}
    for factor in factors:
        members.setdefault(factor.reason_key, []).append(factor)
    totals = {key: sum(f.adverse_contribution for f in group) for key, group in members.items()}
    best = {key: min(f.rank for f in group) for key, group in members.items()}
    by_total = source is FactorSource.SCORE

    def order(key: str) -> tuple[bool, float, int]:
        return totals[key] <= 0, -totals[key] if by_total else 0.0, best[key]

    return [
        ReasonFamily(
            key=key,
            source=source,
            adverse_contribution=totals[key],
            position=position,
            specific_text=next((f.specific_text for f in members[key] if f.specific_text), None),
        )
        for position, key in enumerate(sorted(members, key=order), start=1)
    ]


def merge_families(record: DecisionRecord) -> tuple[ReasonFamily, ...]:
    """Merges factors that stand for the same reason, source by source, most adverse first.

    Scored families are ordered by the sum of their contributions, reviewed ones by the rank that
    the person gave; a fired rule is a family of its own source.
    """
    factors = _factors(record)
    return tuple(
        family
        for source in (FactorSource.RULE, FactorSource.SCORE, FactorSource.JUDGMENT)
        for family in _families_of_source([f for f in factors if f.source is source], source)
    )


def statable_families(record: DecisionRecord) -> tuple[ReasonFamily, ...]:
    """Returns the adverse families of the component that the applicant failed."""
    allowed = SOURCES_OF_PATH[record.path] if record.path else frozenset()
    return tuple(f for f in merge_families(record) if f.source in allowed and f.is_adverse)


def select_principal_reasons(
    record: DecisionRecord, *, language: Language = Language.ENGLISH
) -> tuple[StatedReason, ...]:
    """Returns what the notice must state: fired rules, then the principal reasons as confirmed.

    More than four are returned when the record holds more: none may be left out.

    Raises:
        ReasonsError: nothing is confirmed, or a confirmed reason is not an adverse factor of the
            component that decided, or a reason outside the taxonomy has no text.
        LanguageError: the language has no approved texts.
    """
    if record.path is DecisionPath.INCOMPLETENESS:
        return (_stated(INCOMPLETE_KEY, None, language),)
    families = statable_families(record)
    texts = {family.key: family.specific_text for family in families}
    required = set(record.principal_reason_keys)
    if unknown := sorted(required - texts.keys()):
        raise ReasonsError(
            f"principal_reason_keys names {unknown[0]!r}, which is no adverse factor of the "
            "component that decided: expected factors actually used (comment 9(b)(2)-2)"
        )
    required |= {family.key for family in families if family.source is FactorSource.RULE}
    if not required:
        raise ReasonsError(
            "principal_reason_keys is empty and no rule fired: expected at least one confirmed "
            "reason (12 CFR 1002.9(b)(2)); record the principal reasons first"
        )
    confirmed = {key: place for place, key in enumerate(record.principal_reason_keys)}
    fired = {family.key for family in families if family.source is FactorSource.RULE}
    keys = sorted(
        (key for key in texts if key in required),
        key=lambda key: -1 if key in fired else confirmed[key],
    )
    return tuple(_stated(key, texts[key], language) for key in keys)


def _stated(key: str, specific_text: str | None, language: Language) -> StatedReason:
    if key in set(DenialReason):
        return StatedReason(key=key, text=reason_text(DenialReason(key), language))
    if not key.startswith(OTHER_PREFIX) or not specific_text:
        raise ReasonsError(
            f"reason {key!r} is not in the taxonomy and has no specific text: expected the "
            "appropriate explanation (12 CFR 1002, Appendix C, paragraph 4)"
        )
    return StatedReason(key=key, text=specific_text)


def is_specific(text: str, *, beside: Collection[str] = ()) -> bool:
    """Whether the text of an "other" reason explains something: three words, one of them a factor.

    Args:
        text: what is stated as a reason.
        beside: names that explain nothing, such as those of the reporting agencies.

    Source: 12 CFR 1002, Appendix C, paragraph 4.
    """
    words = [word for word in text.split() if any(map(str.isalpha, word))]
    return len(words) >= MIN_SPECIFIC_WORDS and names_a_factor(text, beside=beside)


def derive_hmda_codes(reasons: Iterable[StatedReason]) -> tuple[int, ...]:
    """Returns up to four denial reason codes, each once, in the order of the reasons.

    A reason of the taxonomy has its code in whatever words it is stated.

    Source: 12 CFR 1003.4(a)(16), comments 1 and 3.
    """
    known = [reason.taxonomy_reason for reason in reasons]
    codes = [REASON_INFO[reason].hmda_code if reason else HMDA_OTHER for reason in known]
    return tuple(dict.fromkeys(codes))[:HMDA_MAX_CODES]


def derive_hmda_text(reasons: Iterable[StatedReason]) -> str | None:
    """Returns the free-form text that goes with code 9; None where that code is not reported."""
    reasons = tuple(reasons)
    if HMDA_OTHER not in derive_hmda_codes(reasons):
        return None
    stated = [r.text for r in reasons if derive_hmda_codes([r]) == (HMDA_OTHER,)]
    return "; ".join(stated)[:HMDA_TEXT_LENGTH]


def failed_hmda_edits(report: HmdaReport) -> tuple[str, ...]:
    """Returns the edits that a report fails, in order; empty when it passes.

    Source: edits V669-1 to -4, V670-1 to -4, V671-1 and -2 of the HMDA filing instructions.
    """
    codes = report.denial_reasons
    first, rest = (codes[0] if codes else None), codes[1:]
    is_reason = first in _REASON_CODES
    stands_alone = first in {HMDA_NOT_APPLICABLE, HMDA_EXEMPT}
    has_text = bool(report.other_text and report.other_text.strip())
    failures = {
        "V669-1": not (is_reason or stands_alone),
        "V669-2": len(codes) > HMDA_MAX_CODES or any(code not in _REASON_CODES for code in rest),
        "V669-3": len(set(codes)) != len(codes),
        "V669-4": stands_alone and bool(rest),
        "V670-1": report.action_taken in _DENIED_ACTIONS
        and not (is_reason or first == HMDA_EXEMPT),
        "V670-2": is_reason and report.action_taken not in _DENIED_ACTIONS,
        "V670-3": report.action_taken in _OTHER_ACTIONS and not stands_alone,
        "V670-4": first == HMDA_NOT_APPLICABLE and report.action_taken not in _OTHER_ACTIONS,
        "V671-1": HMDA_OTHER in codes and not has_text,
        "V671-2": has_text and HMDA_OTHER not in codes,
    }
    return tuple(name for name, failed in failures.items() if failed)
