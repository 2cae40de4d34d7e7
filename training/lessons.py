"""What the networks of a run learn from: one, or a second that also reads what calibrates it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from model_store.windows import TextTokenizer
from training.config import TrainingConfig
from training.dataset import TrainingText, prepare
from training.loop import StepReport, num_steps
from training.run_data import RunData


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What a network of a run learns from.

    Attributes:
        texts: the texts.
        held_out: texts that tell when to stop; those it learns from never do.
        folder: where its checkpoint is kept, inside the folder of the run.
        num_before: steps and epochs of the networks before it.
        num_steps: steps of the whole run.
    """

    texts: Sequence[TrainingText]
    held_out: Sequence[TrainingText]
    folder: str
    num_before: tuple[int, int]
    num_steps: int

    @property
    def told(self) -> str:
        """The texts, in words."""
        num_tokens = sum(text.num_tokens for text in self.texts) / len(self.texts)
        return f"{len(self.texts):,} texts, {num_tokens:,.0f} tokens each"

    def counting(self, on_step: Callable[[StepReport], None]) -> Callable[[StepReport], None]:
        """Tells of steps as those of the whole run."""
        steps, epochs = self.num_before

        def told(report: StepReport) -> None:
            step, epoch = report.step + steps, report.epoch + epochs
            on_step(replace(report, step=step, epoch=epoch, num_steps=self.num_steps))

        return told


def lessons_of(
    config: TrainingConfig,
    data: RunData,
    texts: Sequence[TrainingText],
    held_out: Sequence[TrainingText],
    tokenizer: TextTokenizer,
) -> list[Lesson]:
    """Returns what each network of a run learns from, in the order in which they are trained.

    Args:
        config: the run.
        data: its data.
        texts: those to learn from.
        held_out: those that calibrate.
        tokenizer: the tokenizer of all.
    """
    optimisation = config.optimisation
    more = prepare(data.refit, tokenizer) if optimisation.refit else []
    parts = [texts, [*texts, *more]] if optimisation.refit else [texts]
    steps = [num_steps(optimisation, num_texts=len(part)) for part in parts]
    return [
        Lesson(
            texts=part,
            held_out=() if number else held_out,
            folder="checkpoint-refit" if number else "checkpoint",
            num_before=(sum(steps[:number]), number * optimisation.num_epochs),
            num_steps=sum(steps),
        )
        for number, part in enumerate(parts)
    ]
