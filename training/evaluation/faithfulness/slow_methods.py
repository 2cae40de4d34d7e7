"""Integrated gradients and SHAP on one text: do they add up, and agree with `exact`; replay."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict

import numpy as np

from data_pipeline.domain.taxonomy import DenialCategory
from model_store.explain.attribution import Attribution, summed
from model_store.explain.explainer import explain
from model_store.explain.gradients import MIN_DIFFERENCE_LOGIT, integrated_gradients
from model_store.explain.shapley import partition_shap
from model_store.network import Network
from model_store.predictor import Predictor
from training.evaluation.faithfulness.agreement import rank_biased_overlap
from training.evaluation.faithfulness.asked import Asked
from training.evaluation.faithfulness.orderings import exact_order
from training.evaluation.faithfulness.tally import Tally


def judge_attributions(
    predictor: Predictor,
    asked: Asked,
    categories: Sequence[DenialCategory],
    *,
    network: Network,
    num_steps: int,
    max_evaluations: int,
) -> Tally:
    """Returns gaps of integrated gradients and SHAP, and how their rankings agree with `exact`.

    Args:
        predictor: the model.
        asked: the text.
        categories: those explained; the first one's rankings are compared.
        network: the model's network, which alone has gradients.
        num_steps: points on the path of integrated gradients at first.
        max_evaluations: coalitions of SHAP.

    Raises:
        MissingExtraError: captum or shap is not installed.
    """
    if not categories:
        return Tally()
    names = [category.value for category in categories]
    made: dict[str, Callable[[], Attribution]] = {
        "gradients": lambda: integrated_gradients(
            network,
            asked.text,
            mask_id=predictor.tokenizer.mask_id,
            targets=names,
            num_steps=num_steps,
        ),
        "shap": lambda: partition_shap(
            predictor.engine, asked.text, max_evaluations=max_evaluations
        ),
    }
    tally = Tally()
    for method, make in made.items():
        found = make()
        for name in names:
            gap = relative_gap(found, name)
            if gap is not None:
                tally.note(f"{method}_gap_p95", gap)
        value_U = summed(found, asked.layout.clauses).of(names[0])
        theirs = [int(u) for u in np.argsort(-value_U, kind="stable")]
        ours = exact_order(asked, categories[0])
        tally.add(f"methods_rbo_{method}", rank_biased_overlap(ours, theirs))
    return tally


def relative_gap(attribution: Attribution, target: str) -> float | None:
    """Returns how far the values of a target are from adding up, as a share of their due sum.

    None where text and baseline differ by less than `MIN_DIFFERENCE_LOGIT`, or the method has no
    baseline.
    """
    if attribution.baseline_X is None or attribution.gap_X is None:
        return None
    column = attribution.targets.index(target)
    due = float(attribution.full_X[column] - attribution.baseline_X[column])
    if abs(due) < MIN_DIFFERENCE_LOGIT:
        return None
    return abs(float(attribution.gap_X[column])) / abs(due)


def judge_replay(first: Predictor, again: Predictor, text: str) -> Tally:
    """Returns whether two loads of one model explain a text in the same bytes.

    Args:
        first: the model, on an engine that keeps nothing.
        again: the same, loaded anew.
        text: the text.
    """
    tally = Tally()
    tally.add(
        "replay_identical", float(explained_bytes(first, text) == explained_bytes(again, text))
    )
    return tally


def explained_bytes(predictor: Predictor, text: str) -> bytes:
    """Returns the fast and exact explanations of a text as JSON, every figure in full."""
    found = [asdict(explain(predictor, text, method=method)) for method in ("fast", "exact")]
    return json.dumps(found, default=lambda array: array.tolist()).encode()
