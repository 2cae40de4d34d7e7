"""The tiny random RoBERTa of the `model_store` tests, shared, and examples to train it on."""

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from runpy import run_path

import pytest
import yaml

from data_pipeline.cli import main
from data_pipeline.corpus.narratives import corpus_path, load_corpus
from data_pipeline.domain.taxonomy import CATEGORIES, CATEGORY_REASONS, REASONS
from data_pipeline.examples import EvidenceSpan, Example
from model_store.network import Network
from model_store.windows import TextTokenizer

_shared = run_path(str(Path(__file__).parents[1] / "model_store" / "conftest.py"))

single_thread = _shared["single_thread"]
tiny_tokenizer = _shared["tiny_tokenizer"]
tiny_config = _shared["tiny_config"]
new_network = _shared["new_network"]
new_artifact = _shared["new_artifact"]


@pytest.fixture(scope="session")
def new_example() -> Callable[..., Example]:
    """Builds a fully labelled example; what is not given is absent, what is given replaces."""

    def build(
        text: str,
        *,
        categories: tuple[int, ...] = (),
        quotes: tuple[tuple[int, str], ...] = (),
        risk: float = math.nan,
        **changes: object,
    ) -> Example:
        reasons = {CATEGORY_REASONS[CATEGORIES[c]][0] for c in categories}
        values = {
            "id": text[:20],
            "group": text[:20],
            "author": "author",
            "product": "auto",
            "style": "los_notes",
            "text": text,
            "category_targets": tuple(float(c in categories) for c in range(12)),
            "coarse_sets": (),
            "reason_targets": tuple(float(reason in reasons) for reason in REASONS),
            "category_order": categories,
            "risk_probability": risk,
            "evidence": tuple(
                EvidenceSpan(
                    start=text.index(quote),
                    end=text.index(quote) + len(quote),
                    category_index=category,
                )
                for category, quote in quotes
            ),
        }
        return Example(**{**values, **changes})

    return build


@pytest.fixture(scope="session")
def tiny_encoder(
    tiny_tokenizer: TextTokenizer,
    new_network: Callable[..., Network],
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """Directory of a tiny random RoBERTa encoder, as a model hub would give it."""
    folder = tmp_path_factory.mktemp("encoder")
    (folder / "tokenizer.json").write_text(tiny_tokenizer.to_json())
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "RobertaTokenizerFast"}')
    new_network().encoder.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def write_tiny_run(
    tiny_encoder: str, write_short_texts: Callable[..., None]
) -> Callable[..., Path]:
    """Writes the configuration of a run on short texts of four authors, and these; gives its file.

    `sections` are those of the configuration; that of the data lacks the corpus.
    """

    def write(
        folder: Path, *, texts_of_author: int, data: dict[str, object], **sections: object
    ) -> Path:
        corpus = folder / "texts.jsonl"
        write_short_texts(corpus, num_authors=4, texts_of_author=texts_of_author)
        content = {
            "name": "tiny",
            "encoder": tiny_encoder,
            "precision": "fp32",
            "num_threads": 1,
            "data": {"corpus": str(corpus), **data},
            **sections,
        }
        path = folder / "tiny.yaml"
        path.write_text(yaml.safe_dump(content))
        return path

    return write


@pytest.fixture(scope="session")
def write_short_texts() -> Callable[..., None]:
    """Writes a few short texts, twins left out, of the first authors of the bundled corpus."""

    def write(path: Path, *, num_authors: int, texts_of_author: int) -> None:
        authors = sorted({n.author for n in load_corpus() if n.author})[:num_authors]
        counts, kept = dict.fromkeys(authors, 0), []
        for line in corpus_path().read_text().splitlines():
            row = json.loads(line)
            is_short = len(row["text"]) < 700 and not row.get("contrast_of")
            if is_short and counts.get(row["author"], texts_of_author) < texts_of_author:
                counts[row["author"]] += 1
                kept.append(line)
        assert set(counts.values()) == {texts_of_author}
        path.write_text("\n".join(kept) + "\n")

    return write


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[object, str, str]]:
    """Runs the command line; gives exit code and what was printed on both streams."""
    monkeypatch.setenv("COLUMNS", "200")

    def command(*arguments: object) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["wherefore", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capsys.readouterr()

    return command
