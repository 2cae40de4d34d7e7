"""What is fitted once a network has trained, on its texts and on others held out."""

from collections.abc import Sequence

from model_store.network import Network
from model_store.windows import TextTokenizer
from training.config import TrainingConfig
from training.dataset import TrainingText
from training.lexical import add_lexical_reading


def finish_network(
    network: Network,
    *,
    tokenizer: TextTokenizer,
    learned: Sequence[TrainingText],
    held_out: Sequence[TrainingText],
    config: TrainingConfig,
) -> None:
    """Fits the lexical reading, in place.

    Args:
        network: a trained network.
        tokenizer: its tokenizer.
        learned: the texts it was trained on.
        held_out: texts that it was not trained on; the calibration may use them again.
        config: the run.
    """
    add_lexical_reading(
        network, tokenizer=tokenizer, learned=learned, held_out=held_out, config=config.lexical
    )
