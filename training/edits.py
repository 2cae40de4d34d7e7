"""Stretches of a text replaced, and its labelled quotes moved along."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from data_pipeline.examples import EvidenceSpan, Example


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Replaces a stretch of a text.

    Attributes:
        start: first code point.
        end: one past the last.
        text: what stands there instead.
    """

    start: int
    end: int
    text: str


def edited(example: Example, edits: Sequence[Edit]) -> Example:
    """Returns an example after edits, which are in order and do not overlap, its quotes moved."""
    pieces, position = [], 0
    for edit in edits:
        pieces += [example.text[position : edit.start], edit.text]
        position = edit.end
    pieces.append(example.text[position:])
    evidence = [
        replace(span, start=_moved(span.start, edits), end=_moved(span.end, edits, end=True))
        for span in example.evidence
    ]
    return replace(example, text="".join(pieces), evidence=in_order(evidence))


def _moved(position: int, edits: Sequence[Edit], *, end: bool = False) -> int:
    """Where a position is after the edits; one inside an edit goes to its start, or its end."""
    shift = 0
    for edit in edits:
        if edit.end <= position:
            shift += len(edit.text) - (edit.end - edit.start)
        elif edit.start < position:
            return edit.start + shift + (len(edit.text) if end else 0)
        else:
            break
    return position + shift


def in_order(spans: Iterable[EvidenceSpan]) -> tuple[EvidenceSpan, ...]:
    """Returns quotes in the order in which they stand."""
    return tuple(sorted(spans, key=lambda span: (span.start, span.end, span.category_index)))
