"""The figures of a faithfulness report: what each one is and which value is asked of it.

Source of the values asked: the project's own requirements, set before anything was measured.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["mean", "p95"]
Part = Literal["labelled", "simulated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FaithfulnessFigure:
    """A figure.

    Attributes:
        name: its key in JSON.
        title: its name for people.
        group: the section of the report that it stands in.
        meaning: what it is, in a sentence.
        part: the texts that it is measured on.
        kind: a mean over what the texts hold, or their 95th percentile.
        unit: "share" is shown in percent, "number" as it is.
        lower_is_better: whether a lower value is better.
        binding: the value asked for; None for a figure that is shown to compare with.
        goal: the value hoped for; None likewise.
        is_compared: whether a promotion compares it with the champion's.
    """

    name: str
    title: str
    group: str
    meaning: str
    part: Part = "labelled"
    kind: Kind = "mean"
    unit: Literal["share", "number"] = "share"
    lower_is_better: bool = False
    binding: float | None = None
    goal: float | None = None
    is_compared: bool = False

    def is_met(self, value: float) -> bool | None:
        """Tells whether a value is what is asked for; None where nothing is."""
        if self.binding is None:
            return None
        return value <= self.binding if self.lower_is_better else value >= self.binding


ORDERINGS = {
    "exact": "exact",
    "omission": "omission alone",
    "fast": "fast",
    "evidence_head": "evidence head",
    "attention": "attention",
    "random": "random",
}
"""Ways of ranking clauses, by name, with their words for people."""

EDITS = {"reworded": "words written short or in full", "irrelevant": "an irrelevant sentence added"}
"""Changes of a text that leave its decision as it is."""

_QUOTES = "Quotes against labelled ones"
_ORDERS = "Orderings of clauses"
_FLIPS = "Flip test"
_PLANTED = "Planted causes of the simulator"
_AGREEMENT = "Agreement of methods"
_STABILITY = "Stability"
_SUMS = "Do attributions add up?"
_REPLAY = "Replay"


def _quotes(method: str, words: str) -> tuple[FaithfulnessFigure, ...]:
    is_served = method in ("fast", "exact")
    unquoted = "neither stated nor left for review" if method == "shown" else "not stated"

    def figure(
        name: str, title: str, meaning: str, binding: float, goal: float
    ) -> FaithfulnessFigure:
        return FaithfulnessFigure(
            name=f"quote_{name}_{method}",
            title=f"{title}, {words}",
            group=_QUOTES,
            meaning=f"{meaning} A category that is {unquoted} counts as missed.",
            binding=binding if is_served else None,
            goal=goal if is_served else None,
            is_compared=is_served and name != "any_hit",
        )

    return (
        figure(
            "top_hit",
            "Top quote hits",
            "Share of the labelled categories whose first quote overlaps a labelled quote.",
            0.70,
            0.85,
        ),
        figure(
            "any_hit",
            "Any of three quotes hits",
            "The same for any of the first three quotes.",
            0.85,
            0.95,
        ),
        figure(
            "word_f1",
            "F1 of words",
            "Mean harmonic mean of precision and recall, in words, of the first three quotes.",
            0.45,
            0.60,
        ),
    )


def _orders(method: str, words: str) -> tuple[FaithfulnessFigure, ...]:
    return (
        FaithfulnessFigure(
            name=f"naopc_comprehensiveness_{method}",
            title=f"Comprehensiveness, {words}",
            group=_ORDERS,
            meaning="By how much the category's logit falls while clauses are left out in this "
            "order: 1 is the best order found for the text, 0 the worst.",
            unit="number",
            binding=0.85 if method == "exact" else None,
            goal=0.95 if method == "exact" else None,
            is_compared=method in ("exact", "fast"),
        ),
        FaithfulnessFigure(
            name=f"naopc_sufficiency_{method}",
            title=f"Sufficiency, {words}",
            group=_ORDERS,
            meaning="How soon the category's logit is back while clauses are put in, in this "
            "order: 1 is the best order found for the text, 0 the worst.",
            unit="number",
            is_compared=method in ("exact", "fast"),
        ),
    )


def _flip(method: str, title: str, meaning: str, **changes: object) -> FaithfulnessFigure:
    values: dict[str, object] = {
        "name": f"flip_rate_{method}",
        "title": title,
        "group": _FLIPS,
        "meaning": meaning,
        **changes,
    }
    return FaithfulnessFigure(**values)  # type: ignore[arg-type]


def _stability(edit: str, words: str) -> tuple[FaithfulnessFigure, ...]:
    return (
        FaithfulnessFigure(
            name=f"stability_stated_{edit}",
            title=f"Still stated, {words}",
            group=_STABILITY,
            meaning="Share of the stated categories that are stated after the change as well.",
        ),
        FaithfulnessFigure(
            name=f"stability_jaccard_{edit}",
            title=f"Same clauses quoted, {words}",
            group=_STABILITY,
            meaning="Jaccard index of the clauses that “exact” quotes before and after, over the "
            "categories that are stated both times.",
            unit="number",
        ),
        FaithfulnessFigure(
            name=f"stability_rbo_{edit}",
            title=f"Same ranking, {words}",
            group=_STABILITY,
            meaning="Rank-biased overlap (persistence 0.9) of all clauses as “exact” ranks "
            "them, before and after.",
            unit="number",
        ),
    )


FAITHFULNESS_FIGURES: tuple[FaithfulnessFigure, ...] = (
    *_quotes("exact", "exact"),
    *_quotes("fast", "fast"),
    *_quotes("head", "evidence head"),
    *_quotes("shown", "“exact”, and what is left for review"),
    _flip(
        "exact",
        "Flipped without the quotes of “exact”",
        "Share of the correctly stated categories that fall below their threshold without their "
        "quotes.",
        binding=0.80,
        goal=0.90,
        is_compared=True,
    ),
    _flip(
        "fast",
        "Flipped without the quotes of “fast”",
        "The same with the quotes of “fast”.",
        binding=0.80,
        goal=0.90,
        is_compared=True,
    ),
    _flip(
        "random",
        "Flipped without random words of equal length",
        "The same with stretches of words drawn at random, as many and as long as the quotes of "
        "“exact”.",
        binding=0.15,
        lower_is_better=True,
    ),
    *(figure for name, words in ORDERINGS.items() for figure in _orders(name, words)),
    FaithfulnessFigure(
        name="planted_recall_of_best",
        title="Planted causes stated, of the best reachable",
        group=_PLANTED,
        meaning="Planted causes among the first four categories stated with a quote, as a share of "
        "those among the four likeliest of an oracle that knows all but the noise.",
        part="simulated",
        binding=0.97,
        is_compared=True,
    ),
    FaithfulnessFigure(
        name="planted_ranked_of_best",
        title="Planted causes ranked, of the best reachable",
        group=_PLANTED,
        meaning="The same among the model's four likeliest categories, stated or not.",
        part="simulated",
    ),
    FaithfulnessFigure(
        name="planted_omission",
        title="Planted causes omitted",
        group=_PLANTED,
        meaning="Share of the planted causes that do not rest on chance and are neither stated nor "
        "left for review.",
        part="simulated",
        lower_is_better=True,
        is_compared=True,
    ),
    FaithfulnessFigure(
        name="planted_quote_hit",
        title="Top quote stands on the planted cause",
        group=_PLANTED,
        meaning="Share of the planted causes stated whose first quote overlaps the words that "
        "carry them.",
        part="simulated",
        is_compared=True,
    ),
    FaithfulnessFigure(
        name="direction_errors",
        title="Direction errors",
        group=_PLANTED,
        meaning="Share of the reasons stated whose quotes, left out together, do not lower the "
        "reason.",
        part="simulated",
        lower_is_better=True,
        binding=0.0,
        is_compared=True,
    ),
    FaithfulnessFigure(
        name="rank_correlation",
        title="Rank correlation of “fast” and “exact”",
        group=_AGREEMENT,
        meaning="Spearman's correlation of all clauses as the two rank them, over correctly stated "
        "categories.",
        unit="number",
        binding=0.75,
        goal=0.90,
        is_compared=True,
    ),
    FaithfulnessFigure(
        name="rank_correlation_omission",
        title="Rank correlation of “fast” and omission alone",
        group=_AGREEMENT,
        meaning="The same with the ranking by what is lost without each clause, which is half of "
        "what “exact” ranks by; the other half is what “fast” ranks by.",
        unit="number",
    ),
    FaithfulnessFigure(
        name="methods_jaccard",
        title="Same clauses quoted by “fast” and “exact”",
        group=_AGREEMENT,
        meaning="Jaccard index of the clauses that the quotes of both stand in.",
        unit="number",
    ),
    FaithfulnessFigure(
        name="methods_rbo_shap",
        title="Ranking of “exact” and SHAP",
        group=_AGREEMENT,
        meaning="Rank-biased overlap (persistence 0.9) of the clauses as “exact” ranks "
        "them and by the sum of their words' Shapley values.",
        unit="number",
    ),
    FaithfulnessFigure(
        name="methods_rbo_gradients",
        title="Ranking of “exact” and integrated gradients",
        group=_AGREEMENT,
        meaning="The same with the sum of their words' integrated gradients.",
        unit="number",
    ),
    *(figure for name, words in EDITS.items() for figure in _stability(name, words)),
    FaithfulnessFigure(
        name="stability_jaccard_seed",
        title="Same clauses quoted, model of another seed",
        group=_STABILITY,
        meaning="Jaccard index of the clauses that “exact” quotes in this model and in one trained "
        "with another seed, over the categories that both state.",
        unit="number",
    ),
    FaithfulnessFigure(
        name="stability_rbo_seed",
        title="Same ranking, model of another seed",
        group=_STABILITY,
        meaning="Rank-biased overlap (persistence 0.9) of all clauses as “exact” ranks "
        "them in both.",
        unit="number",
    ),
    FaithfulnessFigure(
        name="gradients_gap_p95",
        title="Gap of integrated gradients, 95th percentile",
        group=_SUMS,
        meaning="Difference between the sum of the values and what they should add up to, as a "
        "share of it, where that is at least 0.5 logit.",
        kind="p95",
        lower_is_better=True,
        binding=0.05,
    ),
    FaithfulnessFigure(
        name="shap_gap_p95",
        title="Gap of SHAP, 95th percentile",
        group=_SUMS,
        meaning="The same for Shapley values.",
        kind="p95",
        lower_is_better=True,
        binding=0.05,
    ),
    FaithfulnessFigure(
        name="replay_identical",
        title="Replayed byte for byte",
        group=_REPLAY,
        meaning="Share of the texts whose explanations, fast and exact, are the same bytes when "
        "the model is loaded anew and asked again.",
        binding=1.0,
    ),
)
"""Every figure, in the order of the report."""

FAITHFULNESS_FIGURE_BY_NAME = {figure.name: figure for figure in FAITHFULNESS_FIGURES}
