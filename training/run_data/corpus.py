"""A run on the corpus: whole authors held out."""

from collections.abc import Sequence

from data_pipeline.corpus.narratives import Narrative, corpus_path, load_narratives
from data_pipeline.example_store import file_digest
from data_pipeline.examples import examples_from_narratives
from data_pipeline.splits import Split, author_folds, authors_apart, require_no_leak
from training.data_config import DataConfig
from training.errors import ConfigError
from training.evaluation.labelled import labelled_narratives
from training.run_data.parts import Origin, RunData

NOT_REAL = (
    "real applications, real decisions and real defaults: every training text is synthetic, and "
    "its default probability is its author's estimate"
)


def corpus_data(config: DataConfig, *, seed: int) -> RunData:
    """Reads the corpus and splits it by author, contrast pairs whole.

    Args:
        config: the section `data`.
        seed: decides which authors are held out together.

    Raises:
        ConfigError: the fold held out does not exist.
        DataError: the corpus cannot be read, an author held out is not in it, or the split leaks.
    """
    path = config.corpus or corpus_path()
    narratives = load_narratives(path)
    split = _split(narratives, config, seed=seed)
    train = examples_from_narratives(split.train, among=narratives)
    held_out = examples_from_narratives(split.held_out, among=narratives)
    require_no_leak({"train": train, "held_out": held_out}, authors=True)
    digest = file_digest(path)
    authors = tuple(sorted({narrative.author or "" for narrative in split.held_out}))
    return RunData(
        source="corpus",
        train=train,
        calibration=held_out,
        refit=(),
        test=labelled_narratives(split.held_out, name="held_out_authors", sha256=digest),
        figures_name="held_out_authors",
        digests={"corpus": digest},
        origin=Origin(
            trained_on=f"{len(train):,} synthetic texts composed for the project",
            held_out=f"authors {', '.join(authors)}",
            not_validated_on=(NOT_REAL,),
            calibrates=True,
            held_out_authors=authors,
        ),
    )


def _split(narratives: Sequence[Narrative], config: DataConfig, *, seed: int) -> Split[Narrative]:
    if config.held_out_authors:
        return authors_apart(narratives, config.held_out_authors)
    folds = author_folds(narratives, num_folds=config.num_folds, seed=seed)
    if config.held_out_fold >= len(folds):
        raise ConfigError(
            f"data.held_out_fold is {config.held_out_fold}: expected 0 to {len(folds) - 1}"
        )
    return folds[config.held_out_fold]
