"""Labelled narratives: loan application texts composed for the project (synthetic, always).

A file holds one JSON object per line with the fields of `Narrative`; every line is validated when
it is read, so whoever holds a `Narrative` may rely on what its docstring says.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from data_pipeline.domain.application import LoanProduct
from data_pipeline.domain.taxonomy import REASON_INFO, DenialCategory, DenialReason
from data_pipeline.errors import DataError


class NarrativeError(DataError, ValueError):
    """A line of a narratives file is not a valid narrative.

    Attributes:
        line_number: position in the file, 1 for the first line.
        problem: what is wrong, without quoting the text.
    """

    def __init__(self, problem: str, *, line_number: int) -> None:
        """Keeps the place and the problem."""
        super().__init__(f"narratives line {line_number}: {problem}; correct or remove the line")
        self.line_number = line_number
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceQuote:
    """A stretch of a narrative that carries a principal reason.

    Attributes:
        category: the category it carries; one of the narrative's.
        quote: verbatim substring of the narrative's text.
    """

    category: DenialCategory
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrative:
    """One synthetic application text and its labels.

    Attributes:
        id: unique in its file.
        product: what is asked for.
        style: kind of document ("underwriter_memo", "los_notes", "ocr_noise", ...).
        text: the application text as an underwriter would paste it.
        denied: whether a prudent lender would deny or did deny.
        categories: principal reasons' categories, most important first; empty when not denied.
        reasons: principal reasons; each belongs to a listed category, each category has one.
        evidence: the shortest quotes that carry each category, at least one per category.
        distractors: categories that the text touches without being a principal reason.
        protected_mention: whether the text mentions a prohibited basis.
        author: the voice that composed the text; None where not recorded.
        default_probability: the author's guess (no outcome) of default within 12 months, 0-1;
            None where not given.
        risk_band: the author's guess as a band; None where not given.
        mitigants: verbatim quotes that favour approval.
        contrast_of: id of the twin in a contrast pair (the same file with other decisive facts);
            None for a text without a twin.

    Raises:
        ValueError: labels contradict one another or a quote is not in the text.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    id: str
    product: LoanProduct
    style: str
    text: str
    denied: bool
    categories: tuple[DenialCategory, ...]
    reasons: tuple[DenialReason, ...]
    evidence: tuple[EvidenceQuote, ...]
    distractors: tuple[DenialCategory, ...]
    protected_mention: bool
    author: str | None = None
    default_probability: float | None = None
    risk_band: Literal["low", "medium", "high", "critical"] | None = None
    mitigants: tuple[str, ...] = ()
    contrast_of: str | None = None

    def __post_init__(self) -> None:
        """Checks that text, labels and quotes agree."""
        listed = set(self.categories)
        _require(self.id and self.text.strip(), "id and text must not be blank")
        _require(self.denied == bool(listed), "denied must agree with categories")
        _require(len(listed) == len(self.categories), "categories must not repeat")
        _require(len(set(self.reasons)) == len(self.reasons), "reasons must not repeat")
        _require(
            {REASON_INFO[reason].category for reason in self.reasons} == listed,
            "reasons and categories must cover each other",
        )
        _require({e.category for e in self.evidence} == listed, "evidence must cover categories")
        _require(not listed & set(self.distractors), "a distractor is a principal reason")
        _require(self.contrast_of != self.id, "contrast_of names the text itself")
        _require(
            self.default_probability is None or 0 <= self.default_probability <= 1,
            "default_probability must be 0 to 1",
        )
        quotes = [*(e.quote for e in self.evidence), *self.mitigants]
        _require(all(q and q in self.text for q in quotes), "a quote is not a substring of text")


def _require(condition: object, problem: str) -> None:
    if not condition:
        raise ValueError(problem)


_ADAPTER = TypeAdapter(Narrative)


def _parse(line: bytes, *, line_number: int) -> Narrative:
    try:
        return _ADAPTER.validate_json(line)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        problem = f"{where}: {first['msg']}" if where else first["msg"]
        raise NarrativeError(problem, line_number=line_number) from None


def read_narratives(lines: Iterable[bytes]) -> list[Narrative]:
    """Returns the narratives of a JSON Lines file, in its order.

    Raises:
        NarrativeError: a line is not a valid narrative, an id repeats, or a twin does not exist
            or does not point back.
    """
    narratives = [_parse(line, line_number=number) for number, line in enumerate(lines, start=1)]
    by_id: dict[str, Narrative] = {}
    for number, narrative in enumerate(narratives, start=1):
        if narrative.id in by_id:
            raise NarrativeError(f"id {narrative.id} repeats", line_number=number)
        by_id[narrative.id] = narrative
    for number, narrative in enumerate(narratives, start=1):
        twin = narrative.contrast_of
        if twin and (twin not in by_id or by_id[twin].contrast_of != narrative.id):
            raise NarrativeError(f"twin {twin} does not point back", line_number=number)
    return narratives


def contrast_groups(narratives: Iterable[Narrative]) -> dict[str, str]:
    """Returns the group of each narrative by id: texts joined by contrast pairs share one.

    Groups are connected components, so a chain of twins is one group; each is named after the
    member that comes first in the file. A twin that is not among the narratives joins nothing.
    """
    narratives = list(narratives)
    parents = {narrative.id: narrative.id for narrative in narratives}
    order = {narrative_id: position for position, narrative_id in enumerate(parents)}

    def root(node: str) -> str:
        while parents[node] != node:
            node = parents[node]
        return node

    for narrative in narratives:
        if narrative.contrast_of in parents:
            first, later = sorted(
                (root(narrative.id), root(narrative.contrast_of)), key=order.__getitem__
            )
            parents[later] = first
    return {narrative_id: root(narrative_id) for narrative_id in parents}


def load_narratives(path: Path) -> list[Narrative]:
    """Returns the narratives of a file.

    Raises:
        NarrativeError: see `read_narratives`.
        OSError: the file cannot be read.
    """
    with path.open("rb") as lines:
        return read_narratives(lines)


def corpus_path() -> Path:
    """Returns the file of the bundled corpus, for training.

    Source: PROVENANCE.md beside it.
    """
    return Path(str(files("data_pipeline.corpus") / "narratives.jsonl"))


def load_corpus() -> list[Narrative]:
    """Returns the narratives of the bundled corpus."""
    return load_narratives(corpus_path())
