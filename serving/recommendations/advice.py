"""Advice for an applicant whose request was refused: a page beside the notice, never on it.

Source: 12 CFR 1002.4(d)(1) (disclosures are clear and conspicuous, so nothing is mixed into them).
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import jinja2
from pydantic import BaseModel, ConfigDict

from data_pipeline.domain.taxonomy import REASON_INFO, DenialCategory, DenialReason
from serving.notices.blocks import Document, heading, items, paragraph
from serving.notices.notice import StatedReason
from serving.notices.templates_digest import template_text

_FONT_SIZE_PT = "11"


class PageWords(BaseModel):
    """The sentences that stand on every page."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    opening: str
    alternatives: str
    closing: str


class _Other(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: tuple[str, ...]


class AdviceWords(BaseModel):
    """Every sentence of advice.

    Attributes:
        version: day of the last change.
        page: the sentences that stand on every page.
        steps: what may be done about each reason.
        other: what may be done about a reason outside the taxonomy.
        alternatives: what other credit to ask about, by category.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    page: PageWords
    steps: dict[DenialReason, tuple[str, ...]]
    other: _Other
    alternatives: dict[DenialCategory, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonAdvice:
    """What may be done about one reason; `reason` is its statement as on the notice."""

    reason: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendations:
    """Advice on the reasons of a notice.

    Attributes:
        version: version of the words.
        advice: one entry per reason, in the order of the notice.
        alternatives: other credit to ask about, each once.
    """

    version: str
    advice: tuple[ReasonAdvice, ...]
    alternatives: tuple[str, ...]


@cache
def advice_words() -> AdviceWords:
    """Returns every sentence of advice, as shipped."""
    path = files("serving.recommendations") / "data" / "advice.toml"
    return AdviceWords.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))


def recommend(reasons: Sequence[StatedReason]) -> Recommendations:
    """Returns the advice on reasons as a notice states them; a reason alone decides its advice."""
    words = advice_words()
    known = [stated.taxonomy_reason for stated in reasons]
    categories = (REASON_INFO[r].category if r else DenialCategory.OTHER for r in known)
    alternatives = (other for category in categories for other in words.alternatives[category])
    return Recommendations(
        version=words.version,
        advice=tuple(
            ReasonAdvice(
                reason=stated.text,
                steps=words.steps[reason] if reason else words.other.steps,
            )
            for stated, reason in zip(reasons, known, strict=True)
        ),
        alternatives=tuple(dict.fromkeys(alternatives)),
    )


def advice_page(found: Recommendations) -> Document:
    """Returns the page that gives the advice, from the title down."""
    words = advice_words().page
    blocks = [paragraph(words.opening)]
    for entry in found.advice:
        blocks += [heading(entry.reason), items(entry.steps)]
    blocks += [heading(words.alternatives), items(found.alternatives), paragraph(words.closing)]
    return Document(title=words.title, language="en", blocks=tuple(blocks))


def render_page_html(page: Document) -> str:
    """Returns a page as HTML without scripts or outside resources."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string(template_text("notice.html.jinja"))
    return template.render(document=page, font_size_pt=_FONT_SIZE_PT) + "\n"
