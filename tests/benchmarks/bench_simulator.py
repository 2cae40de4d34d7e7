"""How hard the synthetic texts of the simulator are, and how fast they are made.

Trains TF-IDF with logistic regression on simulated texts of the training families and compares its
recall of the planted causes at 4 with the oracle's, on families and policies it never saw. Prints
a table, and as its last line the figures and their conditions as JSON; `--output` writes both.
Recall at 4: of the true categories of the denied texts, the share among the four likeliest.
"""

import argparse
import json
import os
import platform
import shlex
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from data_pipeline.domain.taxonomy import CATEGORIES
from data_pipeline.generator.limits import HELD_OUT_VARIANTS, MARKET_LIMITS
from data_pipeline.generator.oracle import best_reachable, recall_at_4
from data_pipeline.generator.policy import HMDA_SHARES
from data_pipeline.generator.severities import assess
from data_pipeline.generator.simulation import (
    GENERATOR_VERSION,
    HELD_OUT_FAMILIES,
    SimulationSplit,
    SyntheticFile,
    simulate,
)
from model_store.engine.processor import processor_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Figures on one cut of the held-out files.

    Attributes:
        cut: which files.
        num_texts: files in it.
        num_denied: denied files, on which the figures are.
        prior_recall_at_4: of always naming the four categories that HMDA's denials state most.
        tfidf_recall_at_4: of TF-IDF with logistic regression.
        reader_recall_at_4: of one who reads every figure but judges by the market's limits, not
            knowing whose limits decide.
        best_recall_at_4: of the oracle.
        tfidf_primary_accuracy: share of denied files whose first cause is the likeliest.
        best_primary_accuracy: the same of the oracle.
    """

    cut: str
    num_texts: int
    num_denied: int
    prior_recall_at_4: float
    tfidf_recall_at_4: float
    reader_recall_at_4: float
    best_recall_at_4: float
    tfidf_primary_accuracy: float
    best_primary_accuracy: float


class TfidfBaseline:
    """TF-IDF of words and pairs of words, and a logistic regression per category."""

    def __init__(self, files: list[SyntheticFile]) -> None:
        """Fits the baseline."""
        self._vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
        features = self._vectorizer.fit_transform([file.text for file in files])
        self._models = [
            LogisticRegression(C=10, solver="liblinear").fit(
                features, [category in file.categories for file in files]
            )
            for category in CATEGORIES
        ]

    def probability(self, files: list[SyntheticFile]) -> NDArray[np.float64]:
        """Returns files x categories, the probability of each category."""
        features = self._vectorizer.transform([file.text for file in files])
        return np.stack([model.predict_proba(features)[:, 1] for model in self._models], axis=1)


def market_severities(files: list[SyntheticFile]) -> NDArray[np.float64]:
    """Returns files x categories, how far the facts pass the market's limits."""
    limits = [MARKET_LIMITS[file.applicant.request.product] for file in files]
    return np.array(
        [
            assess(file.applicant, allowed).severities
            for file, allowed in zip(files, limits, strict=True)
        ]
    )


def measure(baseline: TfidfBaseline, files: list[SyntheticFile], *, cut: str) -> Cut:
    """Returns the figures on some files."""
    categories = [file.categories for file in files]
    best = best_reachable([file.severities for file in files], categories)
    probability_NC = baseline.probability(files)
    prior_NC = np.tile(list(HMDA_SHARES.values()), (len(files), 1))
    first = [
        CATEGORIES[row.argmax()] == held[0]
        for row, held in zip(probability_NC, categories, strict=True)
        if held
    ]
    return Cut(
        cut=cut,
        num_texts=len(files),
        num_denied=best.num_denied,
        prior_recall_at_4=round(recall_at_4(prior_NC, categories), 4),
        tfidf_recall_at_4=round(recall_at_4(probability_NC, categories), 4),
        reader_recall_at_4=round(recall_at_4(market_severities(files), categories), 4),
        best_recall_at_4=round(best.recall_at_4, 4),
        tfidf_primary_accuracy=round(float(np.mean(first)), 4),
        best_primary_accuracy=round(best.primary_accuracy, 4),
    )


def cuts(baseline: TfidfBaseline, files: list[SyntheticFile]) -> list[Cut]:
    """Returns the figures on held-out families, on the held-out policy, and on both."""
    families = [file for file in files if file.family in HELD_OUT_FAMILIES]
    variants = [file for file in files if file.variant in HELD_OUT_VARIANTS]
    both = [file for file in families if file.variant in HELD_OUT_VARIANTS]
    return [
        measure(baseline, families, cut="held-out families"),
        measure(baseline, variants, cut="held-out policy"),
        measure(baseline, both, cut="held-out families and policy"),
    ]


def conditions(asked: argparse.Namespace) -> dict[str, object]:
    """Returns what the figures depend on."""
    return {
        "command": shlex.join(["python", *sys.argv]),
        "date": datetime.now(UTC).date().isoformat(),
        "hardware": f"{os.cpu_count()} cores of {processor_name()}, one thread used",
        "load_1_min": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scikit-learn": version("scikit-learn"),
        "generator_version": GENERATOR_VERSION,
        "seed": asked.seed,
        "num_train_texts": asked.train,
    }


def as_rows(measured: list[Cut]) -> list[list[str]]:
    """Returns the table's rows."""
    return [
        [cut.cut, f"{cut.num_texts:,}", f"{cut.num_denied:,}"]
        + [f"{value:.3f}" for name, value in asdict(cut).items() if "recall" in name]
        + [f"{value:.3f}" for name, value in asdict(cut).items() if "accuracy" in name]
        for cut in measured
    ]


HEADS = (
    *("cut", "texts", "denied", "recall@4 prior", "recall@4 TF-IDF", "recall@4 reader"),
    *("recall@4 best", "primary TF-IDF", "primary best"),
)


def show(measured: list[Cut]) -> None:
    """Prints the table."""
    table = Table(title="Synthetic texts of the simulator")
    for head in HEADS:
        table.add_column(head, justify="left" if head == "cut" else "right")
    for row in as_rows(measured):
        table.add_row(*row)
    Console().print(table)


def markdown(figures: dict[str, object], measured: list[Cut]) -> str:
    """Returns the result as a page."""
    made = (
        f"{figures['date']}, {figures['hardware']}; `{figures['command']}`; "
        f"seed {figures['seed']}, {figures['num_train_texts']:,} training texts of the training "
        f"families; {figures['texts_per_cpu_s']:,} texts per second of processor time."
    )
    legend = (
        "Best: an oracle that knows facts, limits and policy, but not the policy's noise. Reader: "
        "knows the facts, but judges by the market's limits. Prior: the four categories that "
        "HMDA's denials state most, whatever the text says."
    )
    lines = ["# Simulator: how hard the synthetic texts are", "", made, ""]
    lines += [f"| {' | '.join(HEADS)} |", f"|{'---|' * len(HEADS)}"]
    lines += [f"| {' | '.join(row)} |" for row in as_rows(measured)]
    lines += ["", legend]
    return "\n".join(lines) + "\n"


def arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--train", type=int, default=4000, help="training texts (4000)")
    parser.add_argument("--held-out", type=int, default=4000, help="held-out texts (4000)")
    parser.add_argument("--seed", type=int, default=20261120, help="seed (20261120)")
    parser.add_argument("--output", type=Path, help="result file; .json and .md are written")
    return parser.parse_args()


def main() -> None:
    """Simulates, trains, measures and prints."""
    asked = arguments()
    list(islice(simulate(50, seed=asked.seed), 50))  # reads the phrases, which is done once
    start = time.process_time()
    train = list(simulate(asked.train, seed=asked.seed, split=SimulationSplit.TRAIN))
    held_out = list(simulate(asked.held_out, seed=asked.seed, split=SimulationSplit.HELD_OUT))
    simulated_s = time.process_time() - start
    measured = cuts(TfidfBaseline(train), held_out)
    figures = conditions(asked) | {
        "texts_per_cpu_s": round((len(train) + len(held_out)) / simulated_s),
        "mean_words": round(float(np.mean([len(file.text.split()) for file in train])), 1),
        "cuts": [asdict(cut) for cut in measured],
    }
    show(measured)
    if asked.output:
        asked.output.with_suffix(".md").write_text(markdown(figures, measured))
        asked.output.with_suffix(".json").write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
