"""The configuration of a training run: a YAML file in `configs/training/`, validated whole."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from training.data_config import DataConfig, Section
from training.errors import ConfigError


class OptimisationConfig(Section):
    """How the weights are moved.

    Attributes:
        num_epochs: passes over the training texts.
        texts_per_step: texts of one optimiser step.
        microbatch_tokens: padded tokens of one forward pass inside a step.
        encoder_learning_rate: peak rate of the topmost encoder layer.
        head_learning_rate: peak rate of the heads.
        train_word_embeddings: whether the word embeddings move too. They are two thirds of a small
            encoder, and a few thousand texts show only a part of the words.
        layer_decay: factor from each encoder layer to the one below it.
        weight_decay: decoupled decay of matrices.
        warmup_ratio: share of the steps over which the rate rises to its peak; then it falls
            linearly to zero.
        max_gradient_norm: gradients are scaled down to this norm.
        average_decay: decay per step of the moving average of the weights, which is what is kept.
        patience_epochs: epochs in a row without a lower loss, on the texts that calibrate, after
            which a run ends with what was best; None goes on to the last epoch and keeps that.
        refit: whether a second network is trained, in the same way, on the texts that calibrate,
            too, drawn like the others, and answers with what was fitted for the first: twice the
            time, for data of few lenders. Only where other texts are measured on.
    """

    num_epochs: int = Field(default=12, ge=1)
    texts_per_step: int = Field(default=16, ge=1)
    microbatch_tokens: int = Field(default=4096, ge=512)
    encoder_learning_rate: float = Field(default=2e-4, gt=0)
    head_learning_rate: float = Field(default=1e-3, gt=0)
    train_word_embeddings: bool = False
    layer_decay: float = Field(default=0.85, gt=0, le=1)
    weight_decay: float = Field(default=0.01, ge=0)
    warmup_ratio: float = Field(default=0.1, ge=0, lt=1)
    max_gradient_norm: float = Field(default=1.0, gt=0)
    average_decay: float = Field(default=0.98, ge=0, lt=1)
    patience_epochs: int | None = Field(default=None, ge=1)
    refit: bool = False

    @model_validator(mode="after")
    def _never_ends_by_what_it_reads(self) -> Self:
        if self.refit and self.patience_epochs is not None:
            raise ValueError("`refit` reads the texts that tell when to stop: drop patience_epochs")
        return self


class LossConfig(Section):
    """Weights of the parts of the loss; a part of weight 0 is left out.

    Attributes:
        category: binary cross-entropy of each category.
        denial: binary cross-entropy of whether there is a reason for denial at all.
        order: minus log probability of the order of the categories, over denied texts.
        reason: binary cross-entropy of each reason, given its category.
        risk: binary cross-entropy of the default probability.
        evidence: binary cross-entropy of each token and category.
        evidence_positive_weight: weight of the mean over the tokens inside quotes against the mean
            over those outside.
        label_smoothing: how far the targets of categories and denial are drawn towards one half.
    """

    category: float = Field(default=1.0, ge=0)
    denial: float = Field(default=1.0, ge=0)
    order: float = Field(default=1.0, ge=0)
    reason: float = Field(default=0.3, ge=0)
    risk: float = Field(default=0.3, ge=0)
    evidence: float = Field(default=1.0, ge=0)
    evidence_positive_weight: float = Field(default=1.0, gt=0)
    label_smoothing: float = Field(default=0.05, ge=0, lt=1)


class AugmentationConfig(Section):
    """What is changed in a training text on its way in.

    Attributes:
        left_out_reason_ratio: share of the texts from which a reason is taken, quotes and label;
            their default probability is then unknown.
        scaled_amounts_ratio: share of the texts whose amounts are multiplied by one factor.
        abbreviated_ratio: share of the texts in which words are written short, or in full.
        reordered_ratio: share of the texts whose paragraphs are put into another order.
        changed_case_ratio: share of the texts written without capitals, or in capitals.
        noise_ratio: share of the texts with slips of the pen and of the scanner.
        excerpt_ratio: share of the texts of which a few sentences are read; what these may not
            state any more is unknown then.
        masked_texts_ratio: share of the texts of a batch in which tokens are masked.
        max_masked_tokens_ratio: largest share of the tokens masked in such a text.
        head_dropout: dropout before and inside the heads. The encoder runs without dropout, which
            takes half the time of a step on a CPU; masked tokens stand in for it.
    """

    left_out_reason_ratio: float = Field(default=0.0, ge=0, le=1)
    scaled_amounts_ratio: float = Field(default=0.0, ge=0, le=1)
    abbreviated_ratio: float = Field(default=0.0, ge=0, le=1)
    reordered_ratio: float = Field(default=0.0, ge=0, le=1)
    changed_case_ratio: float = Field(default=0.0, ge=0, le=1)
    noise_ratio: float = Field(default=0.0, ge=0, le=1)
    excerpt_ratio: float = Field(default=0.0, ge=0, le=1)
    masked_texts_ratio: float = Field(default=0.7, ge=0, le=1)
    max_masked_tokens_ratio: float = Field(default=0.2, ge=0, le=1)
    head_dropout: float = Field(default=0.2, ge=0, lt=1)


class LexicalConfig(Section):
    """The reading of bare words beside the encoder; see `training.lexical`.

    Attributes:
        enabled: whether there is one.
        min_texts: texts in which a word, or a pair of neighbours, must stand to count.
        inverse_regularisation: of the logistic regression; larger trusts single words more.
        balanced: whether texts with an outcome weigh as much, together, as those without, however
            rare it is. Rare categories are named oftener then: right where a text says what it is
            denied for, wrong where its figures alone must tell.
    """

    enabled: bool = False
    min_texts: int = Field(default=2, ge=1)
    inverse_regularisation: float = Field(default=30.0, gt=0)
    balanced: bool = True


class FigureConfig(Section):
    """Tokens for the sizes of figures; see `model_store.figure_tokens`.

    Attributes:
        max_ranges: most ranges of a kind of figure; 1 for no such tokens.
        quantities: whether the quantities of free text have tokens, too; see
            `data_pipeline.domain.quantities`.
    """

    max_ranges: int = Field(default=16, ge=1)
    quantities: bool = False


class ArtifactConfig(Section):
    """How the result is stored.

    Attributes:
        storage: number format of the weights.
        version: version of the model, shown in every answer.
    """

    storage: Literal["int8", "fp16", "fp32"] = "int8"
    version: str = "0.1.0"


class TrainingConfig(Section):
    """A whole run.

    Attributes:
        name: name of the run and of the model it makes.
        encoder: directory of a RoBERTa checkpoint, or its name on a model hub.
        start_from: a model of this project whose weights, heads too, the run starts from: its
            directory, the folder of the run that made it, or `models:/NAME@ALIAS`; its encoder must
            have the same tokenizer. None starts from the encoder.
        seed: everything random follows from it.
        precision: of the matrix products, fp32 on a machine that does not compute bf16; weights
            and sums stay fp32.
        num_threads: CPU threads; None for torch's own choice.
        checkpoint_every_steps: a run that is killed loses at most as many steps.
        data: see `DataConfig`.
        optimisation: see `OptimisationConfig`.
        losses: see `LossConfig`.
        augmentation: see `AugmentationConfig`.
        figures: see `FigureConfig`.
        lexical: see `LexicalConfig`.
        artifact: see `ArtifactConfig`.
    """

    name: str
    encoder: str
    start_from: str | None = None
    seed: int = 20261120
    precision: Literal["fp32", "bf16"] = "bf16"
    num_threads: int | None = Field(default=None, ge=1)
    checkpoint_every_steps: int = Field(default=100, ge=1)
    data: DataConfig = DataConfig()
    optimisation: OptimisationConfig = OptimisationConfig()
    losses: LossConfig = LossConfig()
    augmentation: AugmentationConfig = AugmentationConfig()
    figures: FigureConfig = FigureConfig()
    lexical: LexicalConfig = LexicalConfig()
    artifact: ArtifactConfig = ArtifactConfig()

    def with_files(self, files: Sequence[Path]) -> "TrainingConfig":
        """Returns the run on other files of its kind of data; on its own where none is given.

        Raises:
            ConfigError: its data takes no files, or not so many.
        """
        return self.model_copy(update={"data": self.data.with_files(files)})

    def without_paths(self) -> "TrainingConfig":
        """Returns the run with encoder and files by name, as others may read it."""
        return self.model_copy(
            update={"encoder": Path(self.encoder).name, "data": self.data.without_paths()}
        )


def completed(config: Mapping[str, object]) -> dict[str, object]:
    """Returns a stored configuration as one of today: settings added since are at their defaults.

    Whatever is no setting of today is left as it is.
    """
    found = dict(config)
    for name, field in TrainingConfig.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, Section) and name in config:
            with suppress(ValidationError):
                found[name] = section.model_validate(config[name]).model_dump(mode="json")
    return found


def load_config(path: Path, *, overrides: dict[str, object] | None = None) -> TrainingConfig:
    """Reads and validates a configuration.

    Args:
        path: YAML file.
        overrides: top-level values that replace those of the file.

    Raises:
        ConfigError: the file is not there, no YAML mapping, or has a wrong or unknown key.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"no configuration at {path}: {error.strerror}; give --config") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not YAML: mend it or start from another one") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: expected a mapping of settings, found none")
    try:
        return TrainingConfig.model_validate({**content, **(overrides or {})})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{path}: {place}: {first['msg']}") from error
