"""The training loop: seeded, resumable, the same on a CPU and on a GPU.

Every step draws from a generator seeded by the run's seed and the number of the step, so that a
run resumed from a checkpoint takes exactly the steps that the uninterrupted run would have taken.

Under `accelerate launch` or `torchrun` every process takes its share of the texts of each step and
the gradients are summed over processes, so that the steps are those of one process; only the main
process writes checkpoints.
"""

import copy
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from random import Random
from typing import cast

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list
from torch.optim import AdamW
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from model_store.network import Network
from model_store.windows import TextTokenizer
from training.augmentation import augment
from training.checkpoint import CheckpointFolder, TrainingState
from training.config import OptimisationConfig, TrainingConfig
from training.dataset import Batch, TrainingText, epoch_steps, mask_tokens, microbatches, prepare
from training.early_stop import BestEpoch, EarlyStop, held_out_loss
from training.errors import ResumeError
from training.losses import window_loss_parts
from training.optimisation import learning_rate_schedule, parameter_groups
from training.packing import pack_where_it_helps, unpack


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """What a step did, for progress bars and logs.

    Attributes:
        step: number of the step, from 1.
        num_steps: steps of the whole run.
        epoch: epoch of the step, from 1.
        losses: per-text mean of each part of the loss; over the texts of this process, divided by
            all texts of the step, where there are several processes.
        num_tokens: tokens read, markers included.
        seconds: wall seconds of the step.
        held_out_loss: per-text loss of the average on texts held out, after the last step of an
            epoch of a run that may stop early.
    """

    step: int
    num_steps: int
    epoch: int
    losses: dict[str, float]
    num_tokens: int
    seconds: float
    held_out_loss: float | None = None


def num_steps(config: OptimisationConfig, *, num_texts: int) -> int:
    """Returns how many steps a network takes that is trained on so many texts."""
    return math.ceil(num_texts / config.texts_per_step) * config.num_epochs


class Trainer:
    """Fine-tunes a network on training texts."""

    def __init__(
        self,
        network: Network,
        *,
        tokenizer: TextTokenizer,
        texts: Sequence[TrainingText],
        config: TrainingConfig,
        held_out: Sequence[TrainingText] = (),
        compiled: bool = False,
    ) -> None:
        """Sets up optimiser, schedule and the moving average of the weights.

        Args:
            network: the network to move; its weights change in place.
            tokenizer: gives the ids of padding and of the mask token.
            texts: what to train on, in an order that is the same at every start.
            config: the run.
            held_out: texts not trained on, whose loss tells a run that may stop early when to.
            compiled: whether torch compiles the encoder; worth its minutes on GPUs.
        """
        self._config = config
        self._tokenizer = tokenizer
        self._texts = texts
        self._held_out = held_out
        self._stop = EarlyStop(config.optimisation.patience_epochs if held_out else None)
        precision = "no" if config.precision == "fp32" else config.precision
        self._accelerator = Accelerator(
            cpu=not torch.cuda.is_available(), mixed_precision=precision
        )
        self._steps_per_epoch = math.ceil(len(texts) / config.optimisation.texts_per_step)
        self.num_steps = num_steps(config.optimisation, num_texts=len(texts))
        network.encoder.embeddings.word_embeddings.requires_grad_(
            config.optimisation.train_word_embeddings
        )
        if config.precision == "bf16":
            pack_where_it_helps(network, device=self._accelerator.device)
        if compiled:
            network.encoder.compile(dynamic=True)
        optimizer = AdamW(parameter_groups(network, config.optimisation), fused=False)
        # A prepared schedule would take one step per process.
        self._schedule = learning_rate_schedule(
            optimizer, config.optimisation, num_steps=self.num_steps
        )
        self._network, self._optimizer = self._accelerator.prepare(network, optimizer)
        self._average = AveragedModel(
            self._accelerator.unwrap_model(self._network),
            multi_avg_fn=get_ema_multi_avg_fn(  # type: ignore[no-untyped-call]
                config.optimisation.average_decay
            ),
        )
        self._step = 0
        self._seconds = 0.0
        self._seconds_before = 0.0

    @property
    def seconds_before(self) -> float:
        """Wall seconds of the steps that were taken before `run` went on from a checkpoint."""
        return self._seconds_before

    @property
    def is_main_process(self) -> bool:
        """Whether this process writes results; true where there is only one."""
        main: bool = self._accelerator.is_main_process
        return main

    @property
    def averaged_network(self) -> Network:
        """The moving average of the weights, in evaluation mode: what a run produces.

        That of the best epoch, where the run may stop early.
        A copy in the processor's memory, wherever the run trained: what is fitted on it, and how it
        is measured, is the same everywhere.
        """
        average = copy.deepcopy(self._average)
        if self._stop.best is not None:
            average.load_state_dict(self._stop.best.average)
        network = cast(Network, average.module).cpu().eval()
        # accelerate wraps the forward pass of this very object in autocast; the weights are fp32.
        for name in ("forward", "_original_forward"):
            network.__dict__.pop(name, None)
        unpack(network)
        return network

    def run(
        self,
        *,
        checkpoints: CheckpointFolder | None = None,
        on_step: Callable[[StepReport], None] = lambda _: None,
    ) -> int:
        """Takes all steps, or those that a checkpoint leaves.

        Args:
            checkpoints: where the state is kept; None keeps none.
            on_step: called after each step.

        Returns:
            How many steps were left to take.

        Raises:
            ResumeError: the checkpoint found belongs to another run or to another network.
        """
        if checkpoints is not None:
            self._load(checkpoints.load())
        first_step = self._step
        self._seconds_before, started = self._seconds, time.perf_counter()
        for epoch, step_texts in self._remaining_steps():
            report = self._take_step(step_texts, epoch=epoch)
            if self._stop.is_on and self._step % self._steps_per_epoch == 0:
                report = replace(report, held_out_loss=self._measure(epoch))
            on_step(report)
            self._seconds = self._seconds_before + time.perf_counter() - started
            if checkpoints is not None and self._checkpoint_due():
                self._save(checkpoints)
        return self._step - first_step

    def _remaining_steps(self) -> Iterator[tuple[int, list[TrainingText]]]:
        optimisation = self._config.optimisation
        first_epoch, done = divmod(self._step, self._steps_per_epoch)
        for epoch in range(first_epoch, optimisation.num_epochs):
            if self._stop.is_over_after(epoch):
                return
            steps = epoch_steps(
                self._texts,
                texts_per_step=optimisation.texts_per_step,
                seed=self._config.seed + epoch,
            )
            for step_texts in steps[done:]:
                yield epoch + 1, step_texts
            done = 0

    def _measure(self, epoch: int) -> float:
        """Takes the loss on the texts held out after an epoch, counted from 1."""
        batches = microbatches(
            self._held_out,
            padding_id=self._tokenizer.padding_id,
            max_tokens=self._config.optimisation.microbatch_tokens,
        )
        average = cast(Network, self._average.module)
        loss = held_out_loss(
            average, batches, config=self._config.losses, accelerator=self._accelerator
        )
        # All processes go by the same figure, lest one stop alone.
        (shared,) = broadcast_object_list([loss])
        self._stop.take(epoch, shared, self._average.state_dict())
        return float(shared)

    def _take_step(self, texts: Sequence[TrainingText], *, epoch: int) -> StepReport:
        started = time.perf_counter()
        accelerator = self._accelerator
        texts = self._augmented(texts)
        draws = self._step * accelerator.num_processes + accelerator.process_index
        torch.manual_seed(self._config.seed * 1_000_003 + draws)
        generator = torch.Generator().manual_seed(self._config.seed * 7_919 + draws)
        self._network.train()
        losses: dict[str, float] = {}
        batches = self._share(texts)
        for number, batch in enumerate(batches, start=1):
            # Processes may have different numbers of batches: they meet at the last one alone.
            gathers = number == len(batches)
            with nullcontext() if gathers else accelerator.no_sync(self._network):
                for name, value in self._accumulate(batch, len(texts), generator).items():
                    losses[name] = losses.get(name, 0.0) + value
        self._accelerator.clip_grad_norm_(
            self._network.parameters(), self._config.optimisation.max_gradient_norm
        )
        self._optimizer.step()
        self._schedule.step()
        self._optimizer.zero_grad()
        self._average.update_parameters(self._accelerator.unwrap_model(self._network))
        self._step += 1
        return StepReport(
            step=self._step,
            num_steps=self.num_steps,
            epoch=epoch,
            losses=losses,
            num_tokens=sum(text.num_tokens for text in texts),
            seconds=time.perf_counter() - started,
        )

    def _augmented(self, texts: Sequence[TrainingText]) -> Sequence[TrainingText]:
        """The texts as this step reads them, the same in every process."""
        random = Random(f"{self._config.seed}-{self._step}")  # noqa: S311
        examples = [augment(text.example, self._config.augmentation, random) for text in texts]
        changed = [i for i, text in enumerate(texts) if examples[i] is not text.example]
        prepared = iter(prepare([examples[i] for i in changed], self._tokenizer))
        return [next(prepared) if i in changed else text for i, text in enumerate(texts)]

    def _share(self, texts: Sequence[TrainingText]) -> list[Batch]:
        """The batches of a step that this process computes, at least one."""
        process, num_processes = self._accelerator.process_index, self._accelerator.num_processes
        return list(
            microbatches(
                texts[process::num_processes] or texts[:1],
                padding_id=self._tokenizer.padding_id,
                max_tokens=self._config.optimisation.microbatch_tokens,
            )
        )

    def _accumulate(
        self, batch: Batch, texts_of_step: int, generator: torch.Generator
    ) -> dict[str, float]:
        ids_WT = mask_tokens(
            batch,
            mask_id=self._tokenizer.mask_id,
            config=self._config.augmentation,
            generator=generator,
        )
        device = self._accelerator.device
        batch = batch.to(device)
        with self._accelerator.autocast():
            windows = self._network(ids_WT.to(device), batch.mask_WT)
        parts = window_loss_parts(windows, batch, self._config.losses)
        # Gradients are averaged over processes; a process without a text of its own adds nothing.
        idle = self._accelerator.process_index >= texts_of_step
        scale = 0.0 if idle else self._accelerator.num_processes / texts_of_step
        self._accelerator.backward(torch.stack(list(parts.values())).sum() * scale)
        share = scale / self._accelerator.num_processes
        return {name: part.item() * share for name, part in parts.items()}

    def _checkpoint_due(self) -> bool:
        epochs_done, more = divmod(self._step, self._steps_per_epoch)
        is_last = self._step == self.num_steps or (
            not more and self._stop.is_over_after(epochs_done)
        )
        return is_last or self._step % self._config.checkpoint_every_steps == 0

    def _save(self, checkpoints: CheckpointFolder) -> None:
        if self.is_main_process:
            checkpoints.save(self._state())
        self._accelerator.wait_for_everyone()

    def _state(self) -> TrainingState:
        return TrainingState(
            step=self._step,
            network=self._accelerator.unwrap_model(self._network).state_dict(),
            average=self._average.state_dict(),
            optimizer=self._optimizer.state_dict(),
            schedule=self._schedule.state_dict(),
            best=None if self._stop.best is None else asdict(self._stop.best),
            num_processes=self._accelerator.num_processes,
            seconds=self._seconds,
        )

    def _load(self, state: TrainingState | None) -> None:
        if state is None:
            return
        if state.num_processes != (given := self._accelerator.num_processes):
            raise ResumeError(
                f"the checkpoint was written by a run in {state.num_processes} processes, this one "
                f"has {given}, and would draw otherwise: start as many, or delete the checkpoint"
            )
        try:
            self._accelerator.unwrap_model(self._network).load_state_dict(state.network)
            self._average.load_state_dict(state.average)
            self._optimizer.load_state_dict(state.optimizer)
        except (RuntimeError, ValueError, KeyError) as error:
            raise ResumeError(
                "the checkpoint was written by a program with another network: go back to that "
                "program, or delete the checkpoint to start afresh"
            ) from error
        self._schedule.load_state_dict(state.schedule)
        self._stop.best = None if state.best is None else BestEpoch(**state.best)
        self._step, self._seconds = state.step, state.seconds
