"""`fast` spans: what the evidence head proposes, as far as it says something by itself.

Each clause and each proposed quote is read alone, and the text once without all quotes of a reason.
That is one ragged batch of about two texts' tokens, whatever the number of clauses: leaving each
clause out instead, as `exact` does, takes as many texts as there are clauses. What a clause says
alone ranks clauses much as their omission does, and better than what the evidence head gives them.
"""

from collections.abc import Sequence

import numpy as np

from model_store.evidence import token_budget
from model_store.explain.layout import Layout, Unit
from model_store.explain.omission import Omissions, drop_of, drops_of_each
from model_store.explain.proposals import proposed_quotes
from model_store.explain.spans import Carried, Question, carried_by
from model_store.predictor import ReadText


def fast_spans(
    omissions: Omissions, text: ReadText, layout: Layout, questions: Sequence[Question]
) -> list[Carried]:
    """Returns the quotes of each reason among what the evidence head proposes.

    Args:
        omissions: answers of the text; those of its clauses alone are asked for in the same batch.
        text: the text.
        layout: its clauses.
        questions: the reasons.
    """
    if not questions:
        return []
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
    read_alone = [*layout.clauses, *(unit for units in proposals for unit in units)]
    omissions.prepare([drop_of(units) for units in proposals], units=read_alone)
    return [
        _decided(omissions, question, units)
        for question, units in zip(questions, proposals, strict=True)
    ]


def _decided(omissions: Omissions, question: Question, units: Sequence[Unit]) -> Carried:
    """Of what was proposed all that speaks for the reason alone; else what tells most.

    Where the reason loses nothing without all of it, what it loses most by: a stretch can speak for
    a reason by itself and against it where it stands.
    """
    gain_K = omissions.gains(units)[:, question.target]
    chosen = np.flatnonzero(gain_K > 0) if (gain_K > 0).any() else np.argsort(-gain_K)[:1]
    quoted = [units[k] for k in chosen]
    if units and omissions.effects([drop_of(quoted)])[0, question.target] <= 0:
        chosen = np.argsort(-omissions.effects(drops_of_each(units))[:, question.target])[:1]
        quoted = [units[k] for k in chosen]
    return carried_by(omissions, question, quoted, gain_K[chosen])
