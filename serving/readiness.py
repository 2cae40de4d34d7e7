"""Whether this server can be relied on: it must give the known answer to the known text.

The model's manifest says what plain torch said of one text when the model was stored
(`model_store.known_answer`). The text is read again through the very engine that serves, past the
cache and ahead of everybody, at start and then whenever somebody asks and the last time is some
seconds ago, and every half minute where nobody does. An engine that says something else is wrong:
the server is not ready and scores nothing until the answer is right again, and forgets what it kept
since the last right one. An engine that says nothing makes the server not ready, and each request
finds out for itself.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from typing import TYPE_CHECKING

import structlog

from model_store.known_answer import difference
from serving.batching.batcher import Batcher
from serving.errors import NotReadyError
from serving.ports import TextPredictor

if TYPE_CHECKING:
    from model_store.predictor import Prediction, ReadText

GOOD_FOR_SECONDS = 10.0
"""A right answer holds this long before the text is read again."""

UNASKED_SECONDS = 30.0
"""How often the text is read again where nobody asks whether the server is ready."""

TIMEOUT_SECONDS = 30.0
"""Longest wait for the known answer; the first one also loads and warms what was not yet used."""

log = structlog.stdlib.get_logger("wherefore.readiness")


class Verdict(Enum):
    """What came of the last reading of the known text."""

    UNKNOWN = "unknown"
    RIGHT = "right"
    WRONG = "wrong"
    NONE = "none"


class Readiness:
    """Asks the engine for the known answer and remembers what came of it."""

    def __init__(
        self,
        batcher: Batcher,
        predictor: TextPredictor,
        *,
        on_wrong: Callable[[], None] = lambda: None,
    ) -> None:
        """Asks nothing yet.

        Args:
            batcher: the way to the engine.
            predictor: the model; one without a known answer is always taken to be right.
            on_wrong: called when the answer is wrong: what rests on earlier ones may be so too.
        """
        self._on_wrong = on_wrong
        self._batcher, self._predictor = batcher, predictor
        self._known = predictor.known_answer
        self._read: ReadText | None = None
        self._verdict = Verdict.UNKNOWN
        self._checked_at = 0.0
        self._asking = asyncio.Lock()

    @property
    def verdict(self) -> Verdict:
        """What came of the last reading."""
        return self._verdict

    async def check(self) -> None:
        """Asks for the known answer, unless it was right a moment ago.

        Raises:
            NotReadyError: the server is stopping, or the answer is wrong or did not come.
        """
        if self._batcher.is_draining:
            raise NotReadyError
        async with self._asking:
            is_fresh = time.monotonic() - self._checked_at < GOOD_FOR_SECONDS
            if self._verdict is not Verdict.RIGHT or not is_fresh:
                await self._ask()
        if self._verdict is not Verdict.RIGHT:
            raise NotReadyError

    async def keep_checking(self) -> None:
        """Warms the engine, then asks again and again until it is cancelled.

        A server that nobody probes must not go on with an engine that went wrong, nor refuse for
        ever what one that is right again could answer.
        """
        while True:
            with suppress(NotReadyError):  # it was logged, and requests are refused
                await self.check()
            await asyncio.sleep(UNASKED_SECONDS)

    async def _ask(self) -> None:
        num_kept = self._batcher.num_kept
        before, found = self._verdict, await self._found()
        self._verdict, self._checked_at = found, time.monotonic()
        if found is Verdict.RIGHT:
            self._batcher.trust(num_kept=num_kept)
        elif found is Verdict.WRONG:  # silence is no proof that a wrong engine is right again
            self._batcher.distrust()
            self._on_wrong()
        if found is not before:
            log.info("readiness", verdict=found.value)

    async def _found(self) -> Verdict:
        if self._known is None:
            return Verdict.RIGHT
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                prediction = await self._predicted(self._known.text)
        except Exception:
            log.exception("known_answer_missing")
            return Verdict.NONE
        differs = difference(
            self._known, categories=prediction.categories, risk_score=prediction.risk_score
        )
        if differs is not None:
            log.error("known_answer_wrong", difference=differs)
            return Verdict.WRONG
        return Verdict.RIGHT

    async def _predicted(self, text: str) -> "Prediction":
        """What the engine says now; the text steps wait for none of the requests' threads."""
        if self._read is None:
            [self._read] = await asyncio.to_thread(self._predictor.read, [text])
        read = self._read
        logits = await self._batcher.compute_ahead([window.ids for window in read.windows])
        [found] = await asyncio.to_thread(self._predictor.decode, [read], logits)
        return found
