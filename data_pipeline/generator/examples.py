"""Training examples from synthetic files."""

from collections.abc import Iterable, Iterator, Sequence

from data_pipeline.domain.masking import MaskedText, mask
from data_pipeline.domain.rendering import render_text
from data_pipeline.domain.taxonomy import CATEGORIES, REASONS
from data_pipeline.examples import EvidenceSpan, Example, masked_span
from data_pipeline.generator.applications import application_of
from data_pipeline.generator.simulation import SyntheticFile


def examples_from_simulation(
    files: Iterable[SyntheticFile], *, with_fields: bool = False
) -> Iterator[Example]:
    """Yields one fully labelled example per synthetic file, in order.

    Categories that a decision states by chance are labels too, without evidence, as a lender's
    records would have them. The risk is the true probability, not the outcome. The author is the
    family, so that a split by author is one by family.

    Args:
        files: synthetic files.
        with_fields: whether the application's fields are rendered behind the text.
    """
    return (_example(file, with_fields=with_fields) for file in files)


def _example(file: SyntheticFile, *, with_fields: bool) -> Example:
    rendered = file.text
    if with_fields:
        rendered = render_text(application_of(file.applicant, text=file.text))
    masked = mask(rendered)
    return Example(
        id=file.id,
        group=file.id,
        author=f"simulator-{file.family}",
        product=file.applicant.request.product.value,
        style=file.family,
        text=masked.text,
        category_targets=_indicators(file.categories, labels=CATEGORIES),
        coarse_sets=(),
        reason_targets=_indicators(file.reasons, labels=REASONS),
        category_order=tuple(CATEGORIES.index(category) for category in file.categories),
        risk_probability=file.default_probability,
        evidence=_evidence_spans(file, masked=masked),
    )


def _indicators(held: Sequence[str], *, labels: Sequence[str]) -> tuple[float, ...]:
    return tuple(float(label in held) for label in labels)


def _evidence_spans(file: SyntheticFile, *, masked: MaskedText) -> tuple[EvidenceSpan, ...]:
    spans = {
        (*masked_span(masked, evidence.start, evidence.end), CATEGORIES.index(evidence.category))
        for evidence in file.evidence
    }
    return tuple(
        EvidenceSpan(start=start, end=end, category_index=index)
        for start, end, index in sorted(spans)
    )
