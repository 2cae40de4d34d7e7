"""Trains a tiny network in this process, one of several or alone, and prints what came out.

python train_tiny.py START OUTPUT [packed] [compiled]
"""

import json
import sys
from pathlib import Path

from data_pipeline.corpus.narratives import load_corpus
from data_pipeline.examples import examples_from_narratives
from model_store.artifact import load_artifact
from training.checkpoint import CheckpointFolder
from training.config import AugmentationConfig, OptimisationConfig, TrainingConfig
from training.dataset import prepare
from training.loop import Trainer
from training.packing import pack

NUM_TEXTS = 7  # three steps of three texts, the last with one: a process is left without


def main(start, output, *ways):
    artifact = load_artifact(Path(start))
    if "packed" in ways:
        pack(artifact.network)
    shortest = sorted(load_corpus(), key=lambda narrative: len(narrative.text))[:NUM_TEXTS]
    texts = prepare(examples_from_narratives(shortest), artifact.tokenizer)
    trainer = Trainer(
        artifact.network,
        tokenizer=artifact.tokenizer,
        texts=texts,
        config=configured(),
        compiled="compiled" in ways,
    )
    losses = []
    trainer.run(
        checkpoints=CheckpointFolder(Path(output) / "checkpoint", run={}),
        on_step=lambda report: losses.append(sum(report.losses.values())),
    )
    sys.stdout.write(
        json.dumps(
            {
                "weights": figures(artifact.network),
                "average": figures(trainer.averaged_network),
                "losses": losses,
                "writes": trainer.is_main_process,
            }
        )
    )


def configured():
    return TrainingConfig(
        name="tiny",
        encoder="none",
        seed=3,
        precision="fp32",
        checkpoint_every_steps=2,
        optimisation=OptimisationConfig(num_epochs=2, texts_per_step=3, microbatch_tokens=512),
        # What is drawn at random differs between processes.
        augmentation=AugmentationConfig(masked_texts_ratio=0, head_dropout=0),
    )


def figures(network):
    """Mean and size of every tensor of weights."""
    return [
        figure.item()
        for parameter in network.state_dict().values()
        for figure in (parameter.double().mean(), parameter.double().square().mean().sqrt())
    ]


if __name__ == "__main__":
    main(*sys.argv[1:])
