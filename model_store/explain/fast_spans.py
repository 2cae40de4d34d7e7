"""`fast` spans: only what the evidence head proposes is left out, all in one ragged batch.

Where some of it speaks against the reason, the rest is left out together once more.
"""

from collections.abc import Sequence

from model_store.evidence import token_budget
from model_store.explain.layout import Layout, Unit
from model_store.explain.omission import Omissions, drop_of
from model_store.explain.proposals import leading_clauses, proposed_quotes
from model_store.explain.spans import Carried, Question, alone, carried_by
from model_store.predictor import ReadText


def fast_spans(
    omissions: Omissions,
    text: ReadText,
    layout: Layout,
    questions: Sequence[Question],
    *,
    clauses: Sequence[Unit] = (),
) -> list[Carried]:
    """Returns the quotes of each reason among what the evidence head proposes.

    Args:
        omissions: answers of the text.
        text: the text.
        layout: its clauses.
        questions: the reasons.
        clauses: clauses to be left out in the same batch, for whoever asks for them next.
    """
    budget = token_budget(len(text.tokens.ids))
    proposals = [
        proposed_quotes(
            omissions,
            text,
            layout,
            category=question.category,
            threshold=question.evidence_threshold,
            budget=budget,
        )
        for question in questions
    ]
    tried = [drop for units in proposals for drop in [*alone(units), drop_of(units)]]
    omissions.without([*alone(clauses), *tried])
    return [
        _decided(omissions, question, units)
        for question, units in zip(questions, proposals, strict=True)
    ]


def proposed_clauses(
    omissions: Omissions, layout: Layout, questions: Sequence[Question]
) -> tuple[Unit, ...]:
    """Returns the clauses that the evidence head proposes for any of the reasons, in order."""
    chosen = {
        position
        for question in questions
        for position in leading_clauses(omissions, layout, question.category)
    }
    return tuple(layout.clauses[position] for position in sorted(chosen))


def _decided(omissions: Omissions, question: Question, units: Sequence[Unit]) -> Carried:
    """All that were proposed and speak for the reason; the best one where none does."""
    if not units:
        return carried_by(omissions, question, ())
    effect_K = omissions.effects(alone(units))[:, question.target]
    speaking = [unit for unit, effect in zip(units, effect_K, strict=True) if effect > 0]
    return carried_by(omissions, question, speaking or [units[int(effect_K.argmax())]])
