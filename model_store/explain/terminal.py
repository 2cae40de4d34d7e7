"""An explanation in a terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from data_pipeline.domain.taxonomy import REASON_INFO
from model_store.explain.explainer import Explanation, ReasonExplanation
from model_store.explain.highlights import highlights
from model_store.predictor import ReasonPrediction

REVIEW_TITLE = "For a person to accept or dismiss"
REVIEW_NOTE = (
    "Neither stated nor ruled out. The quotes are what the model points at; "
    "what leaving them out does is not shown."
)

_STYLES = ("black on yellow", "black on cyan", "black on green", "white on magenta")
_CONTROLS = {*range(32), *range(127, 160)} - {ord("\t"), ord("\n")}
_DIRECTIONS = {0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
_UNSEEN = dict.fromkeys(_CONTROLS | _DIRECTIONS, "\ufffd")


def print_explanation(console: Console, text: str, explanation: Explanation) -> None:
    """Prints a text with its quotes highlighted and numbered, and what each reason rests on.

    Control characters of the text and marks that turn its direction are shown as U+FFFD: a text
    must not steer the terminal.

    Args:
        console: where to.
        text: the text as submitted.
        explanation: of this text.
    """
    console.print(_highlighted(text, explanation))
    console.print()
    if not explanation.reasons:
        console.print("No principal reason is stated.")
    else:
        console.print(_table(explanation))
    if explanation.prediction.review_reasons:
        console.print(_review_table(explanation.prediction.review_reasons))
    console.print(f"Risk of default within 12 months: {explanation.prediction.risk_score:.1f} %")
    console.print(f"Model {explanation.prediction.model_version}, method {explanation.method}")


def without_fall(reason: ReasonExplanation) -> str:
    """Says in words what becomes of a category without the quotes of its reason."""
    share = f"{100 * reason.category_probability_without:.0f} %"
    if reason.is_below_threshold_without:
        return f"falls to {share}, no longer stated"
    return f"is {share}, still stated: these quotes are not all of it"


def _highlighted(text: str, explanation: Explanation) -> Text:
    shown = Text()
    for stretch in highlights(text, explanation):
        content = _seen(stretch.text)
        if not stretch.reasons:
            shown.append(content)
            continue
        shown.append(content, style=_STYLES[stretch.reasons[0] % len(_STYLES)])
        shown.append(f"[{','.join(str(position + 1) for position in stretch.reasons)}]", "bold")
    return shown


def _table(explanation: Explanation) -> Table:
    table = Table(title="Principal reasons")
    for heading in ("", "reason", "probability", "quotes (logits they add)", "without the quotes"):
        table.add_column(heading)
    for number, reason in enumerate(explanation.reasons, start=1):
        quotes = "\n".join(f"{_seen(s.quote)} ({s.effect_logit:+.2f})" for s in reason.spans)
        table.add_row(
            str(number),
            REASON_INFO[reason.reason].notice_wording,
            f"{100 * reason.probability:.0f} %",
            Text(quotes or "none"),
            without_fall(reason),
        )
    return table


def _review_table(reasons: Sequence[ReasonPrediction]) -> Table:
    table = Table(title=REVIEW_TITLE, caption=REVIEW_NOTE)
    for heading in ("reason", "probability", "quotes"):
        table.add_column(heading)
    for reason in reasons:
        quotes = "\n".join(_seen(found.quote) for found in reason.evidence)
        table.add_row(
            REASON_INFO[reason.reason].notice_wording,
            f"{100 * reason.probability:.0f} %",
            Text(quotes or "none"),
        )
    return table


def _seen(text: str) -> str:
    readable = text.replace("\r\n", "\n").translate(_UNSEEN)
    return readable.encode("utf-8", "replace").decode("utf-8")
