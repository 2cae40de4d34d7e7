"""Labelled texts to measure on: narratives with complete labels, or rows of public data sets."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data_pipeline.corpus.narratives import Narrative, contrast_groups, load_narratives
from data_pipeline.domain.application import LoanApplication
from data_pipeline.domain.rendering import render_text
from data_pipeline.examples import Example, examples_from_narratives
from data_pipeline.source_examples import examples_from_file
from data_pipeline.sources.files import open_table
from training.errors import EvaluationError
from training.evaluation.answers import Truth, truth_of_examples, truth_of_narratives
from training.evaluation.cuts import TextFacts

_NARRATIVE_COLUMNS = frozenset({"text", "categories", "reasons", "evidence"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledTexts:
    """Texts as a model is given them, and what is known of them.

    Attributes:
        name: name of the data set.
        sha256: digest of its file; None where it is none.
        texts: rendered applications.
        facts: what each is filed under.
        truth: labels.
        examples: the same as masked examples, for baselines.
        narratives: the narratives, where the texts are such; otherwise None.
        num_left_out: rows that could not be read.
    """

    name: str
    sha256: str | None
    texts: tuple[str, ...]
    facts: tuple[TextFacts, ...]
    truth: Truth
    examples: tuple[Example, ...]
    narratives: tuple[Narrative, ...] | None = None
    num_left_out: int = 0

    def __len__(self) -> int:
        return len(self.texts)


def load_labelled(path: Path, *, format: str = "auto") -> LabelledTexts:  # noqa: A002
    """Reads labelled texts.

    Args:
        path: narratives, an HMDA register or LendingClub loans.
        format: "auto", "narratives", or a format of `data_pipeline.sources.read_rows`.

    Raises:
        EvaluationError: the file holds no text that can be read.
        DataError: the file cannot be read.
    """
    columns = open_table(path).columns
    if format == "narratives" or (format == "auto" and set(columns) >= _NARRATIVE_COLUMNS):
        labelled = labelled_narratives(load_narratives(path), name=path.name, sha256=_digest(path))
    else:
        labelled = _labelled_rows(path, format=format)
    if not len(labelled):
        raise EvaluationError(f"{path}: found no text that can be read: give labelled texts")
    return labelled


def labelled_narratives(
    narratives: Sequence[Narrative], *, name: str, sha256: str | None = None
) -> LabelledTexts:
    """Returns narratives as labelled texts, in their order."""
    groups = contrast_groups(narratives)
    return LabelledTexts(
        name=name,
        sha256=sha256,
        texts=tuple(render_text(LoanApplication(text=n.text)) for n in narratives),
        facts=tuple(
            TextFacts(
                id=n.id,
                group=groups[n.id],
                author=n.author or "",
                lender="",
                style=n.style,
                product=n.product.value,
                num_words=len(n.text.split()),
            )
            for n in narratives
        ),
        truth=truth_of_narratives(narratives),
        examples=tuple(examples_from_narratives(narratives)),
        narratives=tuple(narratives),
    )


def _labelled_rows(path: Path, *, format: str) -> LabelledTexts:  # noqa: A002
    rows = list(examples_from_file(path, format=format))
    examples = tuple(row for row in rows if isinstance(row, Example))
    return LabelledTexts(
        name=path.name,
        sha256=_digest(path),
        # Masking a masked text changes nothing, so the model reads what it would have read.
        texts=tuple(example.text for example in examples),
        facts=tuple(_facts_of_row(example) for example in examples),
        truth=truth_of_examples(examples),
        examples=examples,
        num_left_out=len(rows) - len(examples),
    )


def _facts_of_row(example: Example) -> TextFacts:
    return TextFacts(
        id=example.id,
        group=example.group,
        author=example.author,
        lender=example.group if example.group != example.id else "",
        style=example.style,
        product=example.product,
        num_words=len(example.text.split()),
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
