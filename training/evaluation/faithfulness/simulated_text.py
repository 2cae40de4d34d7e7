"""What one simulated text tells: whether planted causes are stated, and quoted where they stand."""

from collections.abc import Iterator, Sequence
from itertools import count, islice

from data_pipeline.domain.application import LoanApplication
from data_pipeline.domain.rendering import render_text
from data_pipeline.domain.taxonomy import CATEGORIES, DenialCategory
from data_pipeline.generator.oracle import stated_shares
from data_pipeline.generator.simulation import (
    HELD_OUT_FAMILIES,
    SimulationSplit,
    SyntheticFile,
    simulate_file,
    split_of,
)
from model_store.explain.explainer import ReasonExplanation
from model_store.explain.targets import category_target, reason_target
from training.evaluation.faithfulness.asked import Asked, quotes_of, spans_of
from training.evaluation.faithfulness.tally import Tally
from training.evaluation.quotes import overlap_any

_MOST = 4  # as many principal reasons as a notice states


def denied_files(num_files: int, *, seed: int) -> list[SyntheticFile]:
    """Returns denied files of the held-out families, in order of their index."""
    held_out = (i for i in count() if split_of(i) is SimulationSplit.HELD_OUT)
    files = (simulate_file(index, seed=seed) for index in held_out)
    return list(islice((f for f in files if f.denied and f.family in HELD_OUT_FAMILIES), num_files))


def text_of(file: SyntheticFile) -> str:
    """Returns the text as a model is given it."""
    return render_text(LoanApplication(text=file.text))


def best_four(files: Sequence[SyntheticFile]) -> list[set[DenialCategory]]:
    """Returns the four likeliest categories of each file as an oracle sees it.

    It knows facts, limits and policy, but not the noise of the decision.
    """
    shares_NC = stated_shares([file.severities for file in files])
    return [{CATEGORIES[c] for c in (-row).argsort(kind="stable")[:_MOST]} for row in shares_NC]


def judge_simulated(asked: Asked, file: SyntheticFile, best: set[DenialCategory]) -> Tally:
    """Returns what a simulated text tells.

    Args:
        asked: the text, explained at least quickly.
        file: what is true of it.
        best: its categories by `best_four`.
    """
    tally, prediction = Tally(), asked.fast.prediction
    planted = set(file.categories)
    quoted = [c for c in asked.stated if quotes_of(asked.fast, c)][:_MOST]
    likeliest = sorted(prediction.categories, key=lambda c: -prediction.categories[c])[:_MOST]
    reachable = float(len(planted & best))
    tally.add("planted_recall_of_best", float(len(planted & set(quoted))), reachable)
    tally.add("planted_ranked_of_best", float(len(planted & set(likeliest))), reachable)
    listed = {r.category for r in (*prediction.principal_reasons, *prediction.review_reasons)}
    for category in file.causes:
        tally.add("planted_omission", float(category not in listed))
        if category in asked.stated:
            tally.add("planted_quote_hit", float(_hits(asked, file, category)))
    for is_error in _direction_errors(asked):
        tally.add("direction_errors", float(is_error))
    return tally


def _hits(asked: Asked, file: SyntheticFile, category: DenialCategory) -> bool:
    planted = [(e.start, e.end) for e in file.evidence if e.category == category]
    return any(overlap_any(span, planted) for span in spans_of(quotes_of(asked.fast, category))[:1])


def _direction_errors(asked: Asked) -> Iterator[bool]:
    """For each reason whether it stays as likely without its quotes, or becomes likelier."""
    reasons = asked.fast.reasons
    for reason in reasons:
        target = _target(reason, reasons)
        drop = asked.drop([(span.start, span.end) for span in reason.spans])
        yield bool(asked.omissions.effects([drop])[0, target] <= 0)


def _target(reason: ReasonExplanation, reasons: Sequence[ReasonExplanation]) -> int:
    """What carries a reason that is alone in its category is what carries the category."""
    alone = sum(other.category == reason.category for other in reasons) == 1
    return category_target(reason.category) if alone else reason_target(reason.reason)
