"""Which texts of the bundled corpus the model is fitted, calibrated and judged on; no two alike."""

import random

from data_pipeline.corpus.narratives import load_corpus

SEED = 20261120
FITTING = slice(0, 500)
CALIBRATION = slice(500, 600)
JUDGING = slice(600, 800)


def corpus_texts(part: slice) -> list[str]:
    """Returns a part of the corpus in a seeded order."""
    texts = sorted({narrative.text for narrative in load_corpus()})
    random.Random(SEED).shuffle(texts)
    return texts[part]
