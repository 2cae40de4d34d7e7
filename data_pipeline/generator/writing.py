"""Writes one synthetic text: what it says, in which order, on which kind of paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from data_pipeline.generator.draws import chance
from data_pipeline.generator.facts import SyntheticApplicant
from data_pipeline.generator.families import Family
from data_pipeline.generator.figures import Figures
from data_pipeline.generator.grammar import Page, PlacedMark
from data_pipeline.generator.layouts import date_line
from data_pipeline.generator.limits import Limits
from data_pipeline.generator.noise import spoil
from data_pipeline.generator.phrases import Statement, phrases
from data_pipeline.generator.statements import statements_by_subject
from data_pipeline.generator.values import statement_values

MIN_WORDS = 60
"""Fewest words of a text."""

MAX_WORDS = 600
"""Most words of a text."""

PROTECTED_SHARE = 0.1
"""Share of texts that mention a prohibited basis, whoever the applicant is."""

DECISION_SHARE = 0.1
"""Share of texts that state the decision."""

_COVERAGES = ((0.35, 0.3), (0.55, 0.45), (0.85, 0.25))
_INTRODUCED_SHARE = 0.95
_SALIENT = 0.25
_EVENTS = frozenset({"record", "lates", "repair", "stay", "interest_only", "papers"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedText:
    """A text and where its facts stand.

    Attributes:
        text: 60-600 words.
        marks: stretches that carry a category if it is a cause, in order of position.
        protected_spans: stretches that mention a prohibited basis.
    """

    text: str
    marks: tuple[PlacedMark, ...]
    protected_spans: tuple[tuple[int, int], ...]


def render(
    applicant: SyntheticApplicant,
    limits: Limits,
    family: Family,
    *,
    decisive: frozenset[str],
    is_denied: bool,
    random: Random,
) -> RenderedText:
    """Returns a synthetic text about an applicant, the same for the same state of `random`.

    Args:
        applicant: the facts.
        limits: those that the text may quote.
        family: the kind of paper.
        decisive: subjects that must be stated because a cause rests on them.
        is_denied: for the word that states the decision, where the text states it.
        random: source of all variation.
    """
    values = statement_values(applicant, limits, random, is_denied=is_denied)
    today = _date(random)
    said = _chosen(statements_by_subject(applicant, random), decisive, family, random)
    while True:
        page = Page(
            values=values,
            figures=Figures(family.styles, today=today, random=random),
            random=random,
        )
        writer = _Writer(page, family)
        if page.figures.needs_date:
            date_line(page)
        family.layout(page, said, writer.say)
        num_words = len(page.text.split())
        if num_words < MIN_WORDS:
            said = _with_fillers(said, random, number=3)
        elif num_words > MAX_WORDS:
            said = [s for s in said if s.subject in decisive] + said[: len(said) // 2]
            said = list(dict.fromkeys(said))
        else:
            return RenderedText(
                text=spoil(page.text, family.noise, random),
                marks=tuple(sorted(page.marks, key=lambda mark: (mark.start, mark.end))),
                protected_spans=tuple(writer.protected_spans),
            )


class _Writer:
    """Writes statements in the registers of a family and remembers protected stretches."""

    def __init__(self, page: Page, family: Family) -> None:
        self._page = page
        self._registers = [register for register, _ in family.registers]
        self._weights = [weight for _, weight in family.registers]
        self.protected_spans: list[tuple[int, int]] = []
        self._used: set[str] = set()

    def say(self, statement: Statement) -> None:
        start = self._page.length
        template = self._fresh(self._templates(statement.name))
        self._page.expand(template, subject=statement.subject)
        if statement.name == "protected":
            self.protected_spans.append((start, self._page.length))

    def _fresh(self, templates: tuple[str, ...]) -> str:
        """Returns a template not used before, where one is left."""
        unused = [template for template in templates if template not in self._used] or templates
        template = self._page.pick(unused)
        self._used.add(template)
        return template

    def _templates(self, name: str) -> tuple[str, ...]:
        first = self._page.random.choices(self._registers, self._weights)[0]
        candidates = (first, *self._registers)
        return next(phrases(r)[name] for r in candidates if name in phrases(r))


def _chosen(
    statements: dict[str, tuple[Statement, ...]],
    decisive: frozenset[str],
    family: Family,
    random: Random,
) -> list[Statement]:
    """Returns what is said, in the order it is said."""
    coverage = random.choices([c for c, _ in _COVERAGES], [w for _, w in _COVERAGES])[0]
    blocks: list[tuple[Statement, ...]] = []
    for subject, block in statements.items():
        extra = _SALIENT if subject in _EVENTS else 0.0
        # Drawn even where it does not matter, so that a text depends less on what decides it.
        is_said = chance(random, coverage + extra)
        if is_said or subject in decisive:
            blocks.append(block)
    blocks += [(Statement(name="filler"),)] * random.randint(*family.fillers)
    if chance(random, PROTECTED_SHARE):
        blocks.append((Statement(name="protected"),))
    if chance(random, DECISION_SHARE):
        blocks.append((Statement(name="decision"),))
    random.shuffle(blocks)
    opening = [Statement(name="request")] if chance(random, _INTRODUCED_SHARE) else []
    return opening + [statement for block in blocks for statement in block]


def _with_fillers(said: Sequence[Statement], random: Random, *, number: int) -> list[Statement]:
    longer = list(said)
    for _ in range(number):
        longer.insert(random.randint(0, len(longer)), Statement(name="filler"))
    return longer


def _date(random: Random) -> date:
    """Returns the day a text is dated."""
    return date(random.randint(2021, 2026), random.randint(1, 12), random.randint(1, 28))
