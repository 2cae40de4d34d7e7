"""The model card: what a model is, what it was measured on, and what it was not."""

from dataclasses import dataclass
from textwrap import wrap

from model_store.manifest import Manifest

_TEMPLATE = """# {name} {version}

A multitask RoBERTa network that reads a loan application and gives the probability of 12 denial
categories and 29 reasons, a default risk score (0-100) and the words that carry each reason. It
assists a person who decides; it does not decide.

| | |
|---|---|
| made | {created}, revision {git_revision} |
| encoder | {encoder} |
| started from | {start_from} |{calibrated}
| trained on | {trained_on} |
| held out | {held_out} |
| data digests | {data_digests} |

## Measured

{metrics}{flattering}{reported}

## Not validated on

{not_validated_on}
- languages other than English, currencies other than the US dollar, law other than that of the
  United States;
{groups}

## Not for

Decisions without a person; reasons on a notice that a person has not confirmed.
"""


CALIBRATED_ANEW = "calibrated_anew"
"""Key, in the configuration of a manifest, of how the model was calibrated after it was trained:
the `date`, the `git_revision` of the code, and `of` which model it was made."""

_FLATTERING = """

Held-out texts also set the weights of the parts, the calibration and the thresholds, so all figures
on them flatter, micro-F1 and omission most."""


_UNMEASURED = (
    "applicants by group: no disparity had been measured when this card was written; the card kept "
    "with a registered version tells what was measured later"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What reports about a model add to its card.

    Attributes:
        sections: Markdown sections, each with its heading, below what the manifest tells.
        not_validated_on: what the reports leave open about applicants by group.
    """

    sections: tuple[str, ...] = ()
    not_validated_on: tuple[str, ...] = (_UNMEASURED,)


def render_card(manifest: Manifest, *, reported: Reported | None = None) -> str:
    """Returns the card of a model as Markdown.

    Args:
        manifest: the manifest of the model.
        reported: what reports about it add; None for the card that is stored with the model, which
            is written before any report can be.
    """
    reported = reported or Reported()
    config = manifest.config
    digests = ", ".join(f"{k} `{v[:12]}`" for k, v in sorted(manifest.data_digests.items()))
    return _TEMPLATE.format(
        name=manifest.name,
        version=manifest.version,
        created=manifest.created,
        git_revision=_revision(manifest.git_revision),
        encoder=config.get("encoder", "unknown"),
        start_from=config.get("start_from") or "the encoder",
        calibrated=_calibrated(config.get(CALIBRATED_ANEW)),
        trained_on=config.get("trained_on", "unknown"),
        held_out=config.get("held_out", "unknown"),
        data_digests=digests or "none",
        metrics="\n\n".join(_table(k, v) for k, v in manifest.metrics.items()) or "Nothing yet.",
        flattering=_FLATTERING if config.get("held_out_calibrates") else "",
        reported="".join(f"\n\n{section.strip()}" for section in reported.sections),
        not_validated_on="\n".join(_points(config.get("not_validated_on"))),
        groups="\n".join(_points(list(reported.not_validated_on)))[:-1] + ".",
    )


def _calibrated(facts: object) -> str:
    """The row on what was fitted later than the weights; nothing for a model just trained."""
    if not isinstance(facts, dict):
        return ""
    revision = _revision(facts["git_revision"])
    return f"\n| calibrated anew | {facts['date']}, revision {revision}; was {facts['of']} |"


def _revision(revision: object) -> str:
    """The revision in short; where the files were others than the revision's it says so."""
    if not isinstance(revision, str):
        return "unknown"
    commit, dirty, _ = revision.partition("-dirty")
    return commit[:12] + dirty


def _points(phrases: object) -> list[str]:
    known = phrases if isinstance(phrases, list) and phrases else ["anything: nothing is recorded"]
    wrapped = (wrap(f"- {phrase};", width=99, subsequent_indent="  ") for phrase in known)
    return [line for lines in wrapped for line in lines]


def _table(data_set: str, figures: object) -> str:
    if not isinstance(figures, dict):
        return f"{data_set}: {figures}"
    rows = "\n".join(f"| {name} | {_figure(value)} |" for name, value in figures.items())
    return f"| {data_set} | |\n|---|---|\n{rows}"


def _figure(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
