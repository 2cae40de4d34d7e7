"""Labelled texts to measure on: narratives with complete labels, or rows of public data sets."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data_pipeline.corpus.narratives import Narrative, contrast_groups, load_narratives
from data_pipeline.domain.application import LoanApplication
from data_pipeline.domain.rendering import render_text
from data_pipeline.examples import Example, examples_from_narratives
from data_pipeline.source_examples import LabelledRow, labelled_rows
from data_pipeline.sources.files import open_table
from data_pipeline.sources.formats import FormatName
from training.coarse_labels import Groups
from training.errors import EvaluationError
from training.evaluation.answers import Truth, truth_of_examples, truth_of_narratives
from training.evaluation.cuts import TextFacts
from training.evaluation.merging import HMDA_GROUPS, merged_truth

_NARRATIVE_COLUMNS = frozenset({"text", "categories", "reasons", "evidence"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledTexts:
    """Texts as a model is given them, and what is known of them.

    Attributes:
        name: name of the data set.
        sha256: digest of its file; None where it is none.
        texts: rendered applications, not masked.
        facts: what each is filed under.
        truth: labels.
        examples: the same as masked examples, for baselines.
        narratives: the narratives, where the texts are such; otherwise None.
        num_left_out: rows that could not be read.
        groups: categories that the labels do not tell apart and that count as one.
    """

    name: str
    sha256: str | None
    texts: tuple[str, ...]
    facts: tuple[TextFacts, ...]
    truth: Truth
    examples: tuple[Example, ...]
    narratives: tuple[Narrative, ...] | None = None
    num_left_out: int = 0
    groups: Groups = ()

    def __len__(self) -> int:
        return len(self.texts)

    def drawn(self, num_texts: int, *, seed: int) -> "LabelledTexts":
        """Returns at most so many of the texts, drawn at random, in their order."""
        if len(self) <= num_texts:
            return self
        order = np.random.default_rng(seed).permutation(len(self))
        return self.at(np.sort(order[:num_texts]))

    def at(self, chosen_N: NDArray[np.intp]) -> "LabelledTexts":
        """Returns the texts at some positions."""
        return replace(
            self,
            texts=tuple(self.texts[i] for i in chosen_N),
            facts=tuple(self.facts[i] for i in chosen_N),
            truth=self.truth.at(chosen_N),
            examples=tuple(self.examples[i] for i in chosen_N),
            narratives=self.narratives and tuple(self.narratives[i] for i in chosen_N),
        )


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


def labelled_from_rows(
    rows: Sequence[LabelledRow],
    *,
    name: str,
    sha256: str | None,
    num_left_out: int = 0,
    texts: Sequence[str] | None = None,
) -> LabelledTexts:
    """Returns rows of a data set as labelled texts, in their order.

    Args:
        rows: the rows.
        name: name of the data set.
        sha256: digest of what they come from; None where there is none.
        num_left_out: rows that could not be read.
        texts: what a model is given of each row, not masked; None for the rendered applications.
    """
    examples = tuple(row.example for row in rows)
    given = [render_text(row.application) for row in rows] if texts is None else texts
    groups = HMDA_GROUPS if any(e.style == FormatName.HMDA for e in examples) else ()
    return LabelledTexts(
        name=name,
        sha256=sha256,
        texts=tuple(given),
        facts=tuple(_facts_of_row(row) for row in rows),
        truth=merged_truth(truth_of_examples(examples), groups),
        examples=examples,
        num_left_out=num_left_out,
        groups=groups,
    )


def _labelled_rows(path: Path, *, format: str) -> LabelledTexts:  # noqa: A002
    found = list(labelled_rows(path, format=format))
    rows = [row for row in found if isinstance(row, LabelledRow)]
    return labelled_from_rows(
        rows, name=path.name, sha256=_digest(path), num_left_out=len(found) - len(rows)
    )


def _facts_of_row(row: LabelledRow) -> TextFacts:
    example = row.example
    is_hmda = example.style == FormatName.HMDA
    return TextFacts(
        id=example.id,
        # A month of issue, the group of a loan, is no reason to draw its loans together.
        group=example.group if is_hmda else example.id,
        author=example.author,
        lender=example.group if is_hmda and example.group != example.id else "",
        style=example.style,
        product=example.product,
        num_words=len(example.text.split()),
        fields=_completeness(row.application) if is_hmda else "",
    )


def _completeness(application: LoanApplication) -> str:
    debts = application.debt_to_income_ratio, application.debt_to_income_range
    given = (
        application.annual_income_usd,
        application.property_value_usd,
        application.loan_to_value_ratio,
        debts[0] if debts[1] is None else debts[1],
    )
    return "a main field is absent" if None in given else "complete"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
