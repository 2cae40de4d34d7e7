"""How far a long reading of texts is: a bar on a terminal, a line every ten seconds elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

LINE_INTERVAL_SECONDS = 10.0

OnTexts = Callable[[int], None]
"""Is told how many more texts have been read."""


@contextmanager
def text_progress(console: Console, what: str, *, total: int) -> Iterator[OnTexts]:
    """Shows how far a reading is, with rate and time left.

    Args:
        console: where to; standard error, so that it never mixes with results.
        what: what is being done, in a word or two.
        total: texts to be read.
    """
    if not console.is_terminal:
        yield _lines(console, what, total=total)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]} texts/s"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(what, total=total, rate="-")
        started = time.perf_counter()
        done = 0

        def on_texts(num_texts: int) -> None:
            nonlocal done
            done += num_texts
            rate = done / max(time.perf_counter() - started, 1e-9)
            progress.update(task, completed=done, rate=f"{rate:,.1f}")

        yield on_texts


def _lines(console: Console, what: str, *, total: int) -> OnTexts:
    started = last = time.perf_counter()
    done = 0

    def on_texts(num_texts: int) -> None:
        nonlocal done, last
        done += num_texts
        now = time.perf_counter()
        if now - last < LINE_INTERVAL_SECONDS:
            return
        last = now
        rate = done / (now - started)
        left = (total - done) / rate
        line = f"{what}: {done:,} of {total:,} texts, {rate:,.1f} texts/s, {left:,.0f} s left"
        console.print(line, highlight=False, soft_wrap=True)

    return on_texts
