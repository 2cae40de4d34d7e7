"""Examples on disk: a memory-mapped `datasets` folder and a manifest with digests.

Layout of a folder::

    examples.arrow      what `datasets.Dataset.from_file` maps
    row_errors.jsonl    source rows that are no examples, and why
    manifest.json       counts, digests, versions of what made them

Needs the extra `train`.

Errors::

    DataError
    └── ExampleStoreError      a folder cannot be written to, or does not hold what it says
"""

import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import datasets
from datasets.arrow_writer import ArrowWriter

from data_pipeline.domain.masking import MASKING_VERSION
from data_pipeline.domain.rendering import RENDERING_VERSION
from data_pipeline.domain.taxonomy import CATEGORIES, REASONS, TAXONOMY_VERSION
from data_pipeline.errors import DataError
from data_pipeline.examples import EvidenceSpan, Example
from data_pipeline.sources.rows import RowError

_EXAMPLES = "examples.arrow"
_ROW_ERRORS = "row_errors.jsonl"
_MANIFEST = "manifest.json"


class ExampleStoreError(DataError):
    """A folder of examples cannot be written to, or does not hold what it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleManifest:
    """What a folder of examples holds and what made it.

    Attributes:
        num_examples: rows of the data set.
        num_row_errors: source rows that are no examples.
        sha256: digest over every example's content, in order (see `content_digest`).
        source: name of the source.
        source_sha256: digest of the source file.
        taxonomy_version: `TAXONOMY_VERSION` at the time.
        rendering_version: `RENDERING_VERSION` at the time.
        masking_version: `MASKING_VERSION` at the time.
    """

    num_examples: int
    num_row_errors: int
    sha256: str
    source: str
    source_sha256: str
    taxonomy_version: str = TAXONOMY_VERSION
    rendering_version: str = RENDERING_VERSION
    masking_version: str = MASKING_VERSION


_CURRENT = ExampleManifest(num_examples=0, num_row_errors=0, sha256="", source="", source_sha256="")


def features() -> datasets.Features:
    """Returns the columns of a data set of examples, the fields of `Example`."""
    indices = datasets.List(datasets.Value("int32"))
    span = {name: datasets.Value("int32") for name in ("start", "end", "category_index")}
    texts = ("id", "group", "author", "product", "style", "text")
    return datasets.Features(
        {name: datasets.Value("string") for name in texts}
        | {
            "category_targets": datasets.List(datasets.Value("float32"), length=len(CATEGORIES)),
            "coarse_sets": datasets.List(indices),
            "reason_targets": datasets.List(datasets.Value("float32"), length=len(REASONS)),
            "category_order": indices,
            "risk_probability": datasets.Value("float64"),
            "evidence": datasets.List(span),
            "distractors": indices,
        }
    )


def content_digest(examples: Iterable[Example]) -> str:
    """Returns the sha256 of the examples' texts and labels, one line of JSON each."""
    digest = hashlib.sha256()
    for example in examples:
        digest.update(_line(example))
    return digest.hexdigest()


def _line(example: Example) -> bytes:
    content = asdict(example)
    del content["distractors"]  # no label: they tell what an excerpt leaves unknown
    return json.dumps(content, sort_keys=True).encode() + b"\n"


def file_digest(path: Path) -> str:
    """Returns the sha256 of a file.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def require_free(directory: Path) -> None:
    """Checks that a folder may be written: it does not exist yet, or is empty.

    Raises:
        ExampleStoreError: something is there.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise ExampleStoreError(
            f"{directory} exists and is not an empty folder: choose another or remove it"
        )


def write_examples(
    examples: Iterable[Example | RowError], directory: Path, *, source: str, source_sha256: str
) -> ExampleManifest:
    """Writes examples to a folder as they come; memory does not grow with their number.

    The folder appears complete or not at all.

    Args:
        examples: what to write; errors go to a file of their own.
        directory: a folder that does not exist yet or is empty; its parents are made.
        source: name of the source, for the manifest.
        source_sha256: digest of the source.

    Raises:
        ExampleStoreError: the folder is not free, or nothing can be written there.
    """
    require_free(directory)
    with _workspace(directory.parent) as work:
        stage = work / "stage"
        stage.mkdir()
        counts, sha256 = _write_files(examples, stage)
        manifest = ExampleManifest(
            num_examples=counts[Example],
            num_row_errors=counts[RowError],
            sha256=sha256,
            source=source,
            source_sha256=source_sha256,
        )
        (stage / _MANIFEST).write_text(json.dumps(asdict(manifest), indent=2) + "\n")
        if directory.exists():
            directory.rmdir()
        stage.rename(directory)
    return manifest


@contextmanager
def _workspace(parent: Path) -> Iterator[Path]:
    """A folder beside the result, on the same file system, that leaves nothing behind."""
    try:
        parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=parent, prefix=".building-") as work:
            yield Path(work)
    except OSError as error:
        raise ExampleStoreError(
            f"{parent} cannot be written to ({error.strerror}): choose another folder"
        ) from error


def _write_files(examples: Iterable[Example | RowError], stage: Path) -> tuple[Counter[type], str]:
    counts: Counter[type] = Counter()
    digest = hashlib.sha256()
    with (
        ArrowWriter(path=str(stage / _EXAMPLES), features=features()) as writer,
        (stage / _ROW_ERRORS).open("w") as errors,
    ):
        for item in examples:
            counts[type(item)] += 1
            if isinstance(item, RowError):
                errors.write(json.dumps(asdict(item)) + "\n")
            else:
                writer.write(asdict(item))
                digest.update(_line(item))
        writer.finalize()
    return counts, digest.hexdigest()


def open_examples(directory: Path) -> datasets.Dataset:
    """Returns the data set of a folder, memory-mapped.

    Raises:
        ExampleStoreError: the folder holds no examples, is incomplete, or was built with another
            taxonomy, rendering or masking.
    """
    manifest = read_manifest(directory)
    for name in ("taxonomy_version", "rendering_version", "masking_version"):
        stored, ours = getattr(manifest, name), getattr(_CURRENT, name)
        if stored != ours:
            raise ExampleStoreError(
                f"{directory} was built with {name} {stored}, this is {ours}: build it again"
            )
    data = datasets.Dataset.from_file(str(directory / _EXAMPLES))
    if len(data) != manifest.num_examples:
        raise ExampleStoreError(
            f"{directory} holds {len(data):,} examples, its manifest says "
            f"{manifest.num_examples:,}: build it again"
        )
    return data


def read_manifest(directory: Path) -> ExampleManifest:
    """Returns the manifest of a folder of examples.

    Raises:
        ExampleStoreError: there is none, or it is broken.
    """
    try:
        return ExampleManifest(**json.loads((directory / _MANIFEST).read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise ExampleStoreError(
            f"{directory} holds no readable {_MANIFEST}: expected a folder made by "
            "`wherefore data build`"
        ) from error


def examples_of(data: datasets.Dataset) -> Iterator[Example]:
    """Yields the rows of a data set as examples, equal to those that were written."""
    for row in data:
        yield Example(
            **row
            | {
                "category_targets": tuple(row["category_targets"]),
                "coarse_sets": tuple(tuple(indices) for indices in row["coarse_sets"]),
                "reason_targets": tuple(row["reason_targets"]),
                "category_order": tuple(row["category_order"]),
                "evidence": tuple(EvidenceSpan(**span) for span in row["evidence"]),
                "distractors": tuple(row["distractors"]),
            }
        )
