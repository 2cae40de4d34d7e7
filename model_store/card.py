"""The model card: what a model is, what it was measured on, and what it was not."""

from model_store.manifest import Manifest

_TEMPLATE = """# {name} {version}

A multitask RoBERTa network that reads a loan application and gives the probability of 12 denial
categories and 29 reasons, a default risk score (0-100) and the words that carry each reason. It
assists a person who decides; it does not decide.

| | |
|---|---|
| made | {created}, revision {git_revision} |
| encoder | {encoder} |
| trained on | {num_train_texts} synthetic texts composed for the project |
| held out | authors {held_out_authors} |
| data digests | {data_digests} |

## Measured

{metrics}

Held-out texts also set the calibration and the thresholds, so their micro-F1 and omission rate
flatter the model a little; accuracy and AUC do not depend on them.

## Not validated on

- real applications, real decisions and real defaults: every training text is synthetic, and its
  default probability is its author's estimate;
- languages other than English, currencies other than the US dollar, law other than that of the
  United States;
- applicants by group: no measurement of fairness has been made for this model.

## Not for

Decisions without a person; reasons on a notice that a person has not confirmed.
"""


def render_card(manifest: Manifest) -> str:
    """Returns the card of a model as Markdown, made from its manifest alone."""
    config = manifest.config
    digests = ", ".join(f"{k} `{v[:12]}`" for k, v in sorted(manifest.data_digests.items()))
    return _TEMPLATE.format(
        name=manifest.name,
        version=manifest.version,
        created=manifest.created,
        git_revision=(manifest.git_revision or "unknown")[:12],
        encoder=config.get("encoder", "unknown"),
        num_train_texts=config.get("num_train_texts", "unknown"),
        held_out_authors=_listed(config.get("held_out_authors")),
        data_digests=digests or "none",
        metrics="\n\n".join(_table(k, v) for k, v in manifest.metrics.items()) or "Nothing yet.",
    )


def _table(data_set: str, figures: object) -> str:
    if not isinstance(figures, dict):
        return f"{data_set}: {figures}"
    rows = "\n".join(f"| {name} | {_figure(value)} |" for name, value in figures.items())
    return f"| {data_set} | |\n|---|---|\n{rows}"


def _figure(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _listed(value: object) -> str:
    return ", ".join(str(v) for v in value) if isinstance(value, list) and value else "none"
