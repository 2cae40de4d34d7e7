"""From the section `data` of a configuration to the texts of a run."""

from training.config import TrainingConfig
from training.run_data.corpus import corpus_data
from training.run_data.hmda import hmda_data
from training.run_data.lendingclub import lendingclub_data
from training.run_data.parts import RunData
from training.run_data.simulator import simulator_data


def load_run_data(config: TrainingConfig) -> RunData:
    """Reads or makes the texts of a run and splits them.

    The same configuration and the same files give the same texts, so that what was held out in
    training is what an evaluation measures on.

    Raises:
        ConfigError: the section names no files, or a fold that does not exist.
        DataError: the texts cannot be read, or the split leaks.
    """
    data = config.data
    if data.simulator is not None:
        return simulator_data(data.simulator)
    if data.hmda is not None:
        return hmda_data(data.hmda)
    if data.lendingclub is not None:
        return lendingclub_data(data.lendingclub)
    return corpus_data(data, seed=config.seed)
