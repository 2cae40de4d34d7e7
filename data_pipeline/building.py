"""Builds a data set of examples from the corpus or a file, with a progress bar."""

from collections.abc import Iterable
from pathlib import Path

from rich.console import Console

from data_pipeline.corpus.narratives import corpus_path, load_narratives
from data_pipeline.example_store import ExampleManifest, file_digest, require_free, write_examples
from data_pipeline.examples import Example, examples_from_narratives
from data_pipeline.progress import shown
from data_pipeline.source_examples import examples_from_file
from data_pipeline.sources.files import count_rows, open_table
from data_pipeline.sources.rows import RowError

CORPUS = "corpus"
"""The source that is the bundled corpus."""

_NARRATIVES = "narratives"
_NARRATIVE_COLUMNS = frozenset({"text", "categories", "reasons", "evidence"})


def build_data_set(source: str, *, output: Path, format: str) -> ExampleManifest:  # noqa: A002
    """Builds a data set and says what became of the rows.

    Args:
        source: `CORPUS`, or the path of a file that `data_pipeline.sources` reads.
        output: a folder that does not exist yet or is empty.
        format: "auto", "narratives", or a format of `data_pipeline.sources.read_rows`.

    Raises:
        DataError: the source cannot be read, or the folder is not free.
    """
    require_free(output)
    path = corpus_path() if source == CORPUS else Path(source)
    examples, total = _examples(path, format=_NARRATIVES if source == CORPUS else format)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    manifest = write_examples(
        shown(examples, what="built", total=total, console=console),
        output,
        source=source if source == CORPUS else path.name,
        source_sha256=file_digest(path),
    )
    console.print(
        f"{manifest.num_examples:,} examples in {output}, {manifest.num_row_errors:,} rows left "
        f"out (row_errors.jsonl says why), sha256 {manifest.sha256}"
    )
    return manifest


def _examples(
    path: Path,
    *,
    format: str,  # noqa: A002
) -> tuple[Iterable[Example | RowError], int | None]:
    """Returns the examples of a file and how many rows it has, where that is known."""
    columns = open_table(path).columns
    if format == _NARRATIVES or (format == "auto" and set(columns) >= _NARRATIVE_COLUMNS):
        examples = examples_from_narratives(load_narratives(path))
        return examples, len(examples)
    return examples_from_file(path, format=format), count_rows(path)
