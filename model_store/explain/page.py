"""An explanation as one HTML page: highlights, bars, and tables that a screen reader reads.

The page fetches nothing and runs nothing.
"""

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from data_pipeline.domain.taxonomy import CATEGORY_INFO, REASON_INFO
from model_store.explain.explainer import CLAUSE_EFFECTS, Explanation
from model_store.explain.highlights import highlights
from model_store.explain.targets import RISK, category_target
from model_store.explain.terminal import REVIEW_NOTE, REVIEW_TITLE, without_fall

NUM_COLOURS = 4
"""Colours of reasons; the number beside each quote tells them apart without colour."""


def explanation_html(text: str, explanation: Explanation, *, title: str = "Explanation") -> str:
    """Returns the page.

    Args:
        text: the text as submitted.
        explanation: of this text.
        title: heading of the page.
    """
    environment = Environment(
        loader=PackageLoader("model_store.explain"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("explanation.html.j2").render(
        title=title,
        explanation=explanation,
        stretches=list(highlights(text, explanation)),
        bars=_bars(explanation),
        clause_effect=CLAUSE_EFFECTS[explanation.method],
        reason_info=REASON_INFO,
        category_info=CATEGORY_INFO,
        without_fall=without_fall,
        review_title=REVIEW_TITLE,
        review_note=REVIEW_NOTE,
        num_colours=NUM_COLOURS,
    )
    return page.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")


def _bars(explanation: Explanation) -> list[dict[str, object]]:
    """One chart per stated category and one for the risk: clauses by the size of their effect."""
    charts: list[dict[str, object]] = []
    categories = list(dict.fromkeys(reason.category for reason in explanation.reasons))
    wanted = [(CATEGORY_INFO[c].title, category_target(c)) for c in categories]
    wanted.append(("Risk of default", explanation.clauses.targets.index(RISK)))
    for title, target in wanted:
        effect_U = explanation.clauses.value_UX[:, target]
        largest = float(max(abs(effect_U), default=0.0)) or 1.0
        order = sorted(range(len(effect_U)), key=lambda u: -abs(effect_U[u]))
        rows = [
            {
                "quote": explanation.clauses.units[u].quote,
                "field": explanation.clauses.units[u].field,
                "effect": float(effect_U[u]),
                "percent": round(100 * abs(float(effect_U[u])) / largest, 1),
            }
            for u in order
        ]
        charts.append({"title": title, "rows": rows})
    return charts
