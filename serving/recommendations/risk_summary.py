"""A risk summary a person can read, put together from facts and evidence by fixed templates.

Nothing is written freely: every sentence is one of `TEMPLATES` with names, figures and quotes of
the file in it. It is for the creditor's people, not for the applicant: it quotes the application.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from data_pipeline.domain.application import FIELD_NAMES, LoanApplication
from data_pipeline.domain.rendering import render_text
from data_pipeline.domain.taxonomy import CATEGORY_INFO, REASON_INFO, DenialCategory
from serving.borderline import RISK_BAND
from serving.cases.decisions import AssessedReason, Assessment, PopulationComparison
from serving.notices.wording import day

TEMPLATES: dict[str, str] = {
    "risk": "The model puts the chance of default in the next 12 months at {percent} percent.",
    "band": "Our policy calls that risk {band}.",
    "overdue": "This model was due to be checked anew by {day}. Tell the people who keep it.",
    "by_hand": "A person read this file without the model.",
    "no_reason": "The model names no reason to refuse.",
    "one_reason": "The model names one main reason.",
    "reasons": "The model names {count} main reasons.",
    "reason": "{reason}.",
    "quotes": "The file says: {quotes}.",
    "no_quote": "No single passage stands out.",
    "one_review": "One more reason is open. A person must accept or dismiss it.",
    "reviews": "{count} more reasons are open. A person must accept or dismiss each one.",
    "borderline": "A second reading could go the other way on: {which}.",
    "beside": "Next to {whom}, the file is weakest on: {which}.",
    "by_hand_closing": "A person decides.",
    "closing": "The model gives advice. A person decides.",
}
"""Every sentence a summary may hold."""

_POPULATIONS = {
    "slightly_above_approval": "files that the model just lets pass",
    "all_applicants": "all files measured",
}

_MAX_QUOTES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskSummary:
    """What is known of an application, in sentences.

    Attributes:
        facts: the fields given, one "Label: value" line each.
        sentences: from the risk to who decides.
    """

    facts: tuple[str, ...]
    sentences: tuple[str, ...]


def summarise(
    application: LoanApplication,
    assessment: Assessment,
    *,
    band: str | None,
    overdue_since: date | None = None,
) -> RiskSummary:
    """Returns the summary of an assessed application.

    Args:
        application: what was assessed.
        assessment: what was found.
        band: the policy's name for the risk score; None without a score.
        overdue_since: the day by which the model was to be validated anew; None where it is not.
    """
    sentences = _sentences(assessment, band)
    if overdue_since is not None and assessment.model_version is not None:
        sentences.insert(-1, TEMPLATES["overdue"].format(day=day(overdue_since)))
    return RiskSummary(facts=_facts(application), sentences=tuple(sentences))


def _facts(application: LoanApplication) -> tuple[str, ...]:
    if all(getattr(application, name) is None for name in FIELD_NAMES if name != "text"):
        return ()
    return tuple(render_text(replace(application, text=None)).splitlines())


def _sentences(found: Assessment, band: str | None) -> list[str]:
    if found.risk_score is None:
        return [TEMPLATES["by_hand"], TEMPLATES["by_hand_closing"]]
    return [
        *_risk(found.risk_score, band),
        *_counted(found.principal_reasons, none="no_reason", one="one_reason", many="reasons"),
        *_told(found.principal_reasons),
        *_counted(found.review_reasons, none=None, one="one_review", many="reviews"),
        *_told(found.review_reasons),
        *_borderline(found.borderline),
        *_beside(found.comparisons),
        TEMPLATES["closing"],
    ]


def _risk(risk_score: float, band: str | None) -> list[str]:
    told = [TEMPLATES["risk"].format(percent=f"{risk_score:.1f}")]
    return [*told, TEMPLATES["band"].format(band=band)] if band else told


def _counted(
    reasons: Sequence[AssessedReason], *, none: str | None, one: str, many: str
) -> list[str]:
    if not reasons:
        return [TEMPLATES[none]] if none else []
    return [TEMPLATES[one] if len(reasons) == 1 else TEMPLATES[many].format(count=len(reasons))]


def _told(reasons: Sequence[AssessedReason]) -> list[str]:
    return [
        " ".join(
            (
                TEMPLATES["reason"].format(reason=REASON_INFO[found.reason].notice_wording),
                _quotes(found),
            )
        )
        for found in reasons
    ]


def _borderline(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    which = ", ".join(
        "the risk band" if name == RISK_BAND else CATEGORY_INFO[DenialCategory(name)].title.lower()
        for name in names
    )
    return [TEMPLATES["borderline"].format(which=which)]


def _beside(comparisons: Sequence[PopulationComparison]) -> list[str]:
    return [
        TEMPLATES["beside"].format(
            whom=_POPULATIONS[found.population],
            which=", ".join(CATEGORY_INFO[each].title.lower() for each in found.furthest),
        )
        for found in comparisons
        if found.furthest
    ]


def _quotes(found: AssessedReason) -> str:
    if not found.evidence:
        return TEMPLATES["no_quote"]
    quoted = (" ".join(span.quote.split()) for span in found.evidence[:_MAX_QUOTES])
    return TEMPLATES["quotes"].format(quotes=", ".join(f"“{quote}”" for quote in quoted))
