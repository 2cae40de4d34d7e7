"""Training examples from synthetic files."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from data_pipeline.domain.masking import MaskedText, mask
from data_pipeline.domain.rendering import render_text
from data_pipeline.domain.taxonomy import (
    CATEGORIES,
    CATEGORY_REASONS,
    REASONS,
    DenialCategory,
    DenialReason,
)
from data_pipeline.examples import UNKNOWN, EvidenceSpan, Example, masked_span
from data_pipeline.generator.applications import application_of
from data_pipeline.generator.log_odds import logistic
from data_pipeline.generator.policy import MAX_REASONS
from data_pipeline.generator.simulation import PlantedEvidence, SyntheticFile


def examples_from_simulation(
    files: Iterable[SyntheticFile], *, with_fields: bool = False, softness: float | None = None
) -> Iterator[Example]:
    """Yields one fully labelled example per synthetic file, in order.

    Categories that a decision states by chance are labels too, without evidence, as a lender's
    records would have them. The risk is the true probability, not the outcome. The author is the
    family, so that a split by author is one by family.

    A decision says of a limit only whether it was passed. With a softness, the targets say how
    nearly: a category whose facts the text states holds with the chance that is the logistic of
    its severity over the softness, whatever was decided; evidence, reasons and order are then
    those of the limits passed, a reason only where it was decided.

    Args:
        files: synthetic files.
        with_fields: whether the application's fields are rendered behind the text.
        softness: in units of severity, above 0; None for the decisions as they were.
    """
    return (_example(file, with_fields=with_fields, softness=softness) for file in files)


def _example(file: SyntheticFile, *, with_fields: bool, softness: float | None) -> Example:
    rendered = file.text
    if with_fields:
        rendered = render_text(application_of(file.applicant, text=file.text))
    masked = mask(rendered)
    labels = _decided(file) if softness is None else _nearly(file, softness=softness)
    return Example(
        id=file.id,
        group=file.id,
        author=f"simulator-{file.family}",
        product=file.applicant.request.product.value,
        style=file.family,
        text=masked.text,
        category_targets=tuple(labels.chances.get(category, 0.0) for category in CATEGORIES),
        coarse_sets=(),
        reason_targets=tuple(labels.reasons.get(reason, 0.0) for reason in REASONS),
        category_order=tuple(CATEGORIES.index(category) for category in labels.order),
        risk_probability=file.default_probability,
        evidence=_evidence_spans(labels.evidence, masked=masked),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Labels:
    """What is said of one file.

    Attributes:
        chances: that a category holds; 0 for those not named.
        reasons: likewise; `UNKNOWN` where the category holds and its reason is not known.
        order: categories that hold, most severe first.
        evidence: stretches that carry them.
    """

    chances: Mapping[DenialCategory, float]
    reasons: Mapping[DenialReason, float]
    order: Sequence[DenialCategory]
    evidence: Sequence[PlantedEvidence]


def _decided(file: SyntheticFile) -> _Labels:
    return _Labels(
        chances=dict.fromkeys(file.categories, 1.0),
        reasons=dict.fromkeys(file.reasons, 1.0),
        order=file.categories,
        evidence=file.evidence,
    )


def _nearly(file: SyntheticFile, *, softness: float) -> _Labels:
    severity = dict(zip(CATEGORIES, file.severities, strict=True))
    stated = {fact.category for fact in file.facts}
    chances = {c: logistic(severity[c] / softness) for c in CATEGORIES if c in stated}
    passed = sorted((c for c in chances if severity[c] > 0), key=lambda c: -severity[c])
    decided = dict(zip(file.categories, file.reasons, strict=True))
    reasons: dict[DenialReason, float] = {}
    for category in passed:
        if category in decided:
            reasons[decided[category]] = chances[category]
        else:
            reasons |= dict.fromkeys(CATEGORY_REASONS[category], UNKNOWN)
    return _Labels(
        chances=chances,
        reasons=reasons,
        order=passed[:MAX_REASONS],
        evidence=[fact for fact in file.facts if fact.category in passed],
    )


def _evidence_spans(
    evidence: Iterable[PlantedEvidence], *, masked: MaskedText
) -> tuple[EvidenceSpan, ...]:
    spans = {
        (*masked_span(masked, planted.start, planted.end), CATEGORIES.index(planted.category))
        for planted in evidence
    }
    return tuple(
        EvidenceSpan(start=start, end=end, category_index=index)
        for start, end, index in sorted(spans)
    )
