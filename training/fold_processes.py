"""Folds of a cross-validation trained at once, each in a process of its own.

A small encoder keeps two threads badly busy: two processes of one thread get through 1.6 times the
tokens of one process of two (two EPYC cores, bf16, starter recipe, 2026-11-22: 2,412 tokens/s
against 1,540; with AVX2 alone, in fp32 and batches of 512 tokens, 2026-11-23: 1,528 against 1,071
and 1,188). What a fold gives is left in its files, as when it is trained alone.
"""

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.process import parent_process
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event

import torch

from training.config import TrainingConfig
from training.errors import ResumeError
from training.fold import Fold, form_answers, network_answers
from training.forms import Form
from training.loop import StepReport

OnFoldStep = Callable[[int, StepReport], None]
"""Is told of each step: the number of the fold, and what the step did."""

_LOOK_SECONDS = 0.2


def train_folds(
    config: TrainingConfig,
    folds: Sequence[Fold],
    *,
    forms: Sequence[Form],
    at_once: int,
    on_step: OnFoldStep,
) -> None:
    """Trains the networks of folds, some at once, until their answers are in their files.

    Args:
        config: the run of each fold.
        folds: the folds; those that are finished are passed over.
        forms: other forms of each network to answer with.
        at_once: processes; they share the cores unless the run sets its number of threads.
        on_step: called in this process.

    Raises:
        ResumeError: files of a fold hold something else, or a process ended before its fold.
        ConfigError: the encoder cannot be loaded.
        BackendError: a form of the network cannot be computed on this machine.
    """
    context = multiprocessing.get_context("spawn")
    reports: Queue[tuple[int, StepReport]] = context.Queue()
    stopping = context.Event()
    threads = max(1, torch.get_num_threads() // at_once)
    with ProcessPoolExecutor(
        at_once, context, initializer=_begin, initargs=(reports, stopping, threads)
    ) as pool:
        running = {pool.submit(_train_fold, config, fold, forms) for fold in folds}
        try:
            while running:
                done, running = wait(running, _LOOK_SECONDS, return_when=FIRST_COMPLETED)
                while not reports.empty():
                    on_step(*reports.get())
                for future in done:
                    future.result()
        except BrokenProcessPool as error:
            raise ResumeError(
                f"a process that trained a fold of {folds[0].directory.parent} was ended from "
                "outside, perhaps for want of memory: run the command again with fewer folds at "
                "once; it goes on from what is kept"
            ) from error
        finally:
            stopping.set()
            pool.shutdown(cancel_futures=True)


_reports: "Queue[tuple[int, StepReport]]"
_stopping: Event


def _begin(reports: "Queue[tuple[int, StepReport]]", stopping: Event, threads: int) -> None:
    """Sets up a process of the pool."""
    global _reports, _stopping
    _reports, _stopping = reports, stopping
    reports.cancel_join_thread()  # what nobody reads any more keeps no process alive
    torch.set_num_threads(threads)


def _train_fold(config: TrainingConfig, fold: Fold, forms: Sequence[Form]) -> None:
    def on_step(report: StepReport) -> None:
        _reports.put((fold.number, report))
        _require_awaited()

    network_answers(config, fold, on_step=on_step)
    for form in forms:
        _require_awaited()
        form_answers(config, fold, form)


def _require_awaited() -> None:
    """Ends the work of a process whose parent is gone, or stops it.

    Its checkpoints are kept; another process may go on from them once this one is gone.
    """
    parent = parent_process()
    if _stopping.is_set() or (parent is not None and not parent.is_alive()):
        raise _StoppedError


class _StoppedError(Exception):
    """Nobody waits for this fold any more."""
